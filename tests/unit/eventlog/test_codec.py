from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import sha256
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.domain.aliases import AliasRemoved, AliasSet
from rollbook.domain.catalog import (
    DescribeModel,
    ModelDescribed,
    ModelRegistered,
    ModelTagged,
    ModelUntagged,
)
from rollbook.domain.lineage import Dataset, Lineage, Signature
from rollbook.domain.namespace import NamespaceCommand
from rollbook.domain.versions import (
    VersionDescribed,
    VersionRegistered,
    VersionTagged,
    VersionUntagged,
)
from rollbook.eventlog.commands import COMMANDS, checked_model_key, decode_command, encode_command
from rollbook.eventlog.envelope import CommandEnvelope
from rollbook.eventlog.memory import Stored
from rollbook.eventlog.outcomes import (
    CommandConfirmed,
    CommandRefused,
    CommandRepeated,
    LogMessage,
    WriterClaimed,
)
from rollbook.eventlog.position import Position
from rollbook.eventlog.records import (
    LOG_MESSAGES,
    STREAM_EVENTS,
    Broken,
    as_json,
    decode_event,
    decode_message,
    digest,
    encode_value,
    event_id,
    heading,
)
from rollbook.eventlog.topics import EVENTS
from tests.contracts.examples import load, topic
from tests.contracts.schemas import CONTRACTS
from tests.support.commands import command_ids, commands, namespace_commands
from tests.unit.domain import examples
from tests.unit.domain.examples import ARTIFACT

MESSAGES: list[LogMessage] = [
    ModelRegistered(description="ü\n\"'", tags={"team": "growth"}),
    ModelDescribed(description=""),
    ModelTagged(tags={"a": ""}),
    ModelUntagged(keys=("a", "b")),
    VersionRegistered(
        version=2**31,
        registered_by="ada",
        artifact=ARTIFACT.model_copy(update={"size": 2**53, "format": "onnx"}),
        metrics={"auc": 0.1 + 0.2, "tiny": 5e-324, "huge": 1.7976931348623157e308, "zero": -0.0},
        params={"depth": "8"},
        tags={"a": "b"},
        lineage=Lineage(
            run_id="r", code_uri="git+https://x", code_commit="abc", environment={"python": "3"},
            datasets=(Dataset(uri="s3:d", digest=ARTIFACT.digest, role="test"),),
        ),
        signature=Signature(inputs=({"shape": [None, 3], "a": {"b": None}},), outputs=({},)),
        description="first",
        idempotency_key="run-1",
    ),
    VersionDescribed(version=1, description="x"),
    VersionTagged(version=1, tags={"a": "b"}),
    VersionUntagged(version=1, keys=("a",)),
    examples.archived(1),
    AliasSet(alias="champion", version=2, replaced=1),
    AliasRemoved(alias="champion", version=2),
    examples.promoted(2, 1),
    examples.rolled_back(2, 1),
    CommandRefused(command="X", code="conflict", message="no", dead_letter=True),
    CommandConfirmed(command="X", version=3),
    CommandRepeated(offset=7),
    WriterClaimed(writer="host/1"),
]  # fmt: skip
_listed = {type(message) for message in MESSAGES}
_golden = {
    type(event.message): event.message
    for event in (decode_event(record, 0) for record in topic(load(CONTRACTS / "examples"), EVENTS))
}
MESSAGES += [message for cls, message in _golden.items() if cls not in _listed]


def test_every_message_of_the_log_has_an_example() -> None:
    assert {type(m).__name__ for m in MESSAGES} == set(LOG_MESSAGES)
    assert set(STREAM_EVENTS) < set(LOG_MESSAGES)
    assert not set(COMMANDS) & set(LOG_MESSAGES)


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_a_message_of_the_log_survives_its_bytes(message: LogMessage) -> None:
    value = encode_value(message)
    decoded = decode_message(type(message).__name__, value, message.schema_version, b"")
    assert decoded == message
    assert encode_value(decoded) == value


@pytest.mark.parametrize("message", MESSAGES, ids=lambda m: type(m).__name__)
def test_an_older_reader_ignores_what_a_newer_writer_added(message: LogMessage) -> None:
    value = encode_value(message)[:-1] + b', "added_later": {"a": 1}}'
    assert decode_message(type(message).__name__, value, message.schema_version, b"") == message


