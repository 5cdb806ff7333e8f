"""What the command service decides: who is asking, and what comes of the command. Pure."""

from dataclasses import dataclass
from datetime import datetime

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelEvent, decide
from rollbook.eventlog.codec import SAFE_HEADER
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.partition import UNKNOWN_ACTOR, Stream

LEEWAY = 30
"""Seconds that clocks may differ."""


@dataclass(frozen=True, slots=True)
class Handlers:
    """The command service's `Decider`; with no key, it believes who a sender says it is."""

    key: OctKey | None = None

    def actor(self, envelope: CommandEnvelope, now: datetime) -> str:
        """Who sends the command, by its token; `Refused` when the token does not prove it."""
        if self.key is None:
            if envelope.token is not None:
                raise Refused(
                    "unauthenticated",
                    "this registry is open and cannot verify a token: send none,"
                    " or set ROLLBOOK_TOKEN_SECRET on the command service",
                )
            named = envelope.actor or "anonymous"
            return named if named != UNKNOWN_ACTOR else "anonymous"
        if envelope.token is None:
            raise Refused("unauthenticated", "a token is needed: send 'authorization: Bearer …'")
        try:
            claims = jwt.decode(envelope.token, self.key, algorithms=["HS256"]).claims
            rules = jwt.JWTClaimsRegistry(
                now=int(now.timestamp()),
                leeway=LEEWAY,
                sub={"essential": True},
                exp={"essential": True},
            )
            rules.validate(claims)
        except (JoseError, ValueError, TypeError) as error:  # TypeError: a "crit" that is no list
            raise Refused("unauthenticated", f"the token is not valid: {error}") from None
        subject = str(claims["sub"])
        if not SAFE_HEADER.fullmatch(subject) or subject == UNKNOWN_ACTOR:
            raise Refused("unauthenticated", "the token's sub must be 1 to 250 plain characters")
        return subject

    def decide(
        self,
        stream: Stream,
        envelope: CommandEnvelope,
        actor: str,  # roles will ask for it
    ) -> ModelEvent | Unchanged:
        """What comes of the command; `Refused` when the state forbids it."""
        if envelope.expected_seq is not None and envelope.expected_seq != stream.seq:
            raise Refused(
                "conflict",
                f"expected_seq is {envelope.expected_seq}, but the model is at {stream.seq}:"
                " read it again and decide anew",
            )
        return decide(stream.model, envelope.command)
