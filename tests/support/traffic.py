"""Pipelines that send commands, repeat what was not answered, and remember every answer."""

import asyncio
import random
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.collection import SetCollection
from rollbook.domain.environments import (
    BreakGlass,
    PromoteVersion,
    ReviewBreakGlass,
    RollBackVersion,
)
from rollbook.domain.grants import GrantRole, RevokeRole
from rollbook.domain.lineage import Artifact
from rollbook.domain.requests import (
    ApprovePromotion,
    RejectPromotion,
    RequestPromotion,
    WithdrawPromotion,
)
from rollbook.domain.rulebook import EnvironmentRule, MetadataSchema, Rules
from rollbook.domain.rules import SetMetadataSchema, SetRules
from rollbook.domain.streams import StreamCommand
from rollbook.domain.tenancy import Role
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog.asking import Asker, NoAnswer
from rollbook.eventlog.envelope import CommandEnvelope, EventEnvelope
from rollbook.eventlog.log import Unavailable
from rollbook.eventlog.position import Position
from rollbook.eventlog.topics import LogAddress


def version(number: int = 0) -> RegisterVersion:
    """A command that registers a version."""
    artifact = Artifact(uri=f"s3://models/{number}", digest=f"sha256:{number:064x}")
    return RegisterVersion(artifact=artifact, metrics={"auc": 0.9})


def envelope(
    command: StreamCommand, model: str = "default/fraud", **more: object
) -> CommandEnvelope:
    """A command with a new id."""
    return CommandEnvelope(id=str(uuid4()), model=model, command=command, **more)  # type: ignore[arg-type]


PEOPLE = ("pia", "rex", "ada", "eva")

LOOSE = Rules(environments=(EnvironmentRule(name="production"),))
SIGNED = Rules(environments=(EnvironmentRule(name="production", protected=True),))
STRICT = Rules(
    environments=(EnvironmentRule(name="production", approvals={"limited": {"approver": 2}}),)
)


class Traffic:
    """Clients in closed loops; a command that got no answer is asked again under the same id.

    With `namespaces`, rules change all the time, and people ask, sign and promote under them.
    """

    def __init__(
        self, asker: Asker, *, models: int = 6, namespaces: int = 0, seed: int = 1
    ) -> None:
        self._asker = asker
        self._namespaces = ["default", *(f"space-{n}" for n in range(1, namespaces))]
        self._governed = namespaces > 0
        self._models = [f"{space}/model-{n}" for space in self._namespaces for n in range(models)]
        self._random = random.Random(seed)
        self._stopping = False
        self.asked: Counter[str] = Counter()
        self.acknowledged: dict[str, Position] = {}
        self.answers: dict[str, EventEnvelope] = {}

    def _wish(self) -> CommandEnvelope:
        """The next command of somebody, at random."""
        command = self._random.choice(self._plain())
        model = self._random.choice(self._models)
        if not self._governed:
            return envelope(command, model)
        actor, dice = self._random.choice(PEOPLE), self._random.random()
        if dice < 0.15:
            command, model = self._random.choice(self._governing()), model.partition("/")[0]
        elif dice < 0.6:
            command = self._random.choice(self._releasing())
        return envelope(command, model, actor=actor)

    def _plain(self) -> list[StreamCommand]:
        number = self._random.randint(1, 5)
        return [
            version(self._random.randrange(1000)),
            PromoteVersion(version=number),
            RollBackVersion(reason="looks bad"),
            SetAlias(alias="champion", version=number),
            RegisterModel(),
        ]

    def _releasing(self) -> list[StreamCommand]:
        number, request = self._random.randint(1, 4), self._random.randint(1, 6)
        return [
            RequestPromotion(version=number, reason="better"),
            *(ApprovePromotion(request=r) for r in (request, request + 1, request + 2)),
            RejectPromotion(request=request, reason="not yet"),
            WithdrawPromotion(request=request, reason="a newer one comes"),
            PromoteVersion(version=number),
            BreakGlass(version=number, reason="an outage"),
            ReviewBreakGlass(number=request, verdict="justified", note="it was"),
        ]

    def _governing(self) -> list[StreamCommand]:
        number = self._random.randint(1, 5)
        models = tuple(f"model-{n}" for n in range(number))
        return [
            *(SetRules(rules=rules) for rules in (LOOSE, SIGNED, STRICT)),
            SetMetadataSchema(metadata=MetadataSchema(properties={"title": str(number)})),
            GrantRole(subject=self._random.choice(PEOPLE), role=Role.VIEWER, reason="may look"),
            RevokeRole(grant=number, reason="may not"),
            SetCollection(collection="credit", models=models),
        ]

    async def ask(self, wanted: CommandEnvelope) -> EventEnvelope:
        """Ask until there is an answer; sometimes once more, to see the same one."""
        while True:
            self.asked[wanted.id] += 1
            try:
                outcome = await self._asker.ask(wanted, timeout=timedelta(seconds=2))
            except (NoAnswer, Unavailable):
                continue
            before = self.answers.setdefault(wanted.id, outcome)
            assert before == outcome, "the same command was answered differently"
            self.acknowledged[wanted.id] = outcome.position
            return outcome

    async def _client(self) -> None:
        while not self._stopping:
            wanted = self._wish()
            await self.ask(wanted)
            if self._random.random() < 0.1:
                await self.ask(wanted)

    @asynccontextmanager
    async def flowing(self, clients: int = 8) -> AsyncIterator["Traffic"]:
        """Traffic while the block runs; every command is answered when it ends."""
        self._stopping = False
        async with asyncio.TaskGroup() as group:
            for _ in range(clients):
                group.create_task(self._client())
            try:
                yield self
            finally:
                self._stopping = True

    async def answered(self, more: int, seconds: float = 60) -> None:
        """Wait until `more` further commands have been answered."""
        wanted = len(self.acknowledged) + more
        async with asyncio.timeout(seconds):
            while len(self.acknowledged) < wanted:  # noqa: ASYNC110  # many tasks count it up
                await asyncio.sleep(0.02)


@asynccontextmanager
async def traffic(log: LogAddress, **options: int) -> AsyncIterator[Traffic]:
    """Traffic on a log of its own asker."""
    async with Asker(log) as asker:
        yield Traffic(asker, **options)
