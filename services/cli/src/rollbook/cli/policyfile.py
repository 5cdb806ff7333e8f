"""Policies as people write them: YAML or JSON, with line and column of what is wrong."""

import re
from collections.abc import Iterable, Iterator
from difflib import get_close_matches
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rollbook.cli.reading import text_of, unreadable

if TYPE_CHECKING:
    from pydantic import BaseModel

    from rollbook.cards.plain import Document
    from rollbook.cards.problems import Place, Problem
    from rollbook.domain.policies import Policy

POINTED = re.compile(r"(?:line (\d+), )?column (\d+): ")
"""Where in an expression something is wrong."""
INDENT = " " * 6


def policy(file: Path) -> "Policy":
    """The policy in the file; Failure names each line that breaks a rule."""
    from rollbook.cards.problems import Unreadable  # noqa: PLC0415

    try:
        return read(text_of(file))
    except Unreadable as error:
        raise unreadable(file, error) from None


def read(text: str) -> "Policy":
    """The policy that a text says; `Unreadable` where it is none."""
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.cards import plain  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable, problems_of  # noqa: PLC0415
    from rollbook.domain.policies import Policy  # noqa: PLC0415

    found = plain.read(text)
    try:
        return Policy.model_validate({} if found.value is None else found.value)
    except ValidationError as error:
        problems = problems_of(error, found.line, _fields(), place=_place).problems
        raise Unreadable(_clear(problems, found)) from None


def _place(loc: "Place") -> "Place":
    """Pydantic names a field of a gate behind the gate's kind, where it could read that."""
    return (*loc[:2], *loc[3:]) if loc[:1] == ("gates",) and len(loc) > 2 else tuple(loc)


def kinds() -> "dict[str, type[BaseModel]]":
    """Each kind of gate, and what a document of it looks like."""
    from typing import get_args  # noqa: PLC0415

    from rollbook.domain.gates import Gate  # noqa: PLC0415

    union, _ = get_args(Gate)
    return {get_args(cls.model_fields["kind"].annotation)[0]: cls for cls in get_args(union)}


def _fields() -> list[str]:
    from rollbook.domain.policies import Policy, PolicyTest  # noqa: PLC0415

    shapes: tuple[type[BaseModel], ...] = (Policy, PolicyTest, *kinds().values())
    return list(dict.fromkeys(name for shape in shapes for name in shape.model_fields))


def _clear(problems: "Iterable[Problem]", found: "Document") -> "Iterator[Problem]":
    """The problems in the words of those who write policies."""
    problems = sorted(problems, key=lambda problem: problem.line or 0)
    for problem in problems:
        if "after validation" in problem.rule and len(problems) > 1:
            continue  # what was wrong with each of the gates stands there already
        yield problem._replace(rule=_words(problem, found))


def _words(problem: "Problem", found: "Document") -> str:
    if at := POINTED.match(problem.rule):
        row, column = int(at[1] or 1), int(at[2])
        lines = [*_value(found.value, problem.field.split(".")).splitlines(), *[""] * row]
        return f"{problem.rule}\n{INDENT}{lines[row - 1]}\n{INDENT}{' ' * (column - 1)}^"
    if "discriminator 'kind'" in problem.rule:
        return f"lacks its `kind`: one of {', '.join(kinds())}"
    if at := re.search(r"tag '(.*)' found using 'kind'", problem.rule):
        near = get_close_matches(at[1], kinds(), 1)
        meant = f"did you mean {near[0]!r}? " if near else ""
        return f"there is no gate of the kind {at[1]!r}: {meant}There are {', '.join(kinds())}"
    return problem.rule


def _value(value: Any, path: Iterable[str]) -> str:
    for step in path:
        value = value[int(step) if isinstance(value, list) else step]
    return str(value)
