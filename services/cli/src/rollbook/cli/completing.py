"""`rollbook completeness`: how much of what a namespace asks for is there, and who lacks what."""

from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.target import Target


def completeness(
    namespace: NamespaceName,
    /,
    *,
    environment: Annotated[
        list[str] | None,
        Parameter(
            name=("--environment", "-e"),
            negative="",
            help="Where they serve; production and what the rules protect if not; may be repeated.",
        ),
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show how many of the records of what serves are complete, and what the others lack.

    ```console
    rollbook completeness team-a
    rollbook completeness team-a --environment staging --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = registry.completeness(space, environment or ())
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    if found.share is None:
        output.say(f"Nothing serves in {output.plain(', '.join(found.environments))}.")
        return Exit.DONE
    colour = "green" if found.complete == found.serving else "yellow"
    output.say(
        f"[{colour}]{found.share:.1%}[/] complete: {found.complete} of {found.serving} in"
        f" {output.plain(', '.join(found.environments))}, by schema {found.schema_version}"
    )
    if found.fields:
        rows = [(f["field"], f["present"], f"{f['share'] or 0:.0%}") for f in found.fields]
        output.table(("field", "#there", "#share"), rows)
    if found.lacking:
        output.say("")
        output.table(
            ("model", "#version", "in", "lacks"),
            [
                (row["model"], row["version"], row["environment"], "; ".join(row["lacks"]))
                for row in found.lacking
            ],
        )
    return Exit.DONE
