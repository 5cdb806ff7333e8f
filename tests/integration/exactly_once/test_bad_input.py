"""What could never work: dead-lettered with reason, origin and original bytes; the rest goes on."""

import os
from dataclasses import dataclass
from uuid import uuid4

import pytest
from aiokafka import AIOKafkaProducer

from rollbook.domain.catalog import RegisterModel
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.kafka import read
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.records import decode_event
from rollbook.eventlog.routing import partition_for
from tests.support.service import make_topics, serving, whole_log
from tests.support.stack import Cluster
from tests.support.traffic import envelope

KEY = b"default/fraud"


@dataclass
class Bad:
    """A record that can never work."""

    code: str
    reason: str
    key: bytes | None = KEY
    value: bytes = b"{}"
    type: bytes = b"RegisterModel"
    id: bytes | None = b"generate"
    wrong_partition: bool = False


BAD = {
    "a key of another partition": Bad("misrouted", "murmur2", wrong_partition=True),
    "no key": Bad("no_key", "namespace/name", key=None),
    "a key that is no model": Bad("no_key", "namespace/name", key=b"fraud"),
    "an unknown type": Bad("unknown_type", "RegisterModel", type=b"DropEverything"),
    "bad JSON": Bad("invalid", "JSON", value=b"{nope"),
    "a bad field": Bad("invalid", "description", value=b'{"description": 7}'),
    "an unknown field": Bad("invalid", "colour", value=b'{"colour": "red"}'),
    "no id": Bad("malformed", "ce_id", id=None),
    "an id that is no UUID": Bad("malformed", "UUID", id=b"1"),
    "5 MB of noise": Bad("oversize", "1,000,000", value=os.urandom(5_000_000)),
}


@pytest.mark.parametrize("name", BAD)
async def test_bad_input_is_dead_lettered_answered_and_does_not_stop_the_next(
    cluster: Cluster, name: str
) -> None:
    log, bad = cluster.log(), BAD[name]
    await make_topics(log)
    partition = partition_for(bad.key or KEY, 2)
    partition = 1 - partition if bad.wrong_partition else partition
    command_id = str(uuid4()).encode() if bad.id == b"generate" else bad.id
    headers = [("ce_type", bad.type), ("authorization", b"Bearer very-secret")]
    headers += [("ce_id", command_id)] if command_id is not None else []
    async with serving(log), Asker(log) as asker:
        async with AIOKafkaProducer(
            bootstrap_servers=log.kafka, max_request_size=8_000_000
        ) as sender:
            sent = await sender.send_and_wait(
                log.commands, bad.value, bad.key, partition=partition, headers=headers
            )
        after = await asker.ask(envelope(RegisterModel()))
        assert after.seq == 1
        refusals = [
            decode_event(record, p)
            for p, records in (await whole_log(log)).items()
            for record in records
            if dict(record.headers)["ce_type"] == b"CommandRefused"
        ]
    (refused,) = refusals
    assert isinstance(refused.message, CommandRefused)
    assert refused.message.code == bad.code
    assert bad.reason in refused.message.message
    assert refused.message.dead_letter
    assert refused.cmd_offset == sent.offset
    if command_id is not None and bad.id == b"generate" and bad.code != "oversize":
        assert refused.command_id == command_id.decode()
    (letter,) = [r async for batch in read(log.kafka, log.dead_letters, 0, 0, 1) for r in batch]
    kept = dict(letter.headers)
    assert letter.value == bad.value
    assert kept["rollbook_key"] == (bad.key or b"")
    assert kept["rollbook_code"] == bad.code.encode()
    assert bad.reason in kept["rollbook_reason"].decode()
    assert kept["rollbook_origin"] == f"{log.app}.commands/{partition}/{sent.offset}".encode()
    assert "authorization" not in kept


async def test_a_broken_token_is_refused_and_stands_in_the_log_without_the_token(
    cluster: Cluster,
) -> None:
    log = cluster.log()
    await make_topics(log)
    async with serving(log, token_secret="s" * 32), Asker(log) as asker:
        outcome = await asker.ask(envelope(RegisterModel(), token="not.a.token"))
        assert isinstance(outcome.message, CommandRefused)
        assert outcome.message.code == "unauthenticated"
        assert "not.a.token" not in repr(await whole_log(log))
