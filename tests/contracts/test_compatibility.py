"""Deliberate breaking changes, each of which must be found, and harmless ones, which must not."""

from typing import Annotated, Any, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from tests.contracts.compatibility import Kind, compatible


class Fact(BaseModel):
    model_config = ConfigDict(extra="forbid")

    uri: str
    size: int | None = None


class Old(BaseModel):
    """The committed message."""

    version: int
    name: Annotated[str, Field(max_length=10)]
    role: Literal["train", "test"] = "train"
    note: str | None = None
    fact: Fact | None = None
    tags: dict[str, str] = Field(default_factory=dict)


def reasons(new: type[BaseModel], kind: Kind) -> list[str]:
    return compatible(schema(Old), schema(new), kind)


def schema(cls: type[BaseModel]) -> dict[str, Any]:
    return cls.model_json_schema()


class Same(Old):
    """The committed message, with another description."""


class GainsOptional(Old):
    extra: str | None = None


class GainsRequired(Old):
    extra: str


class LosesField(BaseModel):
    version: int
    name: Annotated[str, Field(max_length=10)]
    role: Literal["train", "test"] = "train"
    fact: Fact | None = None
    tags: dict[str, str] = Field(default_factory=dict)


class OtherType(Old):
    version: str  # type: ignore[assignment]


class NoNull(Old):
    note: str = ""


class NarrowerEnum(Old):
    role: Literal["train"] = "train"


class WiderEnum(Old):
    role: Literal["train", "test", "validation"] = "train"  # type: ignore[assignment]


class Shorter(Old):
    name: Annotated[str, Field(max_length=5)]


class Longer(Old):
    name: Annotated[str, Field(max_length=20)]


class Patterned(Old):
    name: Annotated[str, Field(max_length=10, pattern="^[a-z]+$")]


class OtherDefault(Old):
    role: Literal["train", "test"] = "test"


class BecomesRequired(Old):
    note: str | None


class BecomesOptional(Old):
    version: int = 1


class OtherMapValues(Old):
    tags: dict[str, int] = Field(default_factory=dict)  # type: ignore[assignment]


class Closed(Old):
    model_config = ConfigDict(extra="forbid")


class WiderFact(Fact):
    model_config = ConfigDict(extra="forbid", title="Fact")

    digest: str | None = None


class NestedGains(Old):
    fact: WiderFact | None = None


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize("new", [Same, GainsOptional])
def test_a_harmless_change_is_let_through(new: type[BaseModel], kind: Kind) -> None:
    assert reasons(new, kind) == []


@pytest.mark.parametrize("kind", Kind)
@pytest.mark.parametrize(
    ("new", "place"),
    [
        (GainsRequired, "value.extra is required"),
        (OtherType, "value.version must be"),
        (NoNull, "value.note"),
        (NarrowerEnum, "value.role must be"),
        (Shorter, "value.name has maxLength 5"),
        (Patterned, "value.name has pattern"),
        (OtherDefault, "value.role was 'train' when absent"),
        (BecomesRequired, "value.note is required"),
        (OtherMapValues, "value.tags.* must be integer"),
        (Closed, "value.*"),
    ],
)
def test_a_change_that_old_records_cannot_survive_is_found(
    new: type[BaseModel], place: str, kind: Kind
) -> None:
    assert any(place in reason for reason in reasons(new, kind)), reasons(new, kind)


@pytest.mark.parametrize(
    ("new", "place"),
    [
        (LosesField, "value.note is gone"),
        (WiderEnum, "value.role must be one of ['train', 'test']"),
        (Longer, "value.name has maxLength 10"),
        (BecomesOptional, "value.version is required"),
        (NestedGains, "value.fact.digest is unknown there"),
    ],
)
def test_a_change_that_only_old_readers_cannot_survive_is_found_in_events(
    new: type[BaseModel], place: str
) -> None:
    assert any(place in reason for reason in reasons(new, Kind.EVENT)), reasons(new, Kind.EVENT)


@pytest.mark.parametrize("new", [WiderEnum, Longer, BecomesOptional, NestedGains])
def test_a_command_may_come_to_accept_more(new: type[BaseModel]) -> None:
    assert reasons(new, Kind.COMMAND) == []


def test_a_closed_command_may_not_lose_a_field() -> None:
    class ClosedWithout(LosesField):
        model_config = ConfigDict(extra="forbid")

    found = compatible(schema(Closed), schema(ClosedWithout), Kind.COMMAND)
    assert any("value.note is unknown there" in reason for reason in found)


def test_a_keyword_that_nobody_foresaw_counts_as_breaking_when_it_appears() -> None:
    old = {"type": "object", "properties": {"a": {"type": "array"}}}
    new = {"type": "object", "properties": {"a": {"type": "array", "uniqueItems": True}}}
    assert compatible(old, new, Kind.COMMAND)
    assert compatible(new, new, Kind.EVENT) == []


def test_a_message_that_contains_itself_ends() -> None:
    class Tree(BaseModel):
        children: list["Tree"] = Field(default_factory=list)

    assert compatible(schema(Tree), schema(Tree), Kind.EVENT) == []
