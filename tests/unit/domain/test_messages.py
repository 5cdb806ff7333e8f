from collections.abc import Iterator
from datetime import UTC, datetime, timedelta, timezone
from types import NoneType
from typing import Any, get_args

import pytest
from pydantic import BaseModel, TypeAdapter, ValidationError

from rollbook.domain.catalog import ModelRegistered, RegisterModel
from rollbook.domain.context import Context
from rollbook.domain.lineage import Runtime
from rollbook.domain.messages import Message, Refused
from rollbook.domain.moments import LONGEST, Moment
from rollbook.domain.rulebook import Rules
from rollbook.domain.rules import RulesSet, SetRules
from rollbook.domain.streams import (
    StreamCommand,
    StreamEvent,
    beginning,
    decide,
    evolve,
)
from tests.support.spec import NOW

BOUNDED_BY_THE_COMMAND = {
    "given",  # to the test of a policy: facts of a version
    "environment",  # of a lineage: packages with their versions
    "inputs",
    "outputs",
    "properties",  # of a metadata schema, which is measured as a whole
    "model",  # a key, whose bound a schema does not show
    "role",  # of a data set: a pattern with three words
}
"""Fields of which some part has no bound of its own: a command as a whole has one."""


def unbounded(schema: dict[str, Any], defs: dict[str, Any], path: str) -> Iterator[str]:
    """Places of a JSON schema at which text, lists or maps may grow for ever."""
    if path.rpartition(".")[2] in BOUNDED_BY_THE_COMMAND:
        return
    if "$ref" in schema:
        schema = defs[schema["$ref"].rpartition("/")[2]]
    for part in schema.get("anyOf", []):
        yield from unbounded(part, defs, path)
    if schema.get("type") == "string" and not schema.keys() & {
        "maxLength",
        "enum",
        "const",
        "format",
    }:
        pattern = schema.get("pattern", "")
        if not pattern.endswith("}$"):  # a pattern that counts
            yield path
    if schema.get("type") == "array":
        if "maxItems" not in schema:
            yield path
        yield from unbounded(schema["items"], defs, f"{path}[]")
    inner = schema.get("additionalProperties")
    if isinstance(inner, dict):
        if "maxProperties" not in schema and "propertyNames" not in schema:
            yield path
        yield from unbounded(inner, defs, f"{path}{{}}")
    for name, part in schema.get("properties", {}).items():
        yield from unbounded(part, defs, f"{path}.{name}")


@pytest.mark.parametrize("command", get_args(StreamCommand), ids=lambda c: c.__name__)
def test_nothing_in_a_command_may_grow_for_ever(command: type[Message]) -> None:
    schema = command.model_json_schema()
    assert not list(unbounded(schema, schema.get("$defs", {}), command.__name__))


def parts(kind: Any, seen: set[type[BaseModel]]) -> None:
    if isinstance(kind, type) and issubclass(kind, BaseModel) and kind not in seen:
        seen.add(kind)
        for field in kind.model_fields.values():
            parts(field.annotation, seen)
    for inner in get_args(kind):
        parts(inner, seen)


def test_what_may_be_null_is_null_when_left_out() -> None:
    """The log leaves nulls out, so a null that means something else than nothing would be lost."""
    seen: set[type[BaseModel]] = set()
    parts(StreamEvent, seen)
    assert len(seen) > 50
    for cls in seen:
        for name, field in cls.model_fields.items():
            if NoneType in get_args(field.annotation):
                assert field.default is None, f"{cls.__name__}.{name}"


@pytest.mark.parametrize(
    "text",
    ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:00", "2026-03-02T12:00:00", "never"],
)
def test_a_moment_has_a_time_zone_and_can_be_told_in_any_other(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Moment).validate_python(text)


def test_a_moment_is_kept_in_utc() -> None:
    east = NOW.astimezone(timezone(timedelta(hours=9)))
    kept: datetime = TypeAdapter(Moment).validate_python(east)
    assert kept == NOW
    assert kept.tzinfo is UTC


def test_spans_are_bounded_and_exact() -> None:
    for span in (timedelta(0), timedelta(microseconds=1), LONGEST):
        kept = Runtime(duration=span)
        assert Runtime.model_validate_json(kept.model_dump_json()) == kept
    for wrong in (LONGEST + timedelta(microseconds=1), timedelta(microseconds=-1)):
        with pytest.raises(ValidationError):
            Runtime(duration=wrong)


def test_a_command_goes_to_the_stream_of_its_kind() -> None:
    context = Context(NOW, "ada")
    for key, command in (("n/m", SetRules(rules=Rules())), ("n", RegisterModel())):
        with pytest.raises(Refused) as caught:
            decide(beginning(key), command, context)
        assert caught.value.code == "wrong_stream"


def test_an_event_of_the_other_kind_cannot_follow() -> None:
    for key, event in (("n/m", RulesSet(version=1, rules=Rules())), ("n", ModelRegistered())):
        with pytest.raises(TypeError):
            evolve(beginning(key), event)
