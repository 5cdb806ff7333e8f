"""`rollbook slo`: the registry's own service levels, from the log."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.sentences import clock
from rollbook.cli.target import Target

COLOURS = {"met": "green", "missed": "bold red", "no data": "dim"}


def slo(
    *,
    since: Annotated[str | None, Parameter(help="When the time begins: a day or a time.")] = None,
    until: AsOf = None,
    days: Annotated[int | None, Parameter(help="How many days up to its end; 28.")] = None,
    environment: Annotated[
        str | None, Parameter(name=("--environment", "-e"), help="That counts; production.")
    ] = None,
    namespace: Annotated[str | None, Parameter(help="Only of its models.")] = None,
    check: Annotated[
        bool, Parameter(negative="", help="End with 1 if one of them was missed.")
    ] = False,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show whether the service levels M1 to M10 were met, and what cannot be said yet.

    ```console
    rollbook slo
    rollbook slo --since 2026-03-01 --until 2026-03-29 --json
    rollbook slo --days 7 --check          # ends with 1 if one was missed
    ```
    """
    asked = {"since": since, "days": days, "environment": environment, "namespace": namespace}
    end = moment(until)
    with target.registry() as registry:
        levels = registry.service_levels(as_of=end, **asked)
    if target.json:
        output.document(list(levels))
    else:
        _table(levels)
    missed = any(level["state"] == "missed" for level in levels)
    return Exit.ERROR if check and missed else Exit.DONE


def _table(levels: Sequence[Mapping[str, Any]]) -> None:
    first = levels[0]
    output.say(f"From {clock(first['since'])} to {clock(first['until'])}:")
    output.table(
        ("slo", "what", "of", "#value", "wanted", "&"),
        [
            (
                level["slo"],
                level["title"],
                level["part"],
                value(level),
                level["target"],
                state(level),
            )
            for level in levels
        ],
    )
    output.say("")
    for level in levels:
        if note := level["why"] or broken(level):
            part = "" if level["part"] == "all" else f" {level['part']}"
            output.say(f"[bold]{level['slo']}{part}[/]  {output.plain(note)}")


def value(level: Mapping[str, Any]) -> str | None:
    """The level's value with what it was made of."""
    if level["value"] is None:
        return None
    if level["unit"] == "count":
        return f"{level['value']:.0f}"
    return f"{level['value']:.1%} ({level['numerator']} of {level['denominator']})"


def state(level: Mapping[str, Any]) -> str:
    """Whether it was met, in colour."""
    told = level["state"]
    return f"[{COLOURS[told]}]{told}[/]" if level["target"] is not None else ""


def broken(level: Mapping[str, Any]) -> str | None:
    """The newest of what broke it."""
    for row in level["broken"]:
        more = f", and {len(level['broken']) - 1} more" if len(level["broken"]) > 1 else ""
        version = f"@{row['version']}" if "version" in row else ""
        why = row.get("reason") or row.get("code") or "; ".join(row.get("lacks", ()))
        return f"{row['model'] or 'unknown'}{version}{f': {why}' if why else ''}{more}"
    return None
