from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

import pytest

from rollbook.domain.catalog import RegisterModel
from rollbook.domain.versions import RegisterVersion
from rollbook.eventlog.commands import SAFE_HEADER, encode_command
from rollbook.eventlog.memory import MemoryBroker
from rollbook.eventlog.outcomes import INVALID, CommandRefused
from rollbook.eventlog.routing import partition_for
from rollbook.eventlog.topics import COMMAND_LIMIT
from tests.unit.domain.examples import ARTIFACT
from tests.unit.eventlog.running import Clients, envelope, outcomes, processor, serve

PARTITIONS = 4
MODEL = "team/churn"
HOME = partition_for(MODEL.encode(), PARTITIONS)
ELSEWHERE = next(
    f"team/{n}" for n in range(99) if partition_for(b"team/%d" % n, PARTITIONS) != HOME
)
SECRET = b"Bearer very.secret.token"
ID = str(UUID(int=99))


@dataclass(frozen=True)
class Bad:
    """A record that can never work, and what must be said of it."""

    name: str
    code: str
    says: str
    key: bytes | None = MODEL.encode()
    value: bytes | None = b'{"description": "x"}'
    headers: Mapping[str, bytes | None] = field(default_factory=dict)
    without: tuple[str, ...] = ()
    answers: str | None = ID
    """The command id that the outcome names; None when none could be read."""

    def all_headers(self) -> list[tuple[str, bytes]]:
        usual: dict[str, bytes | None] = {
            "ce_specversion": b"1.0",
            "ce_id": ID.encode(),
            "ce_source": b"pipeline",
            "ce_type": b"DescribeModel",
            "authorization": SECRET,
        }
        headers = {**usual, **self.headers}
        return [(k, v) for k, v in headers.items() if k not in self.without]  # type: ignore[misc]


STRUCTURED = {"content-type": b"application/cloudevents+json; charset=utf-8"}
BAD = [
    Bad("a key of another partition", "misrouted", "murmur2", ELSEWHERE.encode()),
    Bad("no key", "no_key", "has no key", None),
    Bad("an empty key", "no_key", "must be 'namespace/name' or a namespace", b""),
    Bad("a key that is not UTF-8", "no_key", "not UTF-8", b"team/\xff"),
    Bad("a namespace where a model is wanted", "no_key", "DescribeModel is a model", b"churn"),
    Bad("a key in another Unicode form", "no_key", "normal form C", "team/e\u0301".encode()),
    Bad("an unknown type", "unknown_type", "'Explode' is none of", headers={"ce_type": b"Explode"}),
    Bad("an event's type", "unknown_type", "is none of", headers={"ce_type": b"ModelDescribed"}),
    Bad("no type", "unknown_type", "'' is none of", without=("ce_type",)),
    Bad("a null type", "unknown_type", "'' is none of", headers={"ce_type": None}),
    Bad("bad JSON", "invalid", "value: Invalid JSON", value=b'{"description": '),
    Bad("no JSON", "invalid", "value: Invalid JSON", value=b"\x00\x01\xfe"),
    Bad("an empty value", "invalid", "value: Invalid JSON", value=b""),
    Bad("no value", "invalid", "value: Invalid JSON", value=None),
    Bad("deep JSON", "invalid", "value: Invalid JSON", value=b"[" * 100_000),
    Bad("another shape", "invalid", "value: Input should be", value=b"[1]"),
    Bad(
        "a wrong field",
        "invalid",
        "description: Input should be a valid string",
        value=b'{"description": 5}',
    ),
    Bad("a missing field", "invalid", "description: Field required", value=b"{}"),
    Bad(
        "an extra field",
        "invalid",
        "colour: Extra inputs are not permitted",
        value=b'{"description": "", "colour": 1}',
    ),
    Bad(
        "a long field",
        "invalid",
        "description: String should have at most",
        value=b'{"description": "%s"}' % (b"x" * 100_001),
    ),
    Bad("NUL", "invalid", "description: String should match", value=b'{"description": "\\u0000"}'),
    Bad(
        "a control character in a field's name",
        "invalid",
        "\ufffd: Extra",
        value=b'{"description": "", "\\u0000": 1}',
    ),
    Bad("too many bytes", "oversize", "1,000,001", value=b" " * (COMMAND_LIMIT + 1)),
    Bad("no id", "malformed", "ce_id is missing", without=("ce_id",), answers=None),
    Bad("a null id", "malformed", "ce_id is missing", headers={"ce_id": None}, answers=None),
    Bad(
        "an id that is no UUID",
        "malformed",
        "'7' is not a UUID",
        headers={"ce_id": b"7"},
        answers=None,
    ),
    Bad(
        "too many bytes and no id",
        "oversize",
        "bytes",
        value=b" " * 5_000_000,
        without=("ce_id",),
        answers=None,
    ),
    Bad(
        "a header that is not UTF-8",
        "malformed",
        "not UTF-8",
        headers={"ce_actor": b"\xff"},
        answers=None,
    ),
    Bad(
        "a token that is not UTF-8",
        "malformed",
        "not UTF-8",
        headers={"authorization": SECRET + b"\xff"},
        answers=None,
    ),
    Bad("control characters in the actor", "invalid", "ce_actor", headers={"ce_actor": b"a\nb"}),
    Bad("an endless actor", "invalid", "ce_actor", headers={"ce_actor": b"a" * 251}),
    Bad(
        "an expected seq that is no number",
        "invalid",
        "ce_expectedseq",
        headers={"ce_expectedseq": b"-1"},
    ),
    Bad(
        "an endless expected seq",
        "invalid",
        "ce_expectedseq",
        headers={"ce_expectedseq": b"9" * 5000},
    ),
    Bad(
        "a structured event that is no JSON",
        "malformed",
        "not JSON",
        headers=STRUCTURED,
        value=b"{",
        answers=None,
    ),
    Bad(
        "a structured event that is no object",
        "malformed",
        "JSON object",
        headers=STRUCTURED,
        value=b"[]",
        answers=None,
    ),
    Bad(
        "a structured event without id",
        "malformed",
        "ce_id is missing",
        headers=STRUCTURED,
        value=b"{}",
        answers=None,
    ),
    Bad(
        "a structured event with wrong data",
        "invalid",
        "description: Input",
        headers=STRUCTURED,
        value=b'{"id": "%b", "type": "DescribeModel", "data": {"description": NaN}}' % ID.encode(),
    ),
    Bad(
        "a structured event with an odd type",
        "unknown_type",
        "is none of",
        headers=STRUCTURED,
        value=b'{"id": "%b", "type": "\\u0000%b"}' % (ID.encode(), b"x" * 5000),
    ),
]


