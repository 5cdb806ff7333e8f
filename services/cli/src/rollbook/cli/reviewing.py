"""`rollbook review` and `rollbook diff`: what somebody must see before they sign."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, changing, output
from rollbook.cli.arguments import bad
from rollbook.cli.comparison import drawn
from rollbook.cli.exits import Exit
from rollbook.cli.moments import moment
from rollbook.cli.output import plain
from rollbook.cli.requesting import SHORTEST, Number, people
from rollbook.cli.sentences import clock, short
from rollbook.cli.serving import Name
from rollbook.cli.target import Target
from rollbook.cli.verdicts import gates

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rollbook.client import Review

SAID = {"approval": "[green]signed[/]", "rejection": "[red]said no[/]", "comment": "said"}


def review(
    name: Name,
    number: Number,
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show a request as its reviewer must see it: what is different, what stands against it.

    ```console
    rollbook review churn 2
    rollbook review team-a/churn 2 --json
    ```

    The last lines are the commands to sign it, or not, on exactly these facts.
    """
    model = arguments.key(name)
    with target.registry() as registry:
        found = registry.review(model, number)
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    for part in _page(found, name):
        output.say(part)
    return Exit.DONE


def diff(
    name: Name,
    old: Annotated[int | None, Parameter(help="The version that you know.")] = None,
    new: Annotated[int | None, Parameter(help="The one beside it.")] = None,
    /,
    *,
    since: Annotated[
        str | None,
        Parameter(name="--from", help="A time, a log position or an event's id: what came after."),
    ] = None,
    until: Annotated[
        str | None, Parameter(name="--to", help="The same: what came up to it; now, if not given.")
    ] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show how one version differs from another; or what changed of a model, by whom and why.

    ```console
    rollbook diff churn 2 3                                    # figures, data, code, card
    rollbook diff team-a/churn 1 3 --json
    rollbook diff churn --from 2026-03-01 --to 2026-03-31T23:59
    ```
    """
    model = arguments.key(name)
    if old is None and (since or until):
        return changing.changed(model, moment(since), moment(until), target)
    if old is None or new is None or since or until:
        raise bad(
            "give two versions, or --from, --to or both",
            "rollbook diff churn 2 3, or rollbook diff churn --from 2026-03-01",
        )
    with target.registry() as registry:
        found = registry.diff(model, old, new)
    if target.json:
        output.document(found)
        return Exit.DONE
    for part in drawn(found):
        output.say(part)
    return Exit.DONE


def _page(found: "Review", name: str) -> "Iterator[RenderableType]":
    yield _head(found)
    yield from _standing(found)
    yield from drawn(found.diff)
    yield from _gates(found)
    if found.documents:
        rows = [(d.kind, d.title, d.uri) for d in found.documents]
        yield output.grid(("about", "title", "where"), rows, title="Documents")
    yield from _discussion(found)
    yield from _next(found, name)


def _head(found: "Review") -> "RenderableType":
    from rich.panel import Panel  # noqa: PLC0415

    request, version = found.request, found.version
    label = f" ({version.label})" if version.label else ""
    instead = f", in place of version {request.replaces}" if request.replaces else ""
    lines = [
        (
            f"[bold]version {version.version}{label}[/] into [bold]{plain(request.environment)}[/]"
            f"{instead}"
        ),
        (
            f"asked for by {plain(request.requested_by)}, {clock(request.requested_at)[:16]};"
            f" registered by {plain(version.created_by)}"
        ),
        f"[dim]why[/]   {plain(request.reason)}",
        f"[dim]plan[/]  {plain(request.rollback_plan) or '[yellow]none for a roll-back[/]'}",
        (
            f"[dim]risk[/]  {_risk(request.risk)}   [dim]licence[/] {_term(found, 'licence')}"
            f"   [dim]personal data[/] {_term(found, 'pii')}"
        ),
    ]
    if request.state == "open":
        left = request.expires_at - datetime.now(UTC)
        lines.append(f"[dim]open[/]  until {clock(request.expires_at)[:16]} ({_left(left.days)})")
    else:
        why = f": {plain(request.closed_reason)}" if request.closed_reason else ""
        lines.append(f"[bold]{request.state}[/] by {plain(request.closed_by)}{why}")
    title = f"{plain(request.model)} · request {request.request}"
    return Panel("\n".join(lines), title=title, title_align="left", padding=(0, 1))


def _risk(risk: str) -> str:
    return f"[red]{risk}[/]" if risk == "high" else plain(risk)


def _term(found: "Review", name: str) -> str:
    said = (found.version.terms or {}).get(name)
    return plain(said) if said else "[yellow]not said[/]"


def _left(days: int) -> str:
    return (
        "less than a day left" if days < 1 else "1 day left" if days == 1 else f"{days} days left"
    )


def _standing(found: "Review") -> "Iterator[RenderableType]":
    now = found.now
    if now is None:
        return
    for objection in now["objections"]:
        yield f"[red]✗[/] {plain(objection['message'])}"
    for signature in now["signatures"]:
        stale = "" if signature["counts"] else "  [yellow]on facts that have changed since[/]"
        mark = "[green]✓[/]" if signature["counts"] else "[yellow]·[/]"
        yield f"{mark} signed by {plain(signature['by'])} as {plain(signature['title'])}{stale}"
    if now["missing"]:
        yield f"[yellow]○[/] still to sign: {plain(people(now['missing']))}"
    elif not now["objections"]:
        yield "[green]✓[/] everything is there: it may be promoted"
    for lack in now["lacks"]:
        yield f"[yellow]○[/] {plain(lack)}"
    if now["changed"]:
        yield "[yellow]![/] the facts are others than when it was asked for"
    if found.card is None:
        yield "[yellow]○[/] it has no card"
    elif found.version.card_stale:
        yield "[yellow]○[/] the review of its card is overdue"
    yield ""


def _gates(found: "Review") -> "Iterator[RenderableType]":
    if found.verdict is None:
        yield f"[dim]No gate has looked at it: it is {plain(found.version.stage)}.[/]"
    else:
        yield gates(found.verdict)


def _discussion(found: "Review") -> "Iterator[RenderableType]":
    if found.discussion:
        yield "\n[bold]What was said[/]"
    for word in found.discussion:
        title = f" as {plain(word.title)}" if word.title else ""
        text = f": {plain(word.comment)}" if word.comment else ""
        yield (
            f"  [dim]{clock(word.said_at)[:16]}[/] {plain(word.said_by)}"
            f" {SAID.get(word.kind, plain(word.kind))}{title}{text}"
        )


def _next(found: "Review", name: str) -> "Iterator[RenderableType]":
    if found.now is None:
        return
    evidence = str(found.now["evidence"])
    seen = evidence[: len("sha256:") + SHORTEST]
    number = found.request.request
    yield f"\n[dim]These facts are {short(evidence)}. To decide on them:[/]"
    if found.now["missing"]:
        yield f"  rollbook approve {plain(name)} {number} --evidence {seen}"
        yield f"  rollbook reject {plain(name)} {number} --evidence {seen} --reason …"
        yield f"  rollbook comment {plain(name)} {number} …"
    else:
        where = found.request.environment
        yield f"  rollbook promote {plain(name)} {found.version.version} -e {plain(where)}"
