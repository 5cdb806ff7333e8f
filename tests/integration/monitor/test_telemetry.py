"""Telemetry is counted once, whatever becomes of monitors, of batches and of garbage."""

import random
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition

from rollbook.eventlog.topics import LogAddress
from rollbook.projector.replay import rebuild
from rollbook.readmodel import database, presence, tallies
from rollbook.readmodel.tallies import TallyRow
from rollbook.telemetry.batch import Arm, Batches, Record, Row
from rollbook.telemetry.batch import presence as told
from rollbook.telemetry.messages import Served
from tests.integration.monitor.watching import Tables
from tests.integration.query.system import Caller, until

MICRO = 1_000_000


async def publish(log: LogAddress, records: Sequence[Record]) -> None:
    producer = AIOKafkaProducer(bootstrap_servers=log.kafka, max_request_size=8_000_000)
    await producer.start()
    try:
        for key, value in records:
            await producer.send(log.telemetry, value, key)
    finally:
        await producer.stop()


def now() -> int:
    return int(datetime.now(UTC).timestamp() * 1000)


def batch(model: str, *, batches: int, rows: int, seed: int = 1) -> tuple[list[Record], int, int]:
    """Records of a rollout, with how many rows and errors they hold."""
    chance = random.Random(seed)
    source = Batches(source=f"test/{uuid4()}")
    found: list[Record] = []
    errors = 0
    for _ in range(batches):
        for _ in range(rows):
            error = chance.random() < 0.1
            errors += error
            arm = Arm(model, "production", 2, rollout=1, step=0)
            user = f"u{chance.randrange(1000)}"
            source.add(arm, Row(now(), unit=user, latency=chance.random() * 10, error=error))
        found += source.take(now())
    return found, batches * rows, errors


def read(tables: Tables, model: str) -> dict[str, TallyRow]:
    async def of() -> list[TallyRow]:
        db = await database.connection(*tables.where)
        try:
            return await tallies.of(db, model, 1)
        finally:
            await db.close()

    return {row.metric: row for row in tables.system.run(of())}


def counted(tables: Tables, model: str) -> int:
    found = read(tables, model)
    return found["latency"].rows if found else 0


def settled(tables: Tables, model: str, rows: int) -> dict[str, TallyRow]:
    """The tallies once a last batch is counted, before which all others stand in the partition."""
    last, more, _ = batch(model, batches=1, rows=3, seed=9)
    tables.system.run(publish(tables.system.log, last))
    until(lambda: counted(tables, model) >= rows + more)
    found = read(tables, model)
    assert found["latency"].rows == rows + more
    return found


def test_rows_are_counted_once_though_batches_come_twice(tables: Tables, caller: Caller) -> None:
    records, rows, errors = batch(caller.model, batches=20, rows=100)
    again = [*records, *random.Random(2).sample(records, len(records))]
    with tables.watched():
        tables.system.run(publish(tables.system.log, again))
        found = settled(tables, caller.model, rows)
    assert errors <= sum(found["errors"].x) // MICRO <= errors + 3
    assert sum(found["latency"].bins.values()) == found["latency"].rows
    assert 0 < sum(found["latency"].x) < found["latency"].rows * 10 * MICRO