headers = st.text(st.characters(codec="utf-8", exclude_categories=["Cc"]), min_size=1, max_size=250)
envelopes = st.builds(
    CommandEnvelope,
    id=command_ids,
    model=st.sampled_from(["team/churn", "0/Über setzer", "a/漢"]),
    command=commands,
    source=headers,
    actor=st.none() | headers,
    token=st.none() | st.from_regex(r"[\w.-]+", fullmatch=True),
    expected_seq=st.none() | st.integers(0, 10**14),
    correlation_id=st.none() | headers,
    causation_id=st.none() | headers,
    traceparent=st.none() | st.just(f"00-{1:032x}-{2:016x}-01"),
    origin=st.just("mlflow+https://tracking.example.com"),
    origin_time=st.none() | st.datetimes(timezones=st.just(UTC)),
)


@given(envelopes, namespace_commands)
def test_a_command_survives_its_bytes(envelope: CommandEnvelope, other: NamespaceCommand) -> None:
    for sent in (envelope, envelope._replace(model="team", command=other)):
        key, value, headers = encode_command(sent)
        decoded = decode_command(Stored(0, key, value, headers, 0))
        assert decoded == sent._replace(digest=decoded.digest)
        assert (decoded.digest is None) == (sent.token is None), "only what is signed is hashed"


@given(envelopes)
def test_a_signature_covers_everything_that_a_command_means(envelope: CommandEnvelope) -> None:
    seen: list[tuple[str, str]] = []

    def sign(command_id: str, digest: str) -> str:
        seen.append((command_id, digest))
        return "signed"

    key, value, headers = encode_command(envelope, sign)
    decoded = decode_command(Stored(0, key, value, headers, 0))
    assert (decoded.id, decoded.digest) == seen[0]
    assert decoded.token == "signed"
    for other in (
        envelope._replace(id=str(UUID(int=77))),
        envelope._replace(model="team/other"),
        envelope._replace(command=DescribeModel(description="something else")),
        envelope._replace(expected_seq=10**14 + 1),
        envelope._replace(origin="elsewhere"),
        envelope._replace(origin="there", origin_time=datetime(2001, 1, 1, tzinfo=UTC)),
    ):
        encode_command(other, sign)
    assert len({digest for _, digest in seen}) == len(seen)


@pytest.mark.parametrize("written", [str(UUID(int=7)).upper(), str(UUID(int=2**128 - 1)).upper()])
def test_a_command_id_has_one_form(written: str) -> None:
    key, value, sent = encode_command(
        CommandEnvelope(id=written, model="a/b", command=DescribeModel(description="x"))
    )
    assert decode_command(Stored(0, key, value, sent, 0)).id == str(UUID(written))


def record(**changes: Any) -> Stored:
    fields: dict[str, bytes | None] = {
        "ce_id": b"e1",
        "ce_type": b"ModelDescribed",
        "ce_time": b"2030-01-01T00:00:00.5+00:00",
        "ce_seq": b"2",
        "ce_prev": b"ab",
        "ce_commandid": b"c1",
        "ce_cmdoffset": b"5",
        "ce_claim": b"3",
        "ce_actor": b"anna",
        **changes,
    }
    sent = [(k, v) for k, v in fields.items() if v is not None]
    return Stored(9, b"a/b", b'{"description":"x"}', sent, 0)


def test_a_record_of_the_log_is_read_whole() -> None:
    event = decode_event(record(), 4)
    assert as_json(event) == {
        "position": "4:9",
        "id": "e1",
        "type": "ModelDescribed",
        "model": "a/b",
        "seq": 2,
        "time": "2030-01-01T00:00:00.500000+00:00",
        "actor": "anna",
        "command_id": "c1",
        "correlation_id": "c1",
        "causation_id": "c1",
        "claim": 3,
        "prev": "ab",
        "origin": None,
        "origin_time": None,
        "data": {"description": "x"},
    }
    assert event.time == datetime(2030, 1, 1, 0, 0, 0, 500_000, UTC)
    assert event.position == Position(4, 9)


@pytest.mark.parametrize(
    "changes",
    [
        *({"ce_type": None}, {"ce_type": b"\xff"}, {"ce_time": None}),
        *({"ce_seq": b"two"}, {"ce_claim": b""}, {"ce_cmdoffset": b"\xff"}),
    ],
)
def test_a_record_without_its_headers_is_broken(changes: dict[str, bytes | None]) -> None:
    with pytest.raises(Broken, match="offset 9"):
        heading(record(**changes))


