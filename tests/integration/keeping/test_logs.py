"""A log that was kept and put back: the same bytes, the same tables, and it goes on from there."""

import asyncio
import gzip
from datetime import datetime
from itertools import pairwise
from pathlib import Path

import pytest

from rollbook.audit.__main__ import main as verify
from rollbook.audit.note import SigningKey
from rollbook.cli import auditlog
from rollbook.cli.backlog import Kept, Restored, put_back
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.keptlog import keep
from rollbook.cli.logcut import cut
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.rules import SetRules
from rollbook.domain.streams import StreamCommand
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.fence import FencedProducer
from rollbook.eventlog.governance import as_record
from rollbook.eventlog.outcomes import CommandRefused, CommandRepeated
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import heading
from rollbook.eventlog.restoring import Restorer
from rollbook.eventlog.topics import LogAddress
from rollbook.readmodel import database
from rollbook.readmodel.digests import digests
from tests.integration.exactly_once.test_governance import folded, following, publish, ruled
from tests.integration.projector.world import fresh, projecting, world
from tests.support.checker import check
from tests.support.service import make_topics, serving, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import SIGNED, Traffic, envelope, traffic, version


@pytest.fixture
def kept(tmp_path: Path) -> Path:
    return tmp_path / "log.tar"


async def export(log: LogAddress, to: Path, at: datetime | Position | None = None) -> None:
    await keep(log, await cut(log, at), to, as_of=None if at is None else str(at))


async def restore(file: Path, log: LogAddress) -> Restored:
    found = Kept.open(file)
    try:
        return await put_back(found, log, 1)
    finally:
        found.close()


