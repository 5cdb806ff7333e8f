"""Projectors on the real stack, in this process or killable, and a count of what they left."""

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from aiokafka import AIOKafkaProducer
from pydantic import TypeAdapter
from pydantic_core import from_json

from rollbook.domain.state import Model
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.position import Position
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.records import as_json, decode_event
from rollbook.eventlog.topics import LogAddress
from rollbook.projector.app import ProjectorService
from rollbook.projector.settings import ProjectorSettings
from rollbook.readmodel import database, history, offsets, versions
from rollbook.readmodel.database import Pool
from rollbook.readmodel.history import HistoryRow
from tests.integration.readmodel.shown import read_back
from tests.support.service import until, whole_log
from tests.support.stack import Cluster
from tests.unit.projector.tables import faults


@dataclass(frozen=True)
class World:
    """One log and the read models made from it."""

    log: LogAddress
    dsn: str
    schema: str
    db: Pool

    def settings(self, **changes: object) -> ProjectorSettings:
        given = {"kafka": self.log.kafka, "app": self.log.app, "postgres": self.dsn}
        return ProjectorSettings.model_validate(given | {"db_schema": self.schema} | changes)

    async def lag(self) -> int:
        """How many records the tables do not hold."""
        async with EventReader(self.log) as reader:
            await reader.start(None)
            ends = await reader.ends()
        places = await offsets.places(self.db)
        return sum(end - places[n].offset if n in places else end for n, end in ends.items())

    async def has_begun(self) -> bool:
        """Whether the tables hold anything."""
        try:
            return any(place.offset for place in (await offsets.places(self.db)).values())
        except database.DOWN:
            return False

    async def caught_up(self, seconds: float = 60) -> None:
        """Wait until the tables hold the whole log."""

        async def there() -> bool:
            try:
                return await self.lag() == 0
            except database.DOWN:
                return False

        await until(there, seconds)

    async def faults(self, ignored: Sequence[Position] = ()) -> list[str]:
        """Where the tables are not what the whole log folds to."""
        found: list[str] = []
        for partition, records in (await whole_log(self.log)).items():
            found += await _faults(self.db, partition, records, set(ignored))
        return found


@asynccontextmanager
async def world(kafka: LogAddress, dsn: str, schema: str) -> AsyncIterator[World]:
    """Read models without a projector yet."""
    db = await database.connect(dsn, schema, largest=4)
    try:
        yield World(kafka, dsn, schema, db)
    finally:
        db.terminate()


@asynccontextmanager
async def fresh(cluster: Cluster) -> AsyncIterator[World]:
    """A log and a schema of their own on the shared stack."""
    async with world(cluster.log(), cluster.postgres, cluster.schema()) as made:
        yield made


@asynccontextmanager
async def projecting(it: World, **changes: object) -> AsyncIterator[ProjectorService]:
    """A projector in this process that has caught up."""
    service = ProjectorService(it.settings(**changes))
    await service.start()
    try:
        await until(lambda: service.ready)
        yield service
    finally:
        await service.stop()


class ProjectorProcess:
    """`python -m rollbook.projector` in a process of its own."""

    def __init__(self, it: World, output: Path, **env: str) -> None:
        self._env = {
            **os.environ,
            "ROLLBOOK_KAFKA": it.log.kafka,
            "ROLLBOOK_APP": it.log.app,
            "ROLLBOOK_POSTGRES": it.dsn,
            "ROLLBOOK_SCHEMA": it.schema,
            **env,
        }
        self._output = output
        self._process: asyncio.subprocess.Process | None = None

    async def __aenter__(self) -> "ProjectorProcess":
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.kill()

    async def start(self) -> None:
        with self._output.open("ab") as out:
            self._process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rollbook.projector", env=self._env, stdout=out, stderr=out
            )

    @property
    def output(self) -> str:
        return self._output.read_text()

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    async def ended(self) -> int:
        """Its exit code, when it ends by itself."""
        assert self._process is not None
        return await asyncio.wait_for(self._process.wait(), 30)

    async def kill(self) -> None:
        assert self._process is not None
        if self._process.returncode is None:
            self._process.kill()
            await self._process.wait()


async def append(log: LogAddress, partition: int, records: Sequence[Record]) -> list[Position]:
    """Append records to the log as they are, past every writer."""
    async with AIOKafkaProducer(bootstrap_servers=log.kafka, acks="all") as producer:
        found = []
        for record in records:
            sent = await producer.send_and_wait(
                log.events,
                record.value,
                record.key,
                partition=partition,
                headers=list(record.headers),
            )
            found.append(Position(partition, sent.offset))
        return found


async def _faults(
    db: Pool, number: int, records: Sequence[Record], ignored: set[Position]
) -> list[str]:
    found: list[str] = []

    def same(what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            found.append(f"{number}: {what}: {ours!r} is not {theirs!r}")

    partition = Partition(number)
    partition.fold(records)
    shown = {
        row["off"] for row in await db.fetch("SELECT off FROM history WHERE partition = $1", number)
    }
    wanted: Mapping[int, dict[str, object]] = {
        event.position.offset: as_json(event)
        for event in (decode_event(r, number) for r in records if _readable(r, number, ignored))
        if not isinstance(event.message, WriterClaimed)
    }
    same("offsets in history", shown, set(wanted))
    for offset, event in wanted.items():
        row = await history.at(db, Position(number, offset))
        assert row is not None
        ours = from_json(TypeAdapter(HistoryRow).dump_json(row))
        same(f"offset {offset}", _timeless(ours), _timeless(event))
    tables = await read_back(db)
    tables.place = (await offsets.places(db))[number]
    own = partition.streams.keys()
    tables.models = {key: row for key, row in tables.models.items() if key in own}
    tables.namespaces = {key: row for key, row in tables.namespaces.items() if key in own}
    found += [f"{number}: {fault}" for fault in faults(tables, records, number)]
    for key in tables.models:
        for version in await versions.page(db, key, limit=100_000):
            model = partition.streams[key].state
            assert isinstance(model, Model)
            same("aliases", set(version.aliases), _names(model.aliases, version.version))
            same("environments", set(version.environments), set(model.serves_in(version.version)))
    count = await db.fetchval(
        "SELECT (SELECT count(*) FROM models WHERE partition = $1)"
        " + (SELECT count(*) FROM namespaces WHERE partition = $1)",
        number,
    )
    same("streams", count, len(partition.streams))
    return found


def _readable(record: Record, number: int, ignored: set[Position]) -> bool:
    return Position(number, record.offset) not in ignored


def _names(pointers: Mapping[str, int], number: int) -> set[str]:
    return {name for name, target in pointers.items() if target == number}


def _timeless(row: dict[str, object]) -> dict[str, object]:
    """Without the spelling of the time: `Z` and `+00:00` are the same."""
    return row | {"time": str(row["time"]).replace("Z", "+00:00")}