@pytest.mark.parametrize("bad", BAD, ids=lambda bad: bad.name)
async def test_what_can_never_work_is_buried_with_its_reason_and_the_rest_goes_on(bad: Bad) -> None:
    broker = MemoryBroker(PARTITIONS)
    clients = Clients(broker)
    clients.send(envelope(RegisterModel(), 1))
    offset = broker.publish(HOME, bad.key, bad.value, bad.all_headers())
    if bad.answers:
        clients.asked[bad.answers] += 1
    clients.send(envelope(RegisterVersion(artifact=ARTIFACT), 2))
    await serve(broker, processor(HOME, partitions=PARTITIONS), partition=HOME)

    before, outcome, after = outcomes(broker, HOME)
    refused = outcome.message
    assert isinstance(refused, CommandRefused)
    assert refused.code == bad.code
    assert refused.code in INVALID
    assert bad.says in refused.message
    assert refused.dead_letter
    assert (outcome.cmd_offset, outcome.actor) == (offset, "unknown")
    assert outcome.command_id == (bad.answers or outcome.command_id)
    assert SAFE_HEADER.fullmatch(refused.command or "-"), "it reaches tables and labels"
    assert len(refused.command) <= 100
    assert len(refused.message) < 3000
    assert [type(o.message).__name__ for o in (before, after)] == [
        *("ModelRegistered", "VersionRegistered")
    ]

    (letter,) = broker.dead_letters
    told = dict(letter.headers)
    assert letter.key == told["rollbook_origin"] == b"rollbook.commands/%d/1" % HOME
    assert letter.value == bad.value
    assert told["rollbook_code"] == bad.code.encode()
    assert bad.says in told["rollbook_reason"].decode()
    assert told["rollbook_key"] == (bad.key or b"")
    kept = [(k, v) for k, v in bad.all_headers() if k != "authorization"]
    assert list(letter.headers)[-len(kept) :] == kept

    everything = repr([*broker.places[HOME].events, *broker.dead_letters])
    assert "very.secret.token" not in everything
    clients.look()
    assert clients.faults() == []


async def test_a_value_is_never_quoted_in_a_reason() -> None:
    broker = MemoryBroker()
    bad = Bad("", "", "", value=b'{"description": ["my private key"]}')
    broker.publish(0, bad.key, bad.value, bad.all_headers())
    await serve(broker, processor())
    assert "private" not in repr(broker.places[0].events)


async def test_the_same_bad_command_is_buried_each_time() -> None:
    """Nobody has shown who sends it, so that a repeat must not be answered as if it were known."""
    broker = MemoryBroker()
    clients = Clients(broker)
    bad = Bad("", "", "", value=b"{}")
    for _ in range(3):
        broker.publish(0, bad.key, bad.value, bad.all_headers())
        clients.asked[ID] += 1
    clients.send(envelope(RegisterModel(), 99))  # the same id, and now it can work
    await serve(broker, processor())
    assert [type(o.message).__name__ for o in outcomes(broker)] == [
        *["CommandRefused"] * 3,
        "ModelRegistered",
    ]
    assert len(broker.dead_letters) == 3
    clients.look()
    assert clients.faults() == []


async def test_a_structured_cloud_event_is_a_command_like_any_other() -> None:
    broker = MemoryBroker()
    event = (
        b'{"specversion": "1.0", "id": "%b", "source": "argo", "type": "RegisterModel",'
        b' "actor": "anna", "expectedseq": 0, "data": {"description": "x"}}' % ID.encode()
    )
    broker.publish(0, MODEL.encode(), event, [("content-type", b"application/cloudevents+json")])
    await serve(broker, processor())
    (registered,) = outcomes(broker)
    assert type(registered.message).__name__ == "ModelRegistered"
    assert (registered.actor, registered.command_id) == ("anna", ID)


async def test_a_token_never_reaches_the_log() -> None:
    broker = MemoryBroker()
    key, value, headers = encode_command(envelope(RegisterModel(), token="very.secret.token"))
    assert ("authorization", SECRET) in headers
    broker.publish(0, key, value, headers)
    await serve(broker, processor())
    (refused,) = outcomes(broker)
    assert isinstance(refused.message, CommandRefused)
    assert refused.message.code == "unauthenticated"  # an open registry cannot verify it
    assert "very.secret.token" not in repr(broker.places[0].events)
