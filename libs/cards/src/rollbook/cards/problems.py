"""What is wrong with a document that somebody wrote, by line and field."""

from collections.abc import Callable, Iterable
from difflib import get_close_matches
from typing import NamedTuple

from pydantic import ValidationError

Place = tuple[str | int, ...]


class Problem(NamedTuple):
    """One broken rule; `line` counts from 1, and None means that no line is to blame."""

    line: int | None
    field: str
    """Such as `subgroups.0.metrics.auc`; empty: the document as a whole."""
    rule: str

    def __str__(self) -> str:
        place = f"line {self.line}" if self.line else ""
        return ": ".join(part for part in (place, self.field, self.rule) if part)


class Unreadable(Exception):
    """The document cannot be taken as it is."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


def unreadable(rule: str, *, line: int | None = None, field: str = "") -> Unreadable:
    """A document with one problem."""
    return Unreadable([Problem(line, field, rule)])


def problems_of(
    error: ValidationError,
    line: Callable[[Place], int | None],
    fields: Iterable[str],
    *,
    place: Callable[[Place], Place] = tuple,
) -> Unreadable:
    """What pydantic found, with the line of each field.

    `place` tells where in the document stands what pydantic names: it puts the kind of a part
    between the part and its fields.
    """
    known = list(fields)
    return Unreadable(
        Problem(line(at), ".".join(map(str, at)), rule)
        for found in error.errors(include_url=False, include_input=False)
        for at in [place(found["loc"])]
        for rule in [_rule(found["type"], found["msg"], at, known)]
    )


def _rule(kind: str, message: str, loc: Place, known: list[str]) -> str:
    if kind == "extra_forbidden":
        near = get_close_matches(str(loc[-1]), known, 1)
        return "there is no such field" + (f": did you mean {near[0]!r}?" if near else "")
    if kind == "string_type":
        return "must be text: put it in quotes"
    message = message.removeprefix("Value error, ").removeprefix("Input ")
    return message[:1].lower() + message[1:]
