"""Fails when aiokafka's inside is no longer what `fence.py` relies on."""

import inspect

import aiokafka
import pytest
from aiokafka import AIOKafkaProducer
from aiokafka.errors import InvalidProducerEpoch, KafkaError, ProducerFenced
from aiokafka.producer.sender import Sender
from aiokafka.record import default_records, legacy_records, memory_records, util

PINNED = "0.14."


def test_aiokafka_is_the_one_that_was_tried() -> None:
    assert aiokafka.__version__.startswith(PINNED)


def test_the_c_extensions_of_aiokafka_are_loaded() -> None:
    loaded = [
        default_records.DefaultRecordBatchBuilder,
        default_records.DefaultRecordBatch,
        legacy_records.LegacyRecordBatchBuilder,
        memory_records.MemoryRecords,
    ]
    assert all("_crecords" in cls.__module__ for cls in loaded), "12 to 25 times slower without"
    assert "_crecords" in util.calc_crc32c.__module__


@pytest.fixture
async def idempotent() -> AIOKafkaProducer:
    return AIOKafkaProducer(bootstrap_servers="localhost:1", enable_idempotence=True, acks="all")


async def test_an_idempotent_producer_takes_an_epoch_from_outside(
    idempotent: AIOKafkaProducer,
) -> None:
    manager = idempotent._txn_manager
    assert manager.transactional_id is None
    assert not manager.has_pid()
    manager.set_pid_and_epoch(7, 3)
    assert (manager.producer_id, manager.producer_epoch) == (7, 3)
    assert manager.has_pid()
    await idempotent.stop()


async def test_the_sender_asks_for_no_other_epoch_once_it_has_one() -> None:
    assert "has_pid" in inspect.getsource(Sender._maybe_wait_for_pid)


async def test_a_transactional_producer_tells_its_epoch() -> None:
    probe = AIOKafkaProducer(bootstrap_servers="localhost:1", transactional_id="x")
    assert probe._txn_manager.transactional_id == "x"
    assert hasattr(probe._txn_manager, "producer_id")
    assert hasattr(probe._txn_manager, "producer_epoch")
    await probe.stop()


async def test_a_producer_that_hangs_can_be_taken_apart(idempotent: AIOKafkaProducer) -> None:
    assert idempotent._sender.sender_task is None, "set when started"
    assert inspect.iscoroutinefunction(idempotent.client.close)
    await idempotent.stop()


def test_what_an_older_epoch_gets_is_a_kafka_error() -> None:
    assert issubclass(ProducerFenced, KafkaError)
    assert issubclass(InvalidProducerEpoch, KafkaError)
