"""Events change shape without losing a record: upcasters, and the changes that CI refuses."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import ClassVar, Literal

import pytest
from jsonschema import Draft202012Validator

from rollbook.domain import model, versions
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.context import Context
from rollbook.domain.messages import Event, Message, Refused
from rollbook.domain.model import ModelEvent
from rollbook.domain.requests import ApprovePromotion, RequestPromotion
from rollbook.domain.state import Model
from rollbook.eventlog import topics
from rollbook.eventlog.records import LOG_MESSAGES, decode_event, decode_message
from rollbook.eventlog.upcasters import STEPS, Json, upcast
from tests.contracts.compatibility import Kind, compatible
from tests.contracts.examples import Example, load, topic
from tests.contracts.schemas import (
    CONTRACTS,
    IncompatibleError,
    breaks,
    path_of,
    refuse_breaks,
    render,
    schema_of,
    schemas,
)
from tests.contracts.step import ADA

EVENTS = topic(load(CONTRACTS / "examples"), topics.EVENTS)
CURRENT = schemas()


def version_of(record: Example) -> int:
    return int(dict(record.headers).get("ce_schema", b"1"))


def outdated() -> Iterator[tuple[str, int]]:
    """Every version of a message that is not today's any more, by its committed schema."""
    for file in sorted((CONTRACTS / "schemas/events").glob("*.json")):
        message, version = file.name.split(".")[:2]
        number = int(version.removeprefix("v"))
        if number < LOG_MESSAGES[message].schema_version:
            yield message, number


OUTDATED = list(outdated())
OLD = [record for record in EVENTS if (record.message, version_of(record)) in OUTDATED]


# What exists


def test_every_outdated_version_has_a_golden_record_and_its_steps() -> None:
    assert OUTDATED, "VersionRegistered was at version 1 once"
    assert {(record.message, version_of(record)) for record in OLD} == set(OUTDATED)
    needed = {
        (message, step)
        for message, version in OUTDATED
        for step in range(version, LOG_MESSAGES[message].schema_version)
    }
    assert needed == STEPS.keys(), "a step is missing, or leads nowhere"


@pytest.mark.parametrize("record", OLD, ids=lambda r: f"{r.message}@{r.offset}")
def test_an_old_record_is_brought_to_the_shape_of_today(record: Example) -> None:
    cls = LOG_MESSAGES[record.message]
    value = json.loads(record.value or b"")
    actor = dict(record.headers)["ce_actor"].decode()
    brought = upcast(record.message, version_of(record), cls.schema_version, value, actor)
    Draft202012Validator(json.loads(CURRENT[path_of(Kind.EVENT, cls)])).validate(brought)


def test_version_2_asks_for_nothing_more_than_version_1_and_its_actor_say() -> None:
    old = json.loads((CONTRACTS / "schemas/events/VersionRegistered.v1.json").read_text())
    new = json.loads(CURRENT[path_of(Kind.EVENT, versions.VersionRegistered)])
    assert compatible(old, new, Kind.COMMAND) == [
        "an old record fails: value.registered_by is required"
    ]


def first_versions() -> list[Example]:
    return [record for record in OLD if record.message == "VersionRegistered"]


def as_version_2(record: Example) -> ModelEvent:
    """The same event, had the service of today written it."""
    value = json.dumps(json.loads(record.value or b"") | {"registered_by": ADA}).encode()
    event = decode_message(record.message, value, 2, b"somebody else")
    assert isinstance(event, versions.VersionRegistered)
    return event


def as_it_stands(record: Example) -> ModelEvent:
    event = decode_event(record, 0).message
    assert isinstance(event, versions.VersionRegistered)
    return event


def fold(*events: ModelEvent) -> Model:
    state = model.evolve(Model(), ModelRegistered())
    for event in events:
        state = model.evolve(state, event)
    return state


def test_records_of_version_1_fold_to_the_state_that_version_2_gives() -> None:
    old = first_versions()
    assert len(old) == 2
    assert fold(*map(as_it_stands, old)) == fold(*map(as_version_2, old))


