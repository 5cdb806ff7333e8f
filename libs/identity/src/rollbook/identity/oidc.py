"""People: what an identity provider (OpenID Connect) says of who holds a token."""

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Final, Literal, NamedTuple, TypeAlias
from urllib.parse import urlsplit

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from rollbook.domain.access import Principal
from rollbook.identity import compact
from rollbook.identity.compact import Object, PublicKey, unproven

Algorithm: TypeAlias = Literal["RS256", "PS256", "ES256", "EdDSA"]
"""Signatures only: a secret that is shared with the provider would prove nothing to us."""

RESERVED: Final = re.compile(
    r"(?:account|group|service|person|personal):|(?:unknown|anonymous)$", re.IGNORECASE
)
"""Subjects that mean something else here."""

_TYPES: Final = frozenset({"jwt", "at+jwt", "application/at+jwt"})
_LOOPBACK: Final = frozenset({"localhost", "127.0.0.1", "::1"})


def _url(value: str) -> str:
    parts = urlsplit(value)
    if not parts.hostname or parts.username or parts.fragment:
        raise ValueError("must be a URL without a user and without a fragment")
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in _LOOPBACK):
        raise ValueError("must begin with https://")
    return value


Url: TypeAlias = Annotated[str, AfterValidator(_url)]


class OidcSettings(BaseModel):
    """Which identity provider is believed, and what of its tokens is looked at."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    issuer: Url
    """Exactly as the tokens' `iss` has it."""
    audience: Annotated[str, Field(min_length=1)]
    """What a token's `aud` must name: this registry, and not another service of the provider."""
    keys: str | None = None
    """JWKS: a URL, or the path of a file; None: what the issuer's discovery document names."""
    subject_claim: str = "sub"
    groups_claim: str = "groups"
    """A name, or names joined by `.` for a claim within claims, such as `realm_access.roles`."""
    amr: frozenset[str] = frozenset()
    """Of these ways to authenticate the token must name one, such as `mfa`; none: any will do."""
    acr: frozenset[str] = frozenset()
    """Of these levels of assurance the token must name one; none: any will do."""
    algorithms: tuple[Algorithm, ...] = ("RS256", "PS256", "ES256", "EdDSA")


def key_name(token: str) -> str | None:
    """Which key a token says it was signed by; None where it does not say."""
    kid = compact.parse(token).header.get("kid")
    if kid is not None and not isinstance(kid, str):
        raise unproven("the token is not valid: its kid must be text")
    return kid


def person(token: str, key: PublicKey, settings: OidcSettings, now: datetime) -> Principal:
    """Whom the token names; `Refused` unless the provider signed it for us, and it holds now."""
    found = compact.parse(token)
    algorithm = found.header.get("alg")
    if algorithm not in settings.algorithms:
        raise unproven(f"the token must be signed by one of {', '.join(settings.algorithms)}")
    kind = found.header.get("typ", "JWT")
    if not isinstance(kind, str) or kind.lower() not in _TYPES:
        raise unproven("the token is none that was made for access: its typ is another")
    found.verify(algorithm, key)  # which also sees that the key is one for this algorithm
    claims = found.claims
    if claims.get("iss") != settings.issuer:
        raise unproven("the token comes from another issuer")
    audience = claims.get("aud")
    if settings.audience not in (audience if isinstance(audience, list) else [audience]):
        raise unproven(f"the token is for another service: its aud is not {settings.audience!r}")
    compact.check_times(claims, now)
    _check_assurance(claims, settings)
    subject = compact.text(claims, settings.subject_claim)
    if RESERVED.match(subject):
        raise unproven("the token's subject is one that has another meaning here")
    return Principal(subject, _groups(*_within(claims, settings.groups_claim)))


class Called(NamedTuple):
    """How somebody is called: personal data, which belongs into the vault and nowhere else."""

    name: str | None = None
    mail: str | None = None


def called(token: str) -> Called:
    """What a token that `person` has believed says of its holder's name and mail address."""
    claims = compact.parse(token).claims
    unsure = claims.get("email_verified") is False
    return Called(_said(claims, "name"), None if unsure else _said(claims, "email"))


def _said(claims: Object, name: str) -> str | None:
    value = claims.get(name)
    fits = isinstance(value, str) and 1 <= len(value) <= 250 and value.isprintable()
    return value if fits else None


def _groups(claims: Object, name: str) -> tuple[str, ...]:
    """The groups that a grant can name."""
    value = claims.get(name)
    named = value if isinstance(value, list) else [value]
    return tuple(
        one for one in named if isinstance(one, str) and one.isprintable() and 1 <= len(one) < 245
    )


def _check_assurance(claims: Object, settings: OidcSettings) -> None:
    if settings.amr and settings.amr.isdisjoint(compact.texts(claims, "amr")):
        wanted = ", ".join(sorted(settings.amr))
        raise unproven(f"a second factor is needed: the token's amr must hold one of {wanted}")
    if settings.acr and settings.acr.isdisjoint(compact.texts(claims, "acr")):
        wanted = ", ".join(sorted(settings.acr))
        raise unproven(f"more assurance is needed: the token's acr must be one of {wanted}")


def _within(claims: Object, path: str) -> tuple[Object, str]:
    """The claims that hold what `path` names, and its name there; a name may hold dots itself."""
    if path in claims:
        return claims, path
    *outer, name = path.split(".")
    for step in outer:
        inner = claims.get(step)
        if not isinstance(inner, Mapping):
            return {}, name
        claims = dict(inner)
    return claims, name
