"""The read models equal the fold of the log, whatever happens to those who write them."""

import asyncio
import signal
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path

import pytest

from rollbook.domain.catalog import ModelDescribed, ModelRegistered, RegisterModel
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import VersionRegistered
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.outcomes import CommandConfirmed
from rollbook.observability import metrics
from rollbook.projector.app import ProjectorService
from rollbook.projector.effects import Superseded
from rollbook.readmodel import history, models, offsets, parked
from tests.integration.projector.world import ProjectorProcess, World, append, fresh, projecting
from tests.support.service import make_topics, serving, until, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import envelope, traffic
from tests.unit.projector.books import Book


async def test_the_read_models_are_the_fold_of_the_log(cluster: Cluster) -> None:
    async with (
        fresh(cluster) as it,
        serving(it.log),
        projecting(it),
        traffic(it.log) as flow,
    ):
        async with flow.flowing():
            await flow.answered(400)
        await it.caught_up()
        assert await it.faults() == []


async def test_a_reader_that_waits_for_a_position_sees_it(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), projecting(it), Asker(it.log) as asker:
        for number in range(20):
            model = f"default/m{number}"
            outcome = await asker.ask(envelope(RegisterModel(), model))
            await offsets.wait(it.db, outcome.position)
            assert await offsets.reached(it.db, outcome.position)
            assert await models.get(it.db, model) is not None
        assert outcome.command_id is not None
        found = await history.outcome_of(it.db, outcome.command_id)
        assert found is not None
        assert found.position == outcome.position


async def test_who_waits_for_what_is_not_there_is_told_how_far_it_is(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), projecting(it), Asker(it.log) as asker:
        position = (await asker.ask(envelope(RegisterModel()))).position
        await offsets.wait(it.db, position)
        beyond = position._replace(offset=position.offset + 1)
        with pytest.raises(offsets.TooLate, match="not reached") as late:
            await offsets.wait(it.db, beyond, timedelta(milliseconds=50))
        assert late.value.reached == beyond.offset


async def test_a_projector_that_is_stopped_and_started_loses_and_doubles_nothing(
    cluster: Cluster,
) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow:
        async with flow.flowing():
            for _ in range(6):
                async with projecting(it, batch=7):
                    await flow.answered(60)
        async with projecting(it):
            await it.caught_up()
        assert await it.faults() == []


