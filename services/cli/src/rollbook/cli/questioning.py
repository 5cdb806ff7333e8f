"""`rollbook ask`: questions that have a name, about all models, as of any moment."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.sentences import clock
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Answer, Registry

LONG = frozenset({"digest", "evidence", "position"})
"""Columns that only --json shows: they fill the page and tell a person little."""
WIDEST = 7
"""Columns of a table that fit on a page; of more, each row becomes a line of its own."""
MINUTE, HOUR, DAY = 60, 3600, 86400
SPANS = frozenset({"age", "overdue", "stood", "waits", "seconds"})
"""Columns that hold seconds."""


def ask(
    question: Annotated[str | None, Parameter(help="Its name; without, all are listed.")] = None,
    /,
    *given: Annotated[str, Parameter(help="What the question takes: name=value.")],
    as_of: AsOf = None,
    limit: Annotated[int | None, Parameter(help="Only so many rows, the first.")] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Ask a question that has a name, about all models that you may see.

    ```console
    rollbook ask                                     # the questions, and what they take
    rollbook ask serving --as-of 2026-03-03T14:00    # what served then, and on what evidence
    rollbook ask trained-before date=2026-03-15 environment=production
    rollbook ask regressed days=30 metric=auc --json
    ```
    """
    parameters = arguments.pairs(given, "parameter")
    at = moment(as_of)
    with target.registry() as registry:
        if question is None:
            return _catalogue(registry, as_json=target.json)
        found = registry.ask(question, as_of=at, limit=limit, **parameters)
    if target.json:
        output.document(output.shaped(found))
    elif not found:
        output.say(f"Nothing, as of {clock(found.as_of)}.")
    else:
        _rows(found)
    return Exit.DONE


def _rows(found: "Answer") -> None:
    names = shown(found)
    if len(names) <= WIDEST:
        output.table(
            [f"#{name}" if _is_number(found, name) else name for name in names],
            [[said(name, row[name]) for name in names] for row in found],
        )
        return
    for row in found:
        told = {name: said(name, row[name]) for name in names}
        first = "  ".join(output.plain(told.pop(name) or "") for name in names[:3])
        rest = (f"[dim]{name}[/] {output.plain(text)}" for name, text in told.items() if text)
        output.say(f"[bold]{first}[/]  {'  '.join(rest)}")


def _catalogue(registry: "Registry", *, as_json: bool) -> Exit:
    found = registry.questions()
    if as_json:
        output.document([output.shaped(question) for question in found])
        return Exit.DONE
    output.table(
        ("question", "what it tells", "takes"),
        [(q.question, q.meaning, ", ".join(map(_taken, q.parameters))) for q in found],
    )
    return Exit.DONE


def _taken(parameter: Mapping[str, Any]) -> str:
    if parameter["required"]:
        return f"{parameter['name']} (needed)"
    default = parameter["default"]
    return str(parameter["name"]) if default is None else f"{parameter['name']}={default}"


def shown(found: "Answer") -> list[str]:
    """The columns in which something stands that a person would read."""
    names = [column["name"] for column in found.columns if column["name"] not in LONG]
    return [name for name in names if any(row[name] not in (None, [], {}) for row in found)]


def said(column: str, value: object) -> str | None:
    """A value as people read it."""
    match value:
        case bool():
            return "yes" if value else "no"
        case int() | float() if column in SPANS:
            return span(value)
        case float():
            return f"{value:.4g}"
        case str() if len(value) > 18 and value[10:11] == "T" and value[:4].isdecimal():
            return clock(value)
        case Mapping():
            return ", ".join(f"{name}: {part}" for name, part in value.items())
        case str():
            return value
        case Sequence():
            return ", ".join(map(str, value))
        case None:
            return None
        case _:
            return str(value)


def span(seconds: float) -> str:
    """How long, in the unit that fits."""
    size = abs(seconds)
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if size >= unit:
            return f"{seconds / unit:.1f} {name}"
    return f"{seconds:.0f} s"


def _is_number(found: "Answer", name: str) -> bool:
    return all(isinstance(row[name], int | float | None) for row in found)