def test_an_unknown_event_and_a_wrong_value_are_broken() -> None:
    with pytest.raises(Broken, match="unknown event type 'Exploded'"):
        decode_message("Exploded", b"{}", 1, b"")
    with pytest.raises(Broken, match="ModelDescribed: description: Field required"):
        decode_message("ModelDescribed", b"{}", 1, b"")
    with pytest.raises(Broken, match="Invalid JSON"):
        decode_message("ModelDescribed", None, 1, b"")


# Digest


KEY, VALUE = b"team/churn", b'{"description":"x"}'
HEADERS = [("ce_id", b"e1"), ("ce_type", b"ModelDescribed"), ("ce_seq", b"2")]


def test_the_digest_is_that_of_lines_anybody_can_make() -> None:
    lines = b"team/churn\nce_id\ne1\nce_type\nModelDescribed\nce_seq\n2\n\n" + VALUE
    assert digest(KEY, VALUE, HEADERS) == sha256(lines).hexdigest()


def flips(data: bytes) -> list[bytes]:
    return [
        data[:at] + bytes([data[at] ^ 1 << bit]) + data[at + 1 :]
        for at in range(len(data))
        for bit in range(7 if data.isascii() else 8)
    ]


def test_a_flip_of_any_bit_changes_the_digest() -> None:
    seen = {digest(KEY, VALUE, HEADERS)}
    count = 1
    for key in flips(KEY):
        seen.add(digest(key, VALUE, HEADERS))
        count += 1
    for value in flips(VALUE):
        seen.add(digest(KEY, value, HEADERS))
        count += 1
    for at, (name, content) in enumerate(HEADERS):
        changed = [(other.decode(), content) for other in flips(name.encode())]
        changed += [(name, other) for other in flips(content)]
        for header in changed:
            seen.add(digest(KEY, VALUE, [*HEADERS[:at], header, *HEADERS[at + 1 :]]))
            count += 1
    assert count > 400
    assert len(seen) == count


@pytest.mark.parametrize(
    "change",
    [
        lambda h: h[1:],
        lambda h: h[::-1],
        lambda h: [*h, ("ce_x", b"")],
        lambda h: [("ce_ide", b"1"), *h[1:]],
        lambda h: [h[0], h[0], *h[1:]],
    ],
    ids=["dropped", "reordered", "added", "shifted", "doubled"],
)
def test_any_other_headers_change_the_digest(change: Callable[..., Any]) -> None:
    assert digest(KEY, VALUE, change(HEADERS)) != digest(KEY, VALUE, HEADERS)


def test_bytes_do_not_move_between_key_and_value_unseen() -> None:
    assert digest(b"a", b"bc", []) != digest(b"ab", b"c", [])


# Ids and positions


def test_an_event_id_is_a_uuid_of_model_and_command() -> None:
    ids = {event_id(m, c) for m in (None, b"a/b", b"a/c") for c in (b"1", b"2")}
    assert len(ids) == 6
    assert all(UUID(i.decode()).version == 8 for i in ids)
    assert event_id(b"a/b", b"1") == event_id(b"a/b", b"1")


@given(st.integers(0, 10_000), st.integers(0, 2**63))
def test_a_position_survives_its_text(partition: int, offset: int) -> None:
    position = Position(partition, offset)
    assert Position.parse(str(position)) == position


@pytest.mark.parametrize("text", ["", "3", "3:", ":1", "-3:1", "3:1:2", "3:x", "3: 1", "a:b"])
def test_what_is_no_position_says_how_one_looks(text: str) -> None:
    with pytest.raises(ValueError, match="such as 3:1042"):
        Position.parse(text)


def test_a_model_key_is_checked_before_it_is_believed() -> None:
    assert checked_model_key("team/churn") == "team/churn"
    with pytest.raises(ValueError, match="namespace/name"):
        checked_model_key("churn")


def test_an_envelope_can_be_changed_only_by_copying() -> None:
    event = decode_event(record(), 0)
    assert replace(event, seq=3).seq == 3
    with pytest.raises(AttributeError):
        event.seq = 3  # type: ignore[misc]
