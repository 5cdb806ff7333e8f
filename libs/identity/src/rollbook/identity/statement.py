"""The statement that goes with a command on Kafka: who sends this one command, signed.

A topic is read by more people than one thinks, so nothing that stands in one may be of use to
them. A statement is good for one command only: it names its id (`cmd`) and the digest of its
content (`dig`). Whoever copies it can send the same command again, which is answered as a repeat,
and nothing else.

That answer is given while the partition remembers the command, so a statement must not live much
longer than that. A signer gives it ten minutes. A pipeline that leaves commands and goes may give
it more, up to what the verifier takes (a day by default), so that commands can wait in their topic
while the service is down.

`now` is the verifier's clock. A record's own time would not do: its sender sets it. The broker's
would (`message.timestamp.type=LogAppendTime`), and a command that came in time would then stay
good however long it waits; it would take a topic of which that is certain.

The claims: `iss` (`account` or `gateway`), `sub`, `aud` (the log's app), `cmd`, `dig`, `iat`,
`exp`; of the gateway also `groups`, `limit`, `everything`, or `refused`.

`iss` decides by which algorithm it must be signed, never the header: an account's by EdDSA and the
key that the account's own namespace issued, the gateway's by HS256 and the secret that our own
services share.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from joserfc.jwk import OctKey

from rollbook.domain.access import Principal
from rollbook.domain.messages import Refused
from rollbook.domain.tenancy import Role
from rollbook.identity import compact
from rollbook.identity.accounts import AccountToken, KeyOf, limit_of, usable, verifying_key
from rollbook.identity.compact import Compact, Object, unproven

TYPE: Final = "statement+jwt"
"""The header's `typ`, so that no other token that was signed by the same key passes for one."""
LIVES: Final = timedelta(minutes=10)
"""How long a statement is good, unless its signer says otherwise."""
LONGEST: Final = timedelta(days=1)
"""How long a statement may be good at most, unless the verifier says otherwise."""
NOBODY: Final = "unknown"
"""The subject of a statement that only tells of a refusal."""

_GATEWAY_ONLY: Final = frozenset({"groups", "limit", "everything", "refused"})
_SUBJECT: Final = "account:"


class About(NamedTuple):
    """The one command that a statement goes with."""

    app: str
    """The log that it is sent to."""
    command_id: str
    digest: str
    """SHA-256 (hexadecimal) of everything in it that matters."""


def by_account(
    token: AccountToken, about: About, now: datetime, *, lives: timedelta = LIVES
) -> str:
    """A machine's statement about a command of its own."""
    header = {"alg": "EdDSA", "kid": token.key_id, "typ": TYPE}
    claims = {"iss": "account", "sub": token.subject, **_claims(about, now, lives)}
    return compact.sign(header, claims, token.signing_key)


class Gateway:
    """Speaks for those whom it has authenticated."""

    def __init__(self, secret: str) -> None:
        """`secret`: at least 32 bytes, shared by our own services; ValueError when shorter."""
        self._key = _shared(secret)

    def speak(
        self, principal: Principal, about: About, now: datetime, *, lives: timedelta = LIVES
    ) -> str:
        """The statement about a command that `principal` sends."""
        claims = {"sub": principal.subject, **_claims(about, now, lives)}
        if principal.groups:
            claims["groups"] = list(principal.groups)
        if principal.limit is not None:
            claims["limit"] = sorted(principal.limit)
        if principal.everything:
            claims["everything"] = True
        return self._sign(claims)

    def refuse(self, refused: Refused, about: About, now: datetime) -> str:
        """The statement about a command whose sender was refused, so that the log tells of it."""
        said = {"code": refused.code, "message": refused.message}
        return self._sign({"sub": NOBODY, "refused": said, **_claims(about, now, LIVES)})

    def _sign(self, claims: Object) -> str:
        return compact.sign({"alg": "HS256", "typ": TYPE}, {"iss": "gateway", **claims}, self._key)


