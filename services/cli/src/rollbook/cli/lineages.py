"""`rollbook lineage` and `rollbook impact`: where versions come from, and what came of a thing."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.serving import NameAndVersion
from rollbook.cli.target import Target
from rollbook.cli.trees import ends, impacts, tree

if TYPE_CHECKING:
    from rollbook.client import LineageGraph
    from rollbook.client.tracing import Direction

Format = Literal["tree", "json", "dot", "mermaid", "openlineage", "prov", "provn"]
TEXTS = frozenset(("dot", "mermaid", "provn"))
"""Formats that are not JSON already."""


def lineage(
    name: NameAndVersion,
    /,
    *,
    up: Annotated[
        bool, Parameter(negative="", show_default=False, help="Only what it came from.")
    ] = False,
    down: Annotated[
        bool, Parameter(negative="", show_default=False, help="Only what came of it.")
    ] = False,
    depth: Annotated[int, Parameter(help="Steps away, each way.")] = 5,
    format: Annotated[Format, Parameter(help="How to write it.")] = "tree",  # noqa: A002
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show what a version came from, what came of it, and where that serves.

    ```console
    rollbook lineage churn@3
    rollbook lineage churn@3 --up --depth 1
    rollbook lineage churn@3 --format mermaid > lineage.mmd
    rollbook lineage churn@3 --format prov > lineage.prov.json
    ```
    """
    if up and down:
        raise bad("give --up or --down, or neither for both")
    if depth < 0:
        raise bad("--depth must be 0 or more")
    model, version = arguments.of_version(name)
    direction: Direction = "up" if up else "down" if down else "both"
    with target.registry() as registry:
        found = registry.lineage(
            model, version, direction=direction, depth=depth, as_of=moment(as_of)
        )
    if format == "tree" and not target.json:
        output.say(tree(found))
        for line in ends(found.truncated, limited=found.limited):
            output.say(line)
        return Exit.DONE
    text = _written(found, "json" if format == "tree" else format)
    if target.json and format in TEXTS:
        output.document({"text": text})
    else:
        output.raw(text)
    return Exit.DONE


def impact(
    *,
    dataset: Annotated[
        str | None, Parameter(help="A data set: its digest, or a URI where it lay.")
    ] = None,
    commit: Annotated[str | None, Parameter(help="A commit, as it was registered.")] = None,
    version: Annotated[str | None, Parameter(help="A version: NAME@VERSION.")] = None,
    limit: Annotated[int, Parameter(help="Versions to list; all are counted.")] = 100,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what came of a data set, a commit or a version, and where that serves.

    ```console
    rollbook impact --dataset s3://lake/2026-03/customers.parquet
    rollbook impact --commit 4d3b093 --json
    rollbook impact --version base-model@2 --as-of 2026-03-01
    ```
    """
    if sum(text is not None for text in (dataset, commit, version)) != 1:
        raise bad("give one of --dataset, --commit and --version")
    if not 1 <= limit <= 1000:
        raise bad("--limit must be from 1 to 1000")
    key = arguments.of_version(version) if version is not None else None
    with target.registry() as registry:
        found = registry.impact(
            dataset=dataset, commit=commit, version=key, limit=limit, as_of=moment(as_of)
        )
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    for part in impacts(found):
        output.say(part)
    for line in ends(found.truncated, limited=found.limited):
        output.say(line)
    return Exit.DONE


def _written(found: "LineageGraph", format_: str) -> str:
    from dataclasses import asdict  # noqa: PLC0415

    from rollbook.lineage.forms import GRAPH, WRITTEN, Form  # noqa: PLC0415

    return WRITTEN[Form(format_)](GRAPH.validate_python(asdict(found)))
