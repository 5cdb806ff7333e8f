"""Who asks over HTTP: proven here, and stated to the command service."""

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, NamedTuple

from fastapi import Request

from rollbook.domain.access import Principal
from rollbook.domain.messages import Refused
from rollbook.eventlog.commands import COMMANDS, Signer
from rollbook.eventlog.governance import Follower, Governance
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.topics import LogAddress
from rollbook.identity import accounts
from rollbook.identity.oidc import OidcSettings, called
from rollbook.identity.provider import NoKeysError, Provider
from rollbook.identity.statement import About, Gateway
from rollbook.identity.trust import Trust
from rollbook.observability.logs import logger
from rollbook.query import sight
from rollbook.query.attempts import Attempts
from rollbook.query.handlers import bearer
from rollbook.query.people import People
from rollbook.query.problems import Problem
from rollbook.query.settings import QuerySettings
from rollbook.query.sight import Sight
from rollbook.query.tables import Tables

log = logger(__name__)

AGAIN: Final = 1.0
"""Seconds before Kafka is asked again for what governs the namespaces."""


class Admission(NamedTuple):
    """How a command is signed, and why its sender was refused, if so."""

    sign: Signer | None
    refused: Refused | None = None


UNSIGNED: Final = Admission(None)
"""In an open registry."""


@dataclass(frozen=True, slots=True)
class Trusted:
    """What a secured registry believes."""

    gateway: Gateway
    trust: Trust
    provider: Provider | None


class Identity:
    """Proves who asks; `start` before the first request."""

    def __init__(
        self,
        address: LogAddress,
        trusted: Trusted,
        people: People,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._trouble: str | None = "what governs the namespaces is not known yet"
        self.governance = Governance()
        self._address = address
        self._trusted = trusted
        self._people = people
        self._clock = clock
        self._attempts = Attempts()
        self._key_of = trusted.trust.keys(self.governance.key)
        self._follower = Follower(address, self.governance)
        self._starting: asyncio.Task[None] | None = None

    @property
    def trouble(self) -> str | None:
        """Why nobody can be judged now; None while they can."""
        if self._trouble is None and not self._follower.following:
            return "what governs the namespaces is no longer followed: restart this service"
        return self._trouble

    def start(self) -> None:
        """Begin to follow what governs the namespaces; `trouble` tells when all is known."""
        self._starting = asyncio.create_task(self._start(), name="identity")
        self._people.start()

    async def stop(self) -> None:
        """Close the connections."""
        if self._starting is not None:
            self._starting.cancel()
            with suppress(asyncio.CancelledError):
                await self._starting
        await self._people.stop()
        await self._follower.stop()
        if self._trusted.provider is not None:
            await self._trusted.provider.close()

    async def admit(self, request: Request, size: int) -> Admission:
        """The signer of a command of `size` bytes; `Problem` for somebody who is not to be heard.

        Who does not prove who they are is refused in the log, so that attempts stand where all
        else does, but not without bound.
        """
        try:
            principal = await self._principal(request)
        except Refused as refused:
            peer = request.client.host if request.client is not None else ""
            if self._attempts.take(peer, size):
                told = refused
                return Admission(lambda id_, digest: self._refuse(told, id_, digest), told)
            log.warning("refused, and not recorded", code=refused.code, reason=refused.message)
            raise unauthenticated(refused) from None
        return Admission(lambda id_, digest: self._speak(principal, id_, digest))

    async def guard(self, request: Request) -> None:
        """A dependency of every route: lets nobody see what they may not."""
        route = request.scope["route"].name
        if route in COMMANDS or route in sight.OPEN:
            return  # who sends a command is judged with it
        request.state.sight = seen = await self.seen(request)
        sight.check(route, request.path_params, seen)

    async def seen(self, request: Request) -> Sight:
        """What whoever sent the request may see now; `Problem` when they may not be here at all."""
        try:
            principal = await self._principal(request)
        except Refused as refused:
            route = request.scope["route"].name
            log.info("refused", route=route, code=refused.code, reason=refused.message)
            raise unauthenticated(refused) from None
        return Sight(principal, self.governance, self._clock())

    async def _principal(self, request: Request) -> Principal:
        if self.trouble is not None:
            raise Problem(503, "unavailable", f"nobody can be judged now: {self.trouble}")
        token = bearer(request.headers)
        if token is None:
            raise Refused("unauthenticated", "a token is needed: send 'Authorization: Bearer …'")
        now = self._clock()
        if token.startswith(accounts.PREFIX):
            return self._trusted.trust.raised(accounts.present(token, self._key_of, now))
        provider = self._trusted.provider
        if provider is None:
            raise Refused(
                "unauthenticated",
                "the token is not valid: this registry knows machines only, whose tokens begin with"
                f" {accounts.PREFIX!r}; for people, set ROLLBOOK_OIDC_ISSUER on the query service",
            )
        try:
            person = await provider.person(token, now)
        except NoKeysError as error:
            raise Problem(503, "unavailable", str(error)) from error
        if self._people.due(person.subject):
            self._people.note(person.subject, called(token))
        return self._trusted.trust.raised(person)

    def _speak(self, principal: Principal, id_: str, digest: str) -> str:
        about = About(self._address.app, id_, digest)
        return self._trusted.gateway.speak(principal, about, self._clock())

    def _refuse(self, refused: Refused, id_: str, digest: str) -> str:
        about = About(self._address.app, id_, digest)
        return self._trusted.gateway.refuse(refused, about, self._clock())

    async def _start(self) -> None:
        while True:
            try:
                await self._follower.start()
            except Unavailable as error:
                self._trouble = f"what governs the namespaces cannot be read: {error}"
                await asyncio.sleep(AGAIN)
            else:
                self._trouble = None
                return


def of_settings(settings: QuerySettings, tables: Tables) -> Identity | None:
    """What the settings ask for; None for an open registry."""
    if settings.token_secret is None:
        return None
    provider = None
    if settings.oidc_issuer is not None:
        provider = Provider(
            OidcSettings(
                issuer=settings.oidc_issuer,
                audience=settings.oidc_audience,
                keys=settings.oidc_keys,
                subject_claim=settings.oidc_subject_claim,
                groups_claim=settings.oidc_groups_claim,
                amr=frozenset(settings.oidc_amr),
                acr=frozenset(settings.oidc_acr),
            )
        )
    trusted = Trusted(
        Gateway(settings.token_secret.get_secret_value()),
        Trust(settings.admins, settings.admin_public_key),
        provider,
    )
    return Identity(LogAddress(settings.kafka, settings.app), trusted, People(tables))


def unauthenticated(refused: Refused) -> Problem:
    """The answer to somebody who did not prove who they are."""
    return Problem(401, refused.code, refused.message)