def test_who_registered_a_version_before_events_said_so_cannot_sign_for_it() -> None:
    state = fold(*map(as_it_stands, first_versions()))
    time = decode_event(EVENTS[0], 0).time
    asked = model.decide(
        state, RequestPromotion(version=1, reason="a test"), Context(time, "grace@example.com")
    )
    state = model.evolve(state, asked)  # type: ignore[arg-type]  # not quiet: nobody asked before
    with pytest.raises(Refused, match="registered"):
        model.decide(state, ApprovePromotion(request=1), Context(time, ADA))


# What a developer may do, and may not


def edited(cls: type[Message]) -> dict[str, str]:
    """What would be generated if `cls` stood in the domain instead of its namesake."""
    others = {n: text for n, text in CURRENT.items() if f"/{cls.__name__}.v" not in n}
    return others | {path_of(Kind.EVENT, cls): render(schema_of(Kind.EVENT, cls))}


def without_registered_by() -> dict[str, str]:
    name = path_of(Kind.EVENT, versions.VersionRegistered)
    schema = json.loads(CURRENT[name])
    del schema["properties"]["registered_by"]
    schema["required"].remove("registered_by")
    return CURRENT | {name: render(schema)}


def renamed() -> dict[str, str]:
    class VersionArchived(Event):
        version: int
        why: str

    return edited(VersionArchived)


def narrowed() -> dict[str, str]:
    class VersionArchived(Event):
        version: int
        reason: Literal["replaced", "withdrawn"]

    return edited(VersionArchived)


def grown_by_a_required_field() -> dict[str, str]:
    class VersionArchived(Event):
        version: int
        reason: str
        archived_by: str

    return edited(VersionArchived)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (without_registered_by, r"VersionRegistered\.v2.*value\.registered_by is gone"),
        (renamed, r"VersionArchived\.v1.*value\.why is required"),
        (renamed, r"VersionArchived\.v1.*value\.reason is gone"),
        (narrowed, r"VersionArchived\.v1.*value\.reason must be one of"),
        (grown_by_a_required_field, r"VersionArchived\.v1.*value\.archived_by is required"),
    ],
)
def test_a_breaking_change_is_refused_with_its_place_and_a_way_out(
    change: Callable[[], dict[str, str]], says: str
) -> None:
    with pytest.raises(IncompatibleError, match=says) as refused:
        refuse_breaks(CONTRACTS, change())
    assert "optional" in str(refused.value)
    assert "upcaster" in str(refused.value)


class VersionArchived(Event):
    """As it would stand in the domain after the change."""

    schema_version: ClassVar[int] = 2

    version: int
    why: str


def version_archived_1(value: Json, actor: str) -> Json:
    """The upcaster that goes with it."""
    reason = value.pop("reason")
    return value | {"why": reason}


def test_a_raised_version_without_its_upcaster_is_refused() -> None:
    with pytest.raises(IncompatibleError, match="no upcaster takes VersionArchived from version 1"):
        refuse_breaks(CONTRACTS, edited(VersionArchived))


def test_a_raised_version_with_its_upcaster_passes_and_old_records_are_read() -> None:
    steps = STEPS | {("VersionArchived", 1): version_archived_1}
    assert breaks(CONTRACTS, edited(VersionArchived), steps.keys()) == []
    golden = [record for record in EVENTS if record.message == "VersionArchived"]
    assert golden
    for record in golden:
        value = version_archived_1(json.loads(record.value or b""), ADA)
        assert VersionArchived.model_validate(value).why == "replaced before it served a week"


def test_a_version_that_is_taken_back_is_refused(tmp_path: Path) -> None:
    (tmp_path / "schemas/events").mkdir(parents=True)
    (tmp_path / "schemas/events/VersionArchived.v2.json").write_text("{}")
    assert breaks(tmp_path, CURRENT) == [
        "schemas/events/VersionArchived.v2.json: VersionArchived is at version 1 only"
    ]


def test_a_command_cannot_leave_its_senders_behind_by_a_new_version() -> None:
    name = "schemas/commands/PromoteVersion.v1.json"
    schema = json.loads(CURRENT[name])
    schema["required"] = [*schema["required"], "environment"]
    newer = {n: text for n, text in CURRENT.items() if n != name}
    newer["schemas/commands/PromoteVersion.v2.json"] = render(schema)
    with pytest.raises(IncompatibleError, match=r"PromoteVersion\.v1.*environment is required"):
        refuse_breaks(CONTRACTS, newer)
