"""Values of queries: globs, numbers, and times, of which a day and `7d` ago are some."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from math import ceil, floor, isfinite
from typing import Final

from rollbook.readmodel.search.errors import InvalidQueryError
from rollbook.readmodel.search.fields import Field
from rollbook.readmodel.search.tree import Value

AGO: Final = re.compile(r"(\d{1,6})(m|h|d|w)")
UNITS: Final = {
    "m": timedelta(minutes=1),
    "h": timedelta(hours=1),
    "d": timedelta(days=1),
    "w": timedelta(weeks=1),
}
DAY: Final = re.compile(r"\d{4}-\d{2}-\d{2}")
NUMBER: Final = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,4})?")
LARGEST: Final = 2**63 - 1
EARLIEST: Final = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Span:
    """A day, or one moment where both ends are the same."""

    start: datetime
    end: datetime


def is_number(value: Value) -> bool:
    """Whether it reads as one."""
    return not value.quoted and NUMBER.fullmatch(value.text) is not None


def number(field: Field, value: Value) -> float:
    """The number that a value is; `InvalidQueryError` where it is none."""
    if not is_number(value):
        raise InvalidQueryError(
            value.column, f"found {value.text!r}, expected a number: {field.name} is one"
        )
    found = float(value.text)
    if not isfinite(found):
        raise InvalidQueryError(value.column, f"{value.text} is too large")
    return found


def whole(found: float, operator: str) -> int | None:
    """The whole number to compare with in its place, as an index of such takes it; None: none is.

    What no bigint holds becomes the last one that is.
    """
    if not found.is_integer():
        if operator == "=":
            return None
        found = ceil(found) if operator in ("<", ">=") else floor(found)
    return max(-LARGEST, min(LARGEST, int(found)))


def text(field: Field, value: Value) -> str:
    """The text that a value is; `InvalidQueryError` where it is a number without quotes."""
    if field.kind == "text" and is_number(value):
        raise InvalidQueryError(
            value.column,
            f"found the number {value.text}, expected a text: {field.name} is one;"
            f' write "{value.text}"',
        )
    return value.text


def span(field: Field, value: Value, now: datetime) -> Span:
    """The time that a value is; `InvalidQueryError` where it is none."""
    written = value.text
    if ago := AGO.fullmatch(written):
        at = now - min(int(ago[1]) * UNITS[ago[2]], now - EARLIEST)
        return Span(at, at)
    try:
        if DAY.fullmatch(written):
            start = datetime.combine(date.fromisoformat(written), time(), UTC)
            return Span(start, start + timedelta(days=1))
        at = datetime.fromisoformat(written)
        if at.tzinfo is None:
            at = at.replace(tzinfo=UTC)
        at = at.astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidQueryError(
            value.column,
            f"found {written!r}, expected a time: {field.name} is one; such as 2026-03-15,"
            " 2026-03-15T14:00:00Z, or 7d for seven days ago",
        ) from None
    return Span(at, at)


def is_glob(value: Value) -> bool:
    """Whether it stands for many texts."""
    return "*" in value.text or "?" in value.text


def escaped(text: str) -> str:
    """The pattern for LIKE of a text that stands for itself."""
    for special in ("\\", "%", "_"):
        text = text.replace(special, f"\\{special}")
    return text


def like(pattern: str) -> str:
    """The pattern for LIKE of what a glob means."""
    return escaped(pattern).replace("*", "%").replace("?", "_")


def literal(pattern: str) -> str:
    """What every text begins with that a glob means."""
    return re.split(r"[*?]", pattern, maxsplit=1)[0]
