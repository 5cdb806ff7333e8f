"""The headers that the contracts describe are the headers that the code writes."""

import json
from datetime import UTC, datetime
from uuid import uuid4

from jsonschema import Draft202012Validator

from rollbook.command.handlers import Handlers
from rollbook.domain.environments import PromoteVersion
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog import topics
from rollbook.eventlog.commands import encode_command
from rollbook.eventlog.draft import Draft
from rollbook.eventlog.envelope import CommandEnvelope, Headers
from rollbook.eventlog.partition import Partition
from tests.contracts import binding
from tests.contracts.binding import Header
from tests.contracts.examples import Example, load, topic
from tests.contracts.schemas import CONTRACTS

EVERYTHING = CommandEnvelope(
    id=str(uuid4()),
    model="fraud/card-approval",
    command=PromoteVersion(version=1),
    source="/test",
    actor="ada",
    token="a.b.c",
    expected_seq=3,
    correlation_id="c",
    causation_id="d",
    traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    origin="mlflow:https://mlflow.example.com",
    origin_time=datetime(2025, 3, 4, 15, 30, tzinfo=UTC),
)
OF_A_LATER_SCHEMA = RegisterVersion(
    artifact=Artifact(uri="s3://models/5", digest="sha256:" + "9" * 64)
)


def as_object(headers: Headers) -> dict[str, str]:
    return {name: value.decode() for name, value in headers}


def valid(headers: Headers, described: tuple[Header, ...]) -> bool:
    found = as_object(headers)
    Draft202012Validator(
        binding.json_schema(described), format_checker=Draft202012Validator.FORMAT_CHECKER
    ).validate(found)
    return found.keys() <= {header.name for header in described}


def test_a_command_carries_every_described_header_and_no_other() -> None:
    _, _, headers = encode_command(EVERYTHING)
    assert valid(headers, binding.COMMAND_HEADERS)
    assert {name for name, _ in headers} == {header.name for header in binding.COMMAND_HEADERS}


def test_an_outcome_carries_every_described_header_and_no_other() -> None:
    partition = Partition(0)
    known = topic(load(CONTRACTS / "examples"), topics.EVENTS)
    partition.fold(known)
    draft = Draft(partition, Handlers(), partitions=1, now=partition.time)
    seq = partition.stream(EVERYTHING.model).seq
    sent = EVERYTHING._replace(token=None, expected_seq=seq, command=OF_A_LATER_SCHEMA)
    key, value, headers = encode_command(sent)
    draft.add([Example("", 0, 0, key, tuple(headers), value)])
    (outcome,) = draft.outcomes
    assert valid(outcome.headers, binding.OUTCOME_HEADERS)
    described = {header.name for header in binding.OUTCOME_HEADERS}
    assert {name for name, _ in outcome.headers} == described, json.loads(outcome.value or b"")


def test_the_headers_of_every_example_are_as_described() -> None:
    for records in load(CONTRACTS / "examples").values():
        for record in records:
            described: tuple[Header, ...] = binding.OUTCOME_HEADERS
            if record.topic == "rollbook.commands":
                described = binding.COMMAND_HEADERS
            elif record.message == "WriterClaimed":
                described = binding.CLAIM_HEADERS
            assert valid(record.headers, described), record.message