async def test_a_projector_that_is_killed_loses_and_doubles_nothing(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow:
        async with flow.flowing(), ProjectorProcess(it, tmp_path / "projector.log") as process:
            await until(it.has_begun)
            for table in ("models", "environments", "history", "projection_offset"):
                async with held(it, table):  # so that the kill hits the middle of a batch
                    await flow.answered(50)
                    await process.kill()
                await process.start()
                await flow.answered(50)
        async with projecting(it):
            await it.caught_up()
        assert await it.faults() == []


@asynccontextmanager
async def held(it: World, table: str) -> AsyncIterator[None]:
    """Let the projector's next batch stop just before it writes to `table`."""
    async with it.db.acquire() as holder, holder.transaction():
        await holder.execute(f"LOCK TABLE {table} IN SHARE MODE")

        async def waiting() -> bool:
            return bool(
                await it.db.fetchval(
                    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = $1::regclass",
                    f"{it.schema}.{table}",
                )
            )

        await until(waiting)
        yield


async def test_of_two_projectors_one_finds_itself_superseded(cluster: Cluster) -> None:
    async with fresh(cluster) as it, serving(it.log), traffic(it.log) as flow:
        pair = [asyncio.ensure_future(ProjectorService(it.settings()).run()) for _ in range(2)]
        async with flow.flowing():
            await until(lambda: any(task.done() for task in pair))
            await flow.answered(100)
        await it.caught_up()
        (ended,) = [task for task in pair if task.done()]
        assert isinstance(ended.exception(), Superseded)
        assert await it.faults() == []
        for task in pair:
            task.cancel()
        await asyncio.wait(pair)


async def test_a_projector_that_slept_while_another_took_over_stops(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with (
        fresh(cluster) as it,
        serving(it.log),
        ProjectorProcess(it, tmp_path / "zombie.log") as zombie,
        traffic(it.log) as flow,
    ):
        async with flow.flowing():
            await flow.answered(20)
        await it.caught_up()
        zombie.signal(signal.SIGSTOP)
        async with projecting(it):
            async with flow.flowing():
                await flow.answered(50)
                zombie.signal(signal.SIGCONT)
                assert await zombie.ended() == 1
                assert "Superseded" in zombie.output
                await flow.answered(50)
            await it.caught_up()
        assert await it.faults() == []


async def test_a_projector_frozen_inside_a_transaction_keeps_nobody_out_for_long(
    cluster: Cluster, tmp_path: Path
) -> None:
    async with (
        fresh(cluster) as it,
        serving(it.log),
        ProjectorProcess(it, tmp_path / "zombie.log", ROLLBOOK_WRITE_WITHIN="PT3S") as zombie,
        traffic(it.log) as flow,
    ):
        async with flow.flowing():
            await until(it.has_begun)
            async with held(it, "history"):
                zombie.signal(signal.SIGSTOP)
            async with projecting(it):
                await flow.answered(50)
        async with projecting(it):
            await it.caught_up()
        assert await it.faults() == []


async def test_a_poison_event_parks_only_its_model(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        async with serving(it.log), Asker(it.log) as asker:
            for model in ("default/ill", "default/well"):
                await asker.ask(envelope(RegisterModel(description="before"), model))
        claim = max(
            record.offset
            for record in (await whole_log(it.log))[0]
            if dict(record.headers)["ce_type"] == b"WriterClaimed"
        )
        book = Book()
        book.says("default/ill", ModelDescribed(description="x"), claim=claim, seq=2)
        book.spoils(b"{")
        async with projecting(it):
            (poison,) = await append(it.log, 0, book.records)
            await offsets.wait(it.db, poison)
            (row,) = await parked.every(it.db)
            assert (row.model, row.position) == ("default/ill", poison)
            assert metrics.PARKED_MODELS._value.get() == 1
            shown = await models.get(it.db, "default/ill")
            assert shown is not None
            assert shown.parked == row.reason
            assert shown.description == "before"
            async with serving(it.log), Asker(it.log) as asker:
                outcome = await asker.ask(envelope(RegisterModel(), "default/new"))
                await offsets.wait(it.db, outcome.position)
        async with projecting(it):  # it stays parked after a restart
            assert [row.model for row in await parked.every(it.db)] == ["default/ill"]
            assert await models.get(it.db, "default/new") is not None


async def test_values_that_postgres_rejects_park_only_their_model(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        async with serving(it.log), Asker(it.log) as asker:
            await asker.ask(envelope(RegisterModel(), "default/well"))
        book = Book()
        book.says("default/a", ModelRegistered())
        book.says("default/ill", ModelRegistered(tags={"a\x00": "b"}))
        deep = b'{"description":"x","tags":{},"deep":' + b"[" * 20_000 + b"]" * 20_000 + b"}"
        book.says("default/deep", ModelRegistered())
        book.spoils(deep)
        book.says("default/long", ModelRegistered())
        artifact = Artifact(uri="s3://m", digest="sha256:" + "0" * 64)
        book.says(
            "default/long", VersionRegistered(version=2**40, registered_by="a", artifact=artifact)
        )
        book.says("default/answer", CommandConfirmed(command="x"), seq=2**70)
        book.says(None, CommandConfirmed(command="x"), seq=2**70)
        book.says("default/b", ModelRegistered())
        async with projecting(it):
            *_, last = await append(it.log, 0, book.records)
            await offsets.wait(it.db, last)
            assert [row.model for row in await parked.every(it.db)] == [
                "default/answer",
                "default/deep",
                "default/long",
            ]
            assert [row.key for row in await models.page(it.db)] == [
                "default/a",
                "default/b",
                "default/ill",
                "default/long",
                "default/well",
            ]


async def test_a_record_of_an_ended_claim_is_ignored(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        async with serving(it.log), Asker(it.log) as asker:
            await asker.ask(envelope(RegisterModel(description="before")))
        async with projecting(it):
            await it.caught_up()
        async with serving(it.log):  # a second claim
            pass
        book = Book()
        book.says("default/fraud", ModelDescribed(description="zombie"), claim=0, seq=2)
        (late,) = await append(it.log, 0, book.records)
        async with projecting(it):  # which starts in the middle, with the claim from Postgres
            await offsets.wait(it.db, late)
            row = await models.get(it.db, "default/fraud")
            assert row is not None
            assert row.description == "before"
            assert row.parked is None
            assert await history.at(it.db, late) is None
            assert await it.faults(ignored=[late]) == []
