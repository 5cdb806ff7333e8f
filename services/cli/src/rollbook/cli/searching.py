"""`rollbook search`: versions by what is known of them."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import federating, output
from rollbook.cli.arguments import bad
from rollbook.cli.carets import pointed
from rollbook.cli.exits import Exit
from rollbook.cli.hits import COLUMNS, bars, cells
from rollbook.cli.moments import AsOf, moment, said
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Counted, Found, Version

SHOWN = 20
"""Rows, if nobody says how many."""


def search(
    query: Annotated[str, Parameter(help="What to look for; nothing finds everything.")] = "",
    /,
    *,
    order: Annotated[
        str | None,
        Parameter(
            allow_leading_hyphen=True,
            help="A field, such as metrics.auc; -metrics.auc begins with the greatest.",
        ),
    ] = None,
    facets: Annotated[
        list[str] | None,
        Parameter(negative="", help="Count the values of a field, such as stage or tags.team."),
    ] = None,
    limit: Annotated[int, Parameter(help="Rows.")] = SHOWN,
    saved: Annotated[
        str | None, Parameter(help="Ask a saved query: NAMESPACE/QUERY, or one of `default`.")
    ] = None,
    as_of: AsOf = None,
    at: Annotated[
        list[str] | None,
        Parameter(
            negative="", help="URL of a registry, for each that is asked; they get your token."
        ),
    ] = None,
    fields: Annotated[
        bool, Parameter(negative="", show_default=False, help="Show what can be asked for.")
    ] = False,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Find versions, now or as of a moment.

    Words are looked for in names, descriptions, cards and comments; fields are compared with values
    by = != < <= > >= and `in (…)`; and, or, not and parentheses join them.

    ```console
    rollbook search churn                                       # a word, in any of its forms
    rollbook search '"false positives" and not drift'           # words that follow each other
    rollbook search 'metrics.auc >= 0.9 and tags.team = "fraud"' --order -metrics.auc
    rollbook search 'stage = validated and trained_before(2026-03-15)'
    rollbook search 'model = fraud/* and has(metrics.latency)' --facets stage --facets tags.team
    rollbook search 'environment = production' --as-of 2026-03-01
    rollbook search --saved team-a/trusted --json
    rollbook search churn --at https://one.example --at https://two.example
    rollbook search --fields                                    # all that can be asked for
    ```

    Quote the query for your shell, and texts with spaces for the query. Save one that you ask
    often: rollbook query save.
    """
    if limit < 1:
        raise bad("--limit must be 1 or more")
    if fields:
        return _fields(target)
    names = [name for text in facets or () for name in text.split(",") if name]
    then = moment(as_of)
    if at:
        if saved or names:
            raise bad("--saved and --facets ask one registry, --at asks several")
        return federating.ask(at, query, order=order, limit=limit, as_of=then, target=target)
    if saved is not None:
        if query:
            raise bad("give either a query or --saved")
        saved = saved if "/" in saved else f"default/{saved}"
    with target.registry() as registry, pointed(query):
        found = registry.search(
            query, saved=saved, order=order, facets=names, limit=limit, as_of=then
        )
        rows = list(found)
    if target.json:
        output.document(
            {
                "query": query,
                **({"saved": saved} if saved else {}),
                **({"as_of": said(then)} if then is not None else {}),
                "counted": output.shaped(found.counted) if found.counted else None,
                "facets": {
                    name: [output.shaped(share) for share in shares]
                    for name, shares in found.facets.items()
                },
                "versions": [output.shaped(version) for version in rows],
            }
        )
        return Exit.DONE
    _tell(rows, found, f"{query} {order or ''}")
    return Exit.DONE


def _tell(rows: "Sequence[Version]", found: "Found", asked: str) -> None:
    if not rows:
        output.say("Nothing was found. What can be asked for: rollbook search --fields")
        return
    output.table(COLUMNS, [cells(version, asked) for version in rows])
    if found.counted is not None and found.counted.rows > len(rows):
        output.say(f"[dim]{_counted(found.counted)} found; more of them: --limit[/]")
    for name, shares in found.facets.items():
        output.say("")
        output.say(bars(name, shares))


def _counted(counted: "Counted") -> str:
    return f"{counted.rows:,}" if counted.exact else f"more than {counted.rows:,}"


def _fields(target: Target) -> Exit:
    with target.registry() as registry:
        found = registry.search_fields()
    if target.json:
        output.document({"fields": [dict(field) for field in found]})
        return Exit.DONE
    output.table(
        ("field", "type", "ordered", "what it is", "for example"),
        [
            (f["name"], f["type"], "x" if f["ordered"] else "", f["about"], f["example"])
            for f in found
        ],
    )
    return Exit.DONE
