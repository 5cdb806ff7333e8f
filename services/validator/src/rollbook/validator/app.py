"""Puts the validator together."""

import asyncio
from collections.abc import AsyncGenerator, Callable
from contextlib import AsyncExitStack, suppress
from datetime import UTC, datetime, timedelta
from typing import Final

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.artifacts.store import Store
from rollbook.domain.tenancy import REGISTRY, Role
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.topics import LogAddress
from rollbook.eventlog.voice import Voice
from rollbook.identity import accounts
from rollbook.observability import metrics
from rollbook.probes.fetching import Sources
from rollbook.readmodel import database
from rollbook.readmodel.database import Connection
from rollbook.readmodel.watching import PATIENCE, Watcher
from rollbook.signing.trust import Trust
from rollbook.validator import finding, knowing
from rollbook.validator.book import Book
from rollbook.validator.handlers import Occasion
from rollbook.validator.measuring import Instruments
from rollbook.validator.settings import ValidatorSettings
from rollbook.validator.validating import Came, Validation
from rollbook.validator.waiting import Waiting

SUBJECT: Final = accounts.subject(REGISTRY, "validator")
ROLES: Final = frozenset({Role.VALIDATOR})
"""The least that its commands need."""

BUSY_PAUSE: Final = timedelta(seconds=2)
"""Before a version is looked at that another validator has."""


class ValidatorService(Watcher):
    """Looks every second; what was being measured at a stop is measured anew."""

    def __init__(self, settings: ValidatorSettings) -> None:
        """`BadTrust` where a key of those who may sign cannot be read."""
        super().__init__("validator")
        self._settings = settings
        self._log = LogAddress(settings.kafka, settings.app)
        self._voice = Voice(
            settings.app, SUBJECT, ROLES, settings.validator_token, settings.token_secret
        )
        self._instruments = _instruments(settings)

    async def _session(self) -> None:
        session = _Session(self._settings, self._log, self._voice, self._instruments)
        await session.run(self._has_looked)


class _Session:
    """As long as nothing is down: what is due, and those that are being looked at."""

    def __init__(
        self, settings: ValidatorSettings, log_: LogAddress, voice: Voice, instruments: Instruments
    ) -> None:
        self._settings = settings
        self._log = log_
        self._voice = voice
        self._instruments = instruments
        self._book = Book()
        self._waiting = Waiting()
        self._pages: list[AsyncGenerator[list[Occasion], None]] = []
        self._asker: Asker | None = None
        self._free: list[Connection] = []
        self._freed = asyncio.Event()

    async def run(self, looked: Callable[[], None]) -> None:
        """Look again and again until something is down."""
        async with AsyncExitStack() as stack, asyncio.TaskGroup() as group:
            stack.push_async_callback(self._hang_up)
            db = await self._connection(stack)
            for _ in range(self._settings.validator_parallel):
                self._free.append(await self._connection(stack))
            # Where the tables stand goes first, so that nothing falls in between.
            reading = await finding.Reading.from_now(db, self._book, self._voice.subject)
            await finding.policies(db, self._book)
            self._pages.append(finding.started(db, self._voice.subject))
            if (since := self._book.since()) is not None:
                self._pages.append(finding.unjudged(db, self._book, since))
            self._pages += [finding.again(db, self._book, policy) for policy in self._book]
            while True:
                async with asyncio.timeout(PATIENCE):
                    await self._look(db, reading)
                    await self._begin(group)
                looked()
                await self._rest()

    async def _connection(self, stack: AsyncExitStack) -> Connection:
        dsn = self._settings.postgres.get_secret_value()
        made = await database.connection(dsn, self._settings.db_schema)
        stack.callback(made.terminate)  # it only reads, and a paused Postgres would not let go
        return made

    async def _look(self, db: Connection, reading: finding.Reading) -> None:
        """Take in what is new, and a page of what was there before while there is room."""
        occasions, saved = await reading.take(db)
        self._waiting.add(occasions)
        for policy in saved:
            # The version may have come into the tables before the policy that looks at it.
            self._pages.append(finding.unjudged(db, self._book, policy.saved))
            self._pages.append(finding.again(db, self._book, policy))
        if self._has_room():
            page = await anext(self._pages[0], None)
            if page is None:
                self._pages.pop(0)
            else:
                self._waiting.add(await knowing.unanswered(db, page))
        metrics.VALIDATIONS_DUE.set(len(self._waiting))

    def _has_room(self) -> bool:
        return bool(self._pages) and self._waiting.has_room(datetime.now(UTC))

    async def _begin(self, group: asyncio.TaskGroup) -> None:
        """Let as many be looked at as there are connections."""
        found = self._waiting.begin(datetime.now(UTC), len(self._free))
        if not found:
            if not self._waiting:
                await self._hang_up()  # while nothing is due, nothing of ours reads the log
            return
        if self._asker is None or not self._asker.usable:
            await self._hang_up()
            self._asker = Asker(self._log)
            await self._asker.start()
        for occasion in found:
            group.create_task(self._validated(occasion, self._asker, self._free.pop()))

    async def _validated(self, occasion: Occasion, asker: Asker, db: Connection) -> None:
        came = await Validation(
            occasion,
            self._book,
            db,
            asker,
            self._voice,
            self._instruments,
            self._settings.validator_scratch,
        ).run()
        now = datetime.now(UTC)
        match came:
            case Came.OVER:
                self._waiting.over(occasion)
            case Came.BUSY:
                self._waiting.put_off(occasion, now + BUSY_PAUSE)
            case Came.REFUSED:
                self._waiting.refused(occasion, now)
        self._free.append(db)
        self._freed.set()

    async def _rest(self) -> None:
        """Until the next look, or until somebody has time."""
        self._freed.clear()
        if self._has_room():
            return
        with suppress(TimeoutError):
            async with asyncio.timeout(self._settings.validator_every.total_seconds()):
                await self._freed.wait()

    async def _hang_up(self) -> None:
        if self._asker is not None:
            asker, self._asker = self._asker, None
            await asker.stop()


def _instruments(settings: ValidatorSettings) -> Instruments:
    signers = settings.trusted_signers
    secret = settings.webhook_secret
    return Instruments(
        sources=Sources(
            store=Store.open(settings.artifacts, settings.artifacts_archive)
            if settings.artifacts
            else None,
            roots=settings.validator_folders,
            allowed=settings.validator_networks,
        ),
        trust=Trust.read(signers) if signers else Trust({}, ()),
        webhook_secret=secret.get_secret_value().encode() if secret else None,
        networks=settings.validator_networks,
        places=asyncio.Semaphore(settings.validator_probes),
    )