async def bytes_of(log: LogAddress) -> dict[int, list[tuple[object, ...]]]:
    return {
        number: [(r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in records]
        for number, records in (await whole_log(log)).items()
    }


async def busy(log: LogAddress, partitions: int = 3) -> Traffic:
    """A log with governed traffic, snapshots and two claims per partition."""
    await make_topics(log, partitions)
    async with traffic(log, namespaces=3, models=3) as flow:
        for _ in range(2):
            async with serving(log, snapshot_every=40), flow.flowing(4):
                await flow.answered(150)
    return flow


async def test_a_log_that_is_put_back_is_the_same_and_goes_on_without_a_seam(
    cluster: Cluster, kept: Path
) -> None:
    log, other = cluster.log(), cluster.log()
    flow = await busy(log)
    await export(log, kept)
    done = await restore(kept, other)

    before = await bytes_of(log)
    assert await bytes_of(other) == before
    sizes = {number: len(records) for number, records in before.items()}
    assert done.written == sizes
    assert done.roots == await auditlog.roots(log, sizes)
    async with following(other) as governance:  # before any service has started there
        assert governance.namespaces == folded(await whole_log(other))

    async with serving(other), Asker(other) as asker:
        known = next(iter(flow.acknowledged))
        (was,) = [r for p in (await whole_log(log)).values() for r in p if _answers(r, known)][:1]
        again = await _send_again(asker, flow, known)
        assert (again.offset, was.offset) == (flow.acknowledged[known].offset,) * 2
        async with traffic(other, namespaces=3, models=3, seed=7) as more:
            async with more.flowing(4):
                await more.answered(150)
            async with following(other) as governance:
                governs = governance.namespaces
    found = await whole_log(other)
    asked = flow.asked + more.asked
    asked[known] += 1
    acknowledged = flow.acknowledged | more.acknowledged
    assert check(found, asked, acknowledged, governs) == []


def _answers(record: Record, command: str) -> bool:
    head = heading(record)
    return head.command_id == command.encode() and head.kind != "CommandRepeated"


async def _send_again(asker: Asker, flow: Traffic, command: str) -> Position:
    """The command under the same id once more, and where it is said to have been answered."""
    first = flow.answers[command]
    assert first.model is not None
    wanted = envelope(RegisterModel(), first.model, actor=first.actor)
    if "/" not in first.model:
        wanted = envelope(SetRules(rules=SIGNED), first.model, actor=first.actor)
    outcome = await asker.ask(wanted._replace(id=command))
    assert not isinstance(outcome.message, CommandRepeated), "the first answer is handed out"
    return outcome.position


async def test_the_tables_of_both_have_the_same_digests(cluster: Cluster, kept: Path) -> None:
    async with fresh(cluster) as it:
        await busy(it.log)
        await export(it.log, kept)
        other = cluster.log()
        await restore(kept, other)
        async with (
            world(other, cluster.postgres, cluster.schema()) as copy,
            projecting(it),
            projecting(copy),
        ):
            await it.caught_up()
            await copy.caught_up()
            one = await database.connection(it.dsn, it.schema)
            two = await database.connection(copy.dsn, copy.schema)
            assert await digests(one) == await digests(two)
            await one.close()
            await two.close()


async def test_what_governs_holds_before_its_partition_has_recovered(
    cluster: Cluster, kept: Path
) -> None:
    log, other = cluster.log(), cluster.log()
    await make_topics(log, 2)
    async with serving(log), Asker(log) as asker:
        await asker.ask(envelope(SetRules(rules=SIGNED), "team"))
        for model in ("team/a", "team/b", "team/c", "team/d"):
            await asker.ask(envelope(RegisterModel(), model))
            await asker.ask(envelope(version(), model))
    await export(log, kept)
    await restore(kept, other)
    async with Asker(other) as asker:
        asking = [
            asyncio.ensure_future(asker.ask(envelope(PromoteVersion(version=1), f"team/{name}")))
            for name in "abcd"  # they wait in the topic when the service starts
        ]
        async with serving(other):
            answers = await asyncio.gather(*asking)
    codes = [a.message.code for a in answers if isinstance(a.message, CommandRefused)]
    assert codes == ["needs_request"] * 4


async def test_putting_back_goes_on_where_it_was_broken_off(cluster: Cluster, kept: Path) -> None:
    log, other = cluster.log(), cluster.log()
    await busy(log)
    await export(log, kept)
    await make_topics(other, 3)
    records = (await whole_log(log))[1]
    half = [Outgoing(r.key, r.value, list(r.headers), r.timestamp) for r in records[:20]]
    restorer = await Restorer.open(other, 1)
    await restorer.commands(9)
    await restorer.events(0, half)
    await restorer.close()

    done = await restore(kept, other)
    assert done.written[1] == len(records) - 20
    assert await bytes_of(other) == await bytes_of(log)
    assert set((await restore(kept, other)).written.values()) == {0}


async def test_a_copy_that_nobody_wrote_to_is_brought_up_to_date(
    cluster: Cluster, tmp_path: Path
) -> None:
    log, other = cluster.log(), cluster.log()
    flow = await busy(log)
    await export(log, tmp_path / "old.tar")
    await restore(tmp_path / "old.tar", other)
    async with serving(log), Asker(log) as asker:
        for _ in range(5):
            await asker.ask(envelope(version()))
    await export(log, tmp_path / "new.tar")
    assert sum((await restore(tmp_path / "new.tar", other)).written.values()) >= 5
    assert await bytes_of(other) == await bytes_of(log)
    assert flow.acknowledged
    with pytest.raises(Failure, match="not the beginning"):
        await restore(tmp_path / "old.tar", other)


async def test_a_log_that_is_another_is_refused_and_stays_as_it_is(
    cluster: Cluster, kept: Path
) -> None:
    log, other = cluster.log(), cluster.log()
    await busy(log)
    await export(log, kept)
    await make_topics(other, 3)
    async with serving(other):
        before = await bytes_of(other)
    with pytest.raises(Failure, match="is not empty") as refused:
        await restore(kept, other)
    assert refused.value.exit_code == Exit.REFUSED
    assert await bytes_of(other) == before

    narrow = cluster.log()
    await make_topics(narrow, 2)
    with pytest.raises(Failure, match="2 partitions, not 3"):
        await restore(kept, narrow)


async def test_commands_that_wait_already_are_not_passed_over(cluster: Cluster, kept: Path) -> None:
    log, other = cluster.log(), cluster.log()
    await make_topics(log, 1)
    async with serving(log), Asker(log) as asker:
        await asker.ask(envelope(RegisterModel()))
    await export(log, kept)
    await make_topics(other, 1)
    async with Asker(other) as asker:
        asking = asyncio.ensure_future(asker.ask(envelope(version(1))))
        await asyncio.sleep(0.5)
        with pytest.raises(Failure, match="commands stand in"):
            await restore(kept, other)
        asking.cancel()
    assert await bytes_of(other) == {0: []}


async def test_what_is_left_of_another_log_in_other_topics_does_not_win(
    cluster: Cluster, kept: Path
) -> None:
    log = cluster.log()
    await make_topics(log, 1)
    async with serving(log), Asker(log) as asker:
        await asker.ask(envelope(SetRules(rules=SIGNED), "team"))
    await export(log, kept)
    for left, said in (
        (as_record("team", ruled(7), 1_000), "says of team what the log does not"),
        (as_record("gone", ruled(1), 0), "says of gone what the log does not"),
    ):
        other = cluster.log()
        await make_topics(other, 1)
        await publish(other, left)
        with pytest.raises(Failure, match=said):
            await restore(kept, other)
        assert await bytes_of(other) == {0: []}
    other = cluster.log()
    await make_topics(other, 1)
    producer = await FencedProducer.open(other.kafka, "other")
    await producer.append(other.snapshots, 0, [Outgoing(b"claim", b"{}", [], 0)])
    await producer.close()
    with pytest.raises(Failure, match="snapshots of another log"):
        await restore(kept, other)
    assert await bytes_of(other) == {0: []}


async def test_a_damaged_file_is_found_before_anything_is_written(
    cluster: Cluster, tmp_path: Path
) -> None:
    log, folder = cluster.log(), tmp_path / "log"
    await busy(log)
    await export(log, folder)
    file = folder / "records-2.jsonl.gz"
    lines = gzip.decompress(file.read_bytes()).splitlines(keepends=True)
    for damage in (
        gzip.compress(b"".join(lines[:-1])),
        gzip.compress(b"".join(lines[:4] + lines[5:])),
        gzip.compress(b"".join(lines).replace(b"a", b"b", 1)),
        file.read_bytes()[:-40],
    ):
        file.write_bytes(damage)
        other = cluster.log()
        with pytest.raises(Failure, match="damaged") as refused:
            await restore(folder, other)
        assert refused.value.exit_code == Exit.REFUSED
        assert set((await auditlog.ends(other)).values()) == {0}


async def test_a_clone_as_of_a_moment_has_just_what_was_there(
    cluster: Cluster, tmp_path: Path
) -> None:
    log = cluster.log()
    await busy(log)
    whole = await whole_log(log)
    outcomes = [r for r in whole[1] if heading(r).kind != "WriterClaimed"]
    middle = outcomes[len(outcomes) // 2]
    at = datetime.fromisoformat(heading(middle).time.decode())
    stops = await cut(log, at)
    for number, records in whole.items():
        times = [
            (heading(r).kind, datetime.fromisoformat(heading(r).time.decode())) for r in records
        ]
        assert all(time <= at for kind, time in times[: stops[number]] if kind != "WriterClaimed")
        assert all(time > at for kind, time in times[stops[number] :] if kind != "WriterClaimed")
    by_position = await cut(log, Position(1, middle.offset))
    assert by_position == {**stops, 1: middle.offset + 1}
    assert await cut(log, None) == {number: len(records) for number, records in whole.items()}
    assert set((await cut(log, datetime.fromisoformat("2001-01-01T00:00Z"))).values()) == {0}

    other = cluster.log()
    await export(log, tmp_path / "then.tar", at)
    await restore(tmp_path / "then.tar", other)
    assert await bytes_of(other) == {n: r[: stops[n]] for n, r in (await bytes_of(log)).items()}
    async with serving(other), Asker(other) as asker:
        new: list[StreamCommand] = [RegisterModel(), version(1), version(2)]
        outcomes_ = [await asker.ask(envelope(command, "other/new")) for command in new]
    assert [o.seq for o in outcomes_] == [1, 2, 3]
    assert all(b.cmd_offset == (a.cmd_offset or 0) + 1 for a, b in pairwise(outcomes_))


async def test_what_is_kept_without_checkpoints_is_known_to_be_unsigned(
    cluster: Cluster, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = cluster.log()
    await busy(log)
    await export(log, tmp_path / "log")
    key = str(SigningKey("example.org/x", bytes(32)).verifier)
    assert verify(["verify", str(tmp_path / "log"), "--key", key, "--json"]) == 1
    assert '"what": "unsigned"' in capsys.readouterr().out
