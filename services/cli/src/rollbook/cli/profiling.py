"""`rollbook profile make|record|show`: what live data of a version is held against."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.serving import Name, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.domain.profiles import Profile

Data = Annotated[Path, Parameter(help="The data set: CSV, JSON or JSON Lines, with a header.")]
Prediction = Annotated[
    str | None, Parameter(help="The column that holds what the version predicted.")
]
Label = Annotated[str | None, Parameter(help="The column that holds what is true.")]
Ignore = Annotated[list[str] | None, Parameter(help="A column that is no feature; repeatable.")]
Task = Annotated[
    Literal["number", "class", "probability"],
    Parameter(help="What predictions are; `probability`: that the answer is 1."),
]
Version = Annotated[int, Parameter(name="VERSION", help="Its number.")]


def make(
    data: Data,
    /,
    *,
    prediction: Prediction = None,
    label: Label = None,
    ignore: Ignore = None,
    task: Task = "number",
) -> Exit:
    """Print the profile of a data set as JSON, and record nothing.

    ```console
    rollbook profile make train.csv --prediction score --label churned --task probability
    ```
    """
    made = _made(data, prediction, label, ignore or [], task)
    output.document(made.model_dump(mode="json"))
    return Exit.DONE


def record(
    name: Name,
    version: Version,
    data: Data,
    /,
    *,
    prediction: Prediction = None,
    label: Label = None,
    ignore: Ignore = None,
    task: Task = "number",
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Let live data of a version be held against a data set: that which it was trained on.

    ```console
    rollbook profile record churn 3 train.csv
    rollbook profile record churn 3 test.csv --prediction score --label churned --task probability
    ```
    """
    model = arguments.key(name)
    made = _made(data, prediction, label, ignore or [], task)
    with target.registry() as registry:
        tell(registry, model, registry.record_profile(model, version, made), as_json=target.json)
    return Exit.DONE


def show(
    name: Name,
    version: Version,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what live data of a version is held against.

    ```console
    rollbook profile show churn 3
    ```
    """
    with target.registry() as registry:
        found = registry.profile(arguments.key(name), version)
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    profile = found.profile
    output.say(
        f"[bold]{output.plain(found.model)}[/] version {found.version}: {profile['rows']:,} rows"
        f" {output.plain(profile['data'])}"
    )
    columns = [(f"feature {n}", c) for n, c in profile["features"].items()]
    columns += [(n, profile[n]) for n in ("prediction", "label") if profile[n] is not None]
    output.table(
        ("column", "kind", "range", "missing"),
        [(n, c["kind"], _range(c), c["nulls"]) for n, c in columns],
    )
    return Exit.DONE


def _range(column: dict[str, Any]) -> str:
    if column["kind"] == "numbers":
        return f"{column['edges'][0]:g} to {column['edges'][-1]:g}"
    words = list(column["counts"])
    return ", ".join(words[:5]) + (f" and {len(words) - 5} more" if len(words) > 5 else "")


def _made(
    data: Path, prediction: str | None, label: str | None, ignore: list[str], task: Task
) -> "Profile":
    from rollbook.drift.profiling import profile  # noqa: PLC0415
    from rollbook.probes.formats import Unreadable  # noqa: PLC0415
    from rollbook.probes.tables import columns  # noqa: PLC0415

    try:
        table = columns(data)
    except (OSError, Unreadable) as error:
        raise bad(f"{data}: {error}") from None
    for wanted in (prediction, label, *ignore):
        if wanted is not None and wanted not in table:
            raise bad(f"{data} has no column {wanted!r}", f"it has {', '.join(sorted(table))}")
    kept = {name: column for name, column in table.items() if name not in ignore}
    return profile(kept, prediction=prediction, label=label, task=task, data=data.name)