@dataclass(frozen=True, slots=True)
class Verifier:
    """Says who sends a command."""

    secret: OctKey
    longest: timedelta = LONGEST

    @classmethod
    def of(cls, secret: str, longest: timedelta = LONGEST) -> "Verifier":
        """By the secret that our own services share; ValueError when shorter than 32 bytes."""
        return cls(_shared(secret), longest)

    def principal(self, statement: str, about: About, key_of: KeyOf, now: datetime) -> Principal:
        """Who sends the command, as the statement proves; `Refused` when it does not."""
        found = compact.parse(statement)
        match found.claims.get("iss"):
            case "account":
                principal = self._account(found, key_of, now)
                self._check(found.claims, about, now)
            case "gateway":
                self._header(found, frozenset({"alg", "typ"}))
                found.verify("HS256", self.secret)
                self._check(found.claims, about, now)
                principal = _spoken_for(found.claims)
            case _:
                raise unproven(
                    "the token is not valid: on Kafka a command needs a statement of its own,"
                    " whose iss is 'account' or 'gateway'"
                )
        return principal

    def _account(self, found: Compact, key_of: KeyOf, now: datetime) -> Principal:
        claims = found.claims
        self._header(found, frozenset({"alg", "typ", "kid"}))
        if terms := sorted(_GATEWAY_ONLY & claims.keys()):
            raise unproven(f"an account's statement may not claim {', '.join(terms)}")
        namespace, slash, account = (
            compact.text(claims, "sub").removeprefix(_SUBJECT).partition("/")
        )
        if not slash or not str(claims["sub"]).startswith(_SUBJECT):
            raise unproven("an account's sub must be 'account:NAMESPACE/NAME'")
        key = usable(namespace, account, compact.text(found.header, "kid"), key_of, now)
        found.verify("EdDSA", verifying_key(key.public_key))
        return Principal(str(claims["sub"]), limit=limit_of(key))

    @staticmethod
    def _header(found: Compact, terms: frozenset[str]) -> None:
        if found.header.keys() != terms or found.header["typ"] != TYPE:
            named = ", ".join(sorted(terms))
            raise unproven(f"a statement's header holds {named}, with typ '{TYPE}', and no more")

    def _check(self, claims: Object, about: About, now: datetime) -> None:
        if claims.get("aud") != about.app:
            raise unproven(f"the statement's aud is not {about.app!r}")
        if claims.get("cmd") != about.command_id:
            raise unproven("the statement is about another command: its cmd is not this ce_id")
        if claims.get("dig") != about.digest:
            raise unproven("the statement is about another command: its dig does not fit this one")
        begins, ends = compact.number(claims, "iat"), compact.number(claims, "exp")
        if not 0 < ends - begins <= self.longest.total_seconds():
            raise unproven(f"a statement may be good for {self.longest} at most")
        compact.check_times(claims, now)


def _claims(about: About, now: datetime, lives: timedelta) -> Object:
    begins = int(now.timestamp())
    ends = begins + int(lives.total_seconds())
    return {
        "aud": about.app,
        "cmd": about.command_id,
        "dig": about.digest,
        "iat": begins,
        "exp": ends,
    }


def _spoken_for(claims: Object) -> Principal:
    if "refused" in claims:
        said = claims["refused"] if isinstance(claims["refused"], dict) else {}
        raise Refused(str(said.get("code", "unauthenticated")), str(said.get("message", "refused")))
    limit = compact.texts(claims, "limit") if "limit" in claims else None
    try:
        roles = frozenset(map(Role, limit)) if limit is not None else None
    except ValueError:
        raise unproven("the statement's limit names a role that is not known here") from None
    subject, groups = compact.text(claims, "sub"), compact.texts(claims, "groups")
    if subject == NOBODY:
        raise unproven("the statement's sub must name somebody")
    return Principal(subject, groups, roles, claims.get("everything") is True)


def _shared(secret: str) -> OctKey:
    if len(secret.encode()) < 32:
        raise ValueError("the secret must have at least 32 bytes")
    return OctKey.import_key(secret)
