"""A FastStream service reads the log by the contract alone: topic, headers, key, JSON Schema."""

import asyncio
import json
from typing import Any
from uuid import uuid4

from faststream.kafka import KafkaBroker, KafkaMessage
from jsonschema import Draft202012Validator

from rollbook.command.app import CommandService
from rollbook.command.settings import CommandSettings
from rollbook.domain.catalog import RegisterModel
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.model import ModelCommand
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog.asking import Asker
from rollbook.eventlog.envelope import CommandEnvelope
from tests.contracts import binding
from tests.contracts.schemas import CONTRACTS
from tests.support.stack import Cluster

MODEL = "fraud/card-approval"
COMMANDS: tuple[ModelCommand, ...] = (
    RegisterModel(description="Approves card payments."),
    RegisterVersion(artifact=Artifact(uri="s3://m/1", digest="sha256:" + "a" * 64)),
    PromoteVersion(version=1),
    PromoteVersion(version=7),
)


async def test_a_faststream_subscriber_reads_the_log_by_its_contract(cluster: Cluster) -> None:
    log = cluster.log()
    service = CommandService(CommandSettings(kafka=log.kafka, app=log.app, partitions=1))
    await service.start()
    broker = KafkaBroker(log.kafka)
    seen: asyncio.Queue[tuple[KafkaMessage, Any]] = asyncio.Queue()

    @broker.subscriber(log.events, group_id=f"{log.app}-reader", auto_offset_reset="earliest")
    async def read(body: dict[str, Any], message: KafkaMessage) -> None:
        await seen.put((message, body))

    try:
        async with Asker(log) as asker:
            asked = [
                await asker.ask(CommandEnvelope(id=str(uuid4()), model=MODEL, command=command))
                for command in COMMANDS
            ]
        await broker.start()
        async with asyncio.timeout(60):
            claim, *outcomes = [await seen.get() for _ in range(1 + len(asked))]
    finally:
        await broker.stop()
        await service.stop()
    assert claim[0].headers["ce_type"] == "WriterClaimed"
    check(*claim, binding.CLAIM_HEADERS)
    for (message, body), outcome in zip(outcomes, asked, strict=True):
        check(message, body, binding.OUTCOME_HEADERS)
        assert message.headers["ce_id"] == outcome.id
        assert message.headers["ce_claim"] == "0"
    assert [message.headers["ce_type"] for message, _ in outcomes] == [
        "ModelRegistered",
        "VersionRegistered",
        "VersionPromoted",
        "CommandRefused",
    ]
    promoted = outcomes[2][1]
    assert (promoted["version"], promoted["environment"]) == (1, "production")
    assert outcomes[1][0].headers["ce_schema"] == "2"
    assert outcomes[3][1]["code"] == "unknown_version"


def check(message: KafkaMessage, body: Any, headers: tuple[binding.Header, ...]) -> None:
    Draft202012Validator(binding.json_schema(headers)).validate(message.headers)
    kind, version = message.headers["ce_type"], message.headers.get("ce_schema", "1")
    schema = json.loads((CONTRACTS / f"schemas/events/{kind}.v{version}.json").read_text())
    Draft202012Validator(schema).validate(body)
