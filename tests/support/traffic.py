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
from rollbook.domain.environments import PromoteVersion, RollBackVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.model import ModelCommand
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
    command: ModelCommand, model: str = "default/fraud", **more: object
) -> CommandEnvelope:
    """A command with a new id."""
    return CommandEnvelope(id=str(uuid4()), model=model, command=command, **more)  # type: ignore[arg-type]


class Traffic:
    """Clients in closed loops; a command that got no answer is asked again under the same id."""

    def __init__(self, asker: Asker, *, models: int = 6, seed: int = 1) -> None:
        self._asker = asker
        self._models = [f"default/model-{n}" for n in range(models)]
        self._random = random.Random(seed)
        self._stopping = False
        self.asked: Counter[str] = Counter()
        self.acknowledged: dict[str, Position] = {}
        self.answers: dict[str, EventEnvelope] = {}

    def _command(self) -> ModelCommand:
        number = self._random.randint(1, 5)
        commands: list[ModelCommand] = [
            version(self._random.randrange(1000)),
            PromoteVersion(version=number),
            RollBackVersion(reason="looks bad"),
            SetAlias(alias="champion", version=number),
            RegisterModel(),
        ]
        return self._random.choice(commands)

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
            wanted = envelope(self._command(), self._random.choice(self._models))
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