def test_monitors_that_are_killed_in_the_middle_count_each_row_once(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    records, rows, errors = batch(caller.model, batches=600, rows=20)
    with tables.process(tmp_path / "first.log"), tables.process(tmp_path / "second.log"):
        tables.system.run(publish(tables.system.log, records[:200]))
        until(lambda: counted(tables, caller.model) > 0, 60)
        tables.system.run(publish(tables.system.log, records[150:]))
    # Both were killed, wherever they were; their leases end by themselves.
    tables.system.run(publish(tables.system.log, records[:100]))
    with tables.watched():
        found = settled(tables, caller.model, rows)
    assert errors <= sum(found["errors"].x) // MICRO <= errors + 3
    assert sum(found["errors"].n) == found["latency"].rows


def test_garbage_becomes_a_dead_letter_and_the_rest_goes_on(tables: Tables, caller: Caller) -> None:
    records, rows, _ = batch(caller.model, batches=4, rows=10)
    key = caller.model.encode()
    garbage = [b"\xff\x00", b"{}", b'{"kind":"predictions","rows":{"time":[1]}}', b"[" * 100_000]
    mixed = [
        part for pair in zip(((key, g) for g in garbage), records, strict=True) for part in pair
    ]
    before = len(tables.system.run(letters(tables.system.log)))
    with tables.watched():
        tables.system.run(publish(tables.system.log, mixed))
        settled(tables, caller.model, rows)
    found = tables.system.run(letters(tables.system.log))[before:]
    assert [value for value, _ in found] == garbage
    assert all(headers["rollbook_code"] == b"malformed" for _, headers in found)
    assert all(headers["rollbook_reason"] for _, headers in found)
    assert all(headers["rollbook_key"] == key for _, headers in found)


def test_what_the_tables_cannot_hold_becomes_a_dead_letter_as_well(
    tables: Tables, caller: Caller
) -> None:
    records, rows, _ = batch(caller.model, batches=3, rows=10)
    before = len(tables.system.run(letters(tables.system.log)))

    async def refuse() -> None:
        db = await database.connection(*tables.where)
        try:
            check = f"CHECK (model <> '{caller.model}' OR metric <> 'value:no')"
            await db.execute(f"ALTER TABLE tallies ADD CONSTRAINT no {check}")
        finally:
            await db.close()

    tables.system.run(refuse())
    source = Batches("bad")
    source.add(Arm(caller.model, "production", 2, rollout=1), Row(now(), values={"no": 1.0}))
    bad = source.take(now())
    with tables.watched():
        tables.system.run(publish(tables.system.log, [*records[:1], *bad, *records[1:]]))
        settled(tables, caller.model, rows)
    found = tables.system.run(letters(tables.system.log))[before:]
    assert [value for value, _ in found] == [bad[0][1]]
    assert b"CheckViolation" in found[0][1]["rollbook_reason"]


async def letters(log: LogAddress) -> list[tuple[bytes | None, dict[str, bytes]]]:
    """The dead letters of telemetry, oldest first."""
    consumer = AIOKafkaConsumer(bootstrap_servers=log.kafka, auto_offset_reset="earliest")
    await consumer.start()
    try:
        place = TopicPartition(log.dead_letters, 0)
        consumer.assign([place])
        end = (await consumer.end_offsets([place]))[place]
        found: list[tuple[bytes | None, dict[str, bytes]]] = []
        while await consumer.position(place) < end:
            for record in (await consumer.getmany(place, timeout_ms=1000)).get(place, []):
                headers = dict(record.headers)
                if headers["rollbook_origin"].startswith(log.telemetry.encode()):
                    found.append((record.value, headers))
        return found
    finally:
        await consumer.stop()


def test_what_a_server_no_longer_says_it_serves_is_gone(tables: Tables, caller: Caller) -> None:
    source, model = f"s/{uuid4()}", caller.model

    def shown() -> list[tuple[str, int, str]]:
        async def of() -> list[presence.PresenceRow]:
            db = await database.connection(*tables.where)
            try:
                return await presence.of(db, model, datetime.now(UTC))
            finally:
                await db.close()

        return [(row.environment, row.version, row.digest) for row in tables.system.run(of())]

    def tell(*versions: int) -> None:
        serves = [Served(model, "production", v, f"sha256:{v}") for v in versions]
        tables.system.run(publish(tables.system.log, [told(source, "local", serves, now())]))

    with tables.watched():
        tell(1, 2)
        until(lambda: len(shown()) == 2)
        tell(2)
        until(lambda: shown() == [("production", 2, "sha256:2")])
        tell()
        until(lambda: shown() == [])


def test_sums_outlive_the_views_that_are_made_again(tables: Tables, caller: Caller) -> None:
    records, rows, _ = batch(caller.model, batches=3, rows=10)
    with tables.watched():
        tables.system.run(publish(tables.system.log, records))
        until(lambda: counted(tables, caller.model) == rows)
    tables.system.run(rebuild(tables.system.log, *tables.where, report=lambda _: None))
    assert counted(tables, caller.model) == rows
