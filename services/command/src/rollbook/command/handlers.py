"""What the command service decides: who is asking, and what comes of the command. Pure."""

from dataclasses import dataclass, field
from datetime import datetime
from functools import lru_cache

from rollbook.domain.access import Principal
from rollbook.domain.hearing import hear
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.streams import StreamEvent
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.partition import UNKNOWN_ACTOR, Stream
from rollbook.identity.accounts import PREFIX, KeyOf
from rollbook.identity.statement import About, Verifier
from rollbook.identity.trust import Trust


@dataclass(frozen=True, slots=True)
class Proof:
    """What a secured registry asks of each command."""

    app: str
    """The log that a statement must be meant for."""
    verifier: Verifier
    trust: Trust
    key_of: KeyOf

    def principal(self, envelope: CommandEnvelope, now: datetime) -> Principal:
        """Who sends the command; `Refused` when its statement does not prove it."""
        token = envelope.token
        if token is None:
            raise Refused(
                "unauthenticated",
                "a statement is needed: send 'authorization: Bearer …', signed for this command",
            )
        if token.startswith(PREFIX):  # it has been read by everybody who reads the topic
            raise Refused(
                "unauthenticated",
                "an account's secret now stands in a topic: revoke its key at once,"
                " and send a statement that is signed with the next one instead",
            )
        about = About(self.app, envelope.id, envelope.digest or "")
        return self.trust.raised(self.verifier.principal(token, about, self.key_of, now))


@dataclass(frozen=True, slots=True)
class Handlers:
    """The command service's `Decider`; with no proof asked for, it believes what senders say."""

    governance: Governance = field(default_factory=Governance)
    proof: Proof | None = None

    def principal(self, envelope: CommandEnvelope, now: datetime) -> Principal:
        """Who sends the command; `Refused` when that is not proven."""
        if self.proof is not None:
            return self.proof.principal(envelope, now)
        if envelope.token is not None:
            raise Refused(
                "unauthenticated",
                "this registry is open and cannot verify a token: send none,"
                " or set ROLLBOOK_TOKEN_SECRET on the command service",
            )
        return _anybody(envelope.actor)

    def decide(
        self, stream: Stream, envelope: CommandEnvelope, principal: Principal, now: datetime
    ) -> StreamEvent | Unchanged:
        """What comes of the command; `Refused` when the state or the rules forbid it."""
        key = envelope.model
        return hear(
            principal,
            envelope.command,
            key=key,
            state=stream.state,
            seq=stream.seq,
            expected_seq=envelope.expected_seq,
            governing=self.governance.both(key),
            now=now,
        )


@lru_cache(maxsize=4096)
def _anybody(actor: str | None) -> Principal:
    named = actor or "anonymous"
    return Principal(named if named != UNKNOWN_ACTOR else "anonymous", everything=True)
