"""Checkpoints by themselves: signed, published, witnessed; and refused for a rewritten log."""

import asyncio
import os
import random
import shutil
import sys
import threading
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient
from prometheus_client import REGISTRY

from rollbook.audit.bundle import NOTE
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.cosignature import WitnessKey
from rollbook.audit.note import SigningKey
from rollbook.auditor.app import AuditorService
from rollbook.auditor.settings import AuditorSettings
from rollbook.cli.witnessing import Notebook, serving
from rollbook.eventlog import topics
from rollbook.eventlog.topics import LogAddress
from tests.support.service import until
from tests.support.stack import Cluster

SIGNER = SigningKey("example.org/log", b"s" * 32)
WITNESS = SigningKey("example.net/witness", b"w" * 32)


@pytest.fixture
async def log(cluster: Cluster) -> LogAddress:
    made = cluster.log()
    await topics.ensure(made, 2)
    return made


@pytest.fixture
def key(tmp_path: Path) -> Path:
    file = tmp_path / "signer.key"
    file.write_text(SIGNER.reveal() + "\n")
    return file


@pytest.fixture
def shelf(tmp_path: Path) -> Path:
    return tmp_path / "shelf"


@pytest.fixture
def witness(tmp_path: Path) -> Iterator[str]:
    """A witness that listens, as ROLLBOOK_CHECKPOINT_TO names it."""
    notebook = Notebook(tmp_path / "seen", [SIGNER.verifier], WITNESS)
    server = serving(notebook, "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}#{WitnessKey.of(WITNESS)}"
    server.shutdown()
    thread.join()
    server.server_close()


async def write(log: LogAddress, number: int, word: str = "record") -> None:
    async with AIOKafkaProducer(bootstrap_servers=log.kafka) as producer:
        for n in range(number):
            value = f"{word} {n}".encode()
            await producer.send_and_wait(log.events, value, b"a/b", partition=n % 2)


async def rewrite(log: LogAddress, number: int) -> None:
    """Another topic by the same name, with as many records."""
    admin = AIOKafkaAdminClient(bootstrap_servers=log.kafka)
    await admin.start()
    await admin.delete_topics([log.events])
    async with asyncio.timeout(20):
        while log.events in await admin.list_topics():  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    await admin.close()
    await topics.ensure(log, 2)
    await write(log, number, "another")


def settings(log: LogAddress, key: Path, *places: object) -> AuditorSettings:
    return AuditorSettings.model_validate(
        {
            "kafka": log.kafka,
            "app": log.app,
            "checkpoint_every": "PT0.3S",
            "checkpoint_to": ",".join(map(str, places)),
            "checkpoint_key": str(key),
        }
    )


@asynccontextmanager
async def auditing(log: LogAddress, key: Path, *places: object) -> AsyncIterator[AuditorService]:
    service = AuditorService(settings(log, key, *places))
    await service.start()
    try:
        yield service
    finally:
        await service.stop()


def kept(shelf: Path) -> dict[int, int]:
    """The newest size by partition; every note is whole and signed."""
    found: dict[int, int] = {}
    for file in shelf.iterdir() if shelf.is_dir() else ():
        if NOTE.fullmatch(file.name):
            made = Checkpoint.open(file.read_text(), [SIGNER.verifier])
            assert made.file_name == file.name
            found[made.partition] = max(made.size, found.get(made.partition, 0))
    return found


def files(shelf: Path) -> dict[Path, int]:
    """When each note and list of keys was written; what the store is still writing has a `#`."""
    whole = [file for file in shelf.iterdir() if "#" not in file.name] if shelf.is_dir() else []
    return {file: file.stat().st_mtime_ns for file in whole}


async def test_checkpoints_are_published_and_go_on_with_the_log(
    log: LogAddress, key: Path, shelf: Path
) -> None:
    await write(log, 10)
    async with auditing(log, key, shelf) as service:
        await until(lambda: kept(shelf) == {0: 5, 1: 5})
        await until(lambda: service.ready)
        await write(log, 4)
        await until(lambda: kept(shelf) == {0: 7, 1: 7})
    assert (shelf / "keys.txt").read_text().split() == [str(SIGNER.verifier)]
    assert REGISTRY.get_sample_value("rollbook_checkpoint_refused") == 0


async def test_a_quiet_log_is_not_signed_again(log: LogAddress, key: Path, shelf: Path) -> None:
    await write(log, 2)
    async with auditing(log, key, shelf):
        await until(lambda: kept(shelf) == {0: 1, 1: 1})
        before = files(shelf)
        await asyncio.sleep(1)
    assert files(shelf) == before


async def test_a_rewritten_log_is_not_signed_and_it_is_said_aloud(
    log: LogAddress, key: Path, shelf: Path
) -> None:
    await write(log, 10)
    async with auditing(log, key, shelf) as service:
        await until(lambda: kept(shelf) == {0: 5, 1: 5})
    await rewrite(log, 14)
    async with auditing(log, key, shelf) as service:
        await until(lambda: service.refused is not None)
        assert REGISTRY.get_sample_value("rollbook_checkpoint_refused") == 1
        assert "the log forked: at 5 records of partition 0" in str(service.refused)
        await asyncio.sleep(1)
        assert not service.ready
    assert kept(shelf) == {0: 5, 1: 5}


async def test_one_that_was_cut_is_not_signed_either(
    log: LogAddress, key: Path, shelf: Path
) -> None:
    await write(log, 10)
    async with auditing(log, key, shelf):
        await until(lambda: kept(shelf) == {0: 5, 1: 5})
    await rewrite(log, 0)
    async with auditing(log, key, shelf) as service:
        await until(lambda: service.refused is not None)
    assert "has only 0 records" in str(service.refused)


async def test_a_witness_cosigns_and_its_word_is_kept(
    log: LogAddress, key: Path, shelf: Path, witness: str
) -> None:
    await write(log, 6)
    id_ = WitnessKey.of(WITNESS).key_id.hex()
    async with auditing(log, key, shelf, witness) as service:
        await until((shelf / f"cosigned-1-3-{id_}.note").exists)
        await until(lambda: service.ready)
        await write(log, 2)
        await until((shelf / f"cosigned-0-4-{id_}.note").exists)
    note = (shelf / f"cosigned-0-4-{id_}.note").read_text()
    assert Checkpoint.open(note, [SIGNER.verifier]).size == 4
    assert WITNESS.name in note


async def test_a_witness_holds_against_somebody_who_rewrites_log_and_folder(
    log: LogAddress, key: Path, shelf: Path, witness: str
) -> None:
    await write(log, 6)
    async with auditing(log, key, shelf, witness) as service:
        await until(lambda: service.ready)
    shutil.rmtree(shelf)
    await rewrite(log, 8)
    async with auditing(log, key, shelf, witness) as service:
        await until(lambda: service.refused is not None)
        assert not service.ready


async def test_a_place_that_is_away_is_tried_again(
    log: LogAddress, key: Path, tmp_path: Path, shelf: Path
) -> None:
    await write(log, 4)
    blocked = tmp_path / "store"
    blocked.write_text("a file where the folder should be")
    async with auditing(log, key, shelf, f"file://{blocked / 'in'}") as service:
        await until(lambda: kept(shelf) == {0: 2, 1: 2})
        assert not service.ready
        blocked.unlink()
        await until(lambda: kept(blocked / "in") == {0: 2, 1: 2})
        await until(lambda: service.ready)


async def test_a_log_that_is_away_is_waited_for(key: Path, shelf: Path, cluster: Cluster) -> None:
    log = cluster.log()
    async with auditing(log, key, shelf) as service:
        await asyncio.sleep(1)
        assert not service.ready
        await topics.ensure(log, 2)
        await write(log, 2)
        await until(lambda: kept(shelf) == {0: 1, 1: 1})


async def test_a_new_key_goes_on_where_the_old_one_ended(
    log: LogAddress, key: Path, shelf: Path, tmp_path: Path
) -> None:
    await write(log, 2)
    async with auditing(log, key, shelf):
        await until(lambda: kept(shelf) == {0: 1, 1: 1})
    heir = SigningKey("example.org/heir", b"h" * 32)
    fresh = tmp_path / "new.key"
    fresh.write_text(heir.reveal())
    await write(log, 2)
    async with auditing(log, fresh, shelf) as service:
        await until(lambda: service.ready)
    note = (shelf / "checkpoint-0-2.note").read_text()
    assert Checkpoint.open(note, [heir.verifier]).size == 2
    assert (shelf / "keys.txt").read_text().split() == [str(SIGNER.verifier), str(heir.verifier)]


async def test_it_may_be_killed_at_any_moment(
    log: LogAddress, key: Path, shelf: Path, tmp_path: Path
) -> None:
    places = f"{shelf},{tmp_path / 'other'}"
    env = {
        **os.environ,
        "ROLLBOOK_KAFKA": log.kafka,
        "ROLLBOOK_APP": log.app,
        "ROLLBOOK_CHECKPOINT_EVERY": "PT0.1S",
        "ROLLBOOK_CHECKPOINT_TO": places,
        "ROLLBOOK_CHECKPOINT_KEY": str(key),
    }
    chance = random.Random(4)
    for _ in range(6):
        with (tmp_path / "auditor.log").open("ab") as out:
            process = await asyncio.create_subprocess_exec(
                sys.executable, "-m", "rollbook.auditor", env=env, stdout=out, stderr=out
            )
        known = len(files(shelf))
        writing = asyncio.create_task(write(log, 40))
        await until(lambda n=known: len(files(shelf)) > n, 20)
        await asyncio.sleep(chance.uniform(0, 0.3))
        process.kill()
        await process.wait()
        await writing
        kept(shelf)
    async with auditing(log, key, *places.split(",")) as service:
        await until(lambda: service.ready)
    assert kept(shelf) == kept(tmp_path / "other") == {0: 120, 1: 120}
