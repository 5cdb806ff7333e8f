"""Puts the command service together."""

import asyncio

import aiokafka.record._crecords  # noqa: F401  # refuse the slow pure-Python fallback

from rollbook.command.handlers import Handlers, Proof
from rollbook.command.settings import CommandSettings
from rollbook.eventlog import topics
from rollbook.eventlog.governance import Follower, Governance
from rollbook.eventlog.group import Group, GroupSettings
from rollbook.eventlog.processor import Pace, Processor
from rollbook.eventlog.topics import LogAddress
from rollbook.identity.statement import Verifier
from rollbook.identity.trust import Trust
from rollbook.observability.logs import logger

log = logger(__name__)


class CommandService:
    """One instance; several share the partitions."""

    def __init__(self, settings: CommandSettings) -> None:
        self._settings = settings
        self._group: Group | None = None
        self._follower: Follower | None = None

    @property
    def ready(self) -> bool:
        """Whether every partition that is ours answers, by rules that are kept up."""
        follows = self._follower is not None and self._follower.following
        return follows and self._group is not None and self._group.ready

    @property
    def group(self) -> Group:
        """Its partitions; only after `start`."""
        assert self._group is not None, "start first"  # noqa: S101
        return self._group

    async def start(self) -> None:
        """Make the topics that are missing and join the group."""
        settings = self._settings
        log_ = LogAddress(settings.kafka, settings.app)
        partitions = await topics.ensure(log_, settings.partitions, settings.replication)
        governance = Governance()
        self._follower = Follower(log_, governance)
        await self._follower.start()  # before the first decision
        handlers = Handlers(governance, self._proof(governance))
        pace = Pace(snapshot_every=settings.snapshot_every)
        group = GroupSettings(
            log=log_,
            instance=settings.instance,
            session=settings.session,
        )
        self._group = Group(
            group, lambda n: Processor(n, partitions, handlers, pace=pace, governance=governance)
        )
        await self._group.start()

    def _proof(self, governance: Governance) -> Proof | None:
        settings = self._settings
        if settings.token_secret is None:
            log.warning("OPEN REGISTRY: anybody may send commands; set ROLLBOOK_TOKEN_SECRET")
            return None
        trust = Trust(settings.admins, settings.admin_public_key)
        verifier = Verifier.of(settings.token_secret.get_secret_value(), settings.statement_lives)
        return Proof(settings.app, verifier, trust, trust.keys(governance.key))

    async def run(self) -> None:
        """Serve until cancelled; raises when a partition met an error that nobody foresaw."""
        await self.start()
        try:
            await asyncio.shield(self.group.failure)
        finally:
            await self.stop()

    async def stop(self) -> None:
        """Finish the batches in flight and leave the group."""
        if self._group is not None:
            await self._group.stop()
        if self._follower is not None:
            await self._follower.stop()
