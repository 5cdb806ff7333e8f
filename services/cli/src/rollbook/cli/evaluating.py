"""`rollbook evaluate`: what was measured of a version, added to its history."""

from pathlib import Path
from typing import Annotated, Any, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.comparison import measure
from rollbook.cli.exits import Exit
from rollbook.cli.registering import evaluations
from rollbook.cli.sentences import clock, tags
from rollbook.cli.serving import NameAndVersion, tell
from rollbook.cli.target import Target

NEWEST = 100
"""Evaluations that are shown."""

Kind = Literal["offline", "production", "shadow", "ab", "human"]


def evaluate(
    name: NameAndVersion,
    file: Annotated[
        Path | None,
        Parameter(
            allow_leading_hyphen=True, help="YAML or JSON of the evaluation; - is standard input."
        ),
    ] = None,
    /,
    *,
    metric: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="name=number, or with its interval name=number:low..high; may be repeated.",
        ),
    ] = None,
    confidence: Annotated[float | None, Parameter(help="Of the intervals, such as 0.95.")] = None,
    kind: Annotated[Kind, Parameter(help="How it was measured.")] = "offline",
    split: Annotated[str, Parameter(help="Of the data.")] = "test",
    slice_: Annotated[
        list[str] | None,
        Parameter(
            name="--slice", negative="", help="name=value that restricts it; may be repeated."
        ),
    ] = None,
    data: Annotated[str | None, Parameter(help="uri or uri=sha256:… of the data.")] = None,
    samples: Annotated[int | None, Parameter(help="How many.")] = None,
    scorer: Annotated[str | None, Parameter(help="What computed it.")] = None,
    run_id: Annotated[str | None, Parameter(help="Of the evaluation.")] = None,
    at: Annotated[str | None, Parameter(help="When it was measured.")] = None,
    note: Annotated[str, Parameter(help="Anything else.")] = "",
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Append an evaluation to a version's history, or show it; what stands there never changes.

    ```console
    rollbook evaluate churn@3                       # the history, the newest first
    rollbook evaluate churn@3 --metric auc=0.93:0.91..0.95 --confidence 0.95 --samples 12000
    rollbook evaluate churn@3 --metric auc=0.88 --slice country=DE --slice age=18-25
    rollbook evaluate churn@3 evaluation.yaml
    ```
    """
    model, version = arguments.of_version(name)
    if file is not None and metric:
        raise bad("give either a FILE or --metric", "rollbook evaluate churn@3 --metric auc=0.93")
    if file is None and not metric:
        return _show(model, version, target)
    if file is not None:
        (found,) = evaluations([file])
        evaluation: Any = found
    else:
        datasets = arguments.datasets([data] if data else [], "test")
        said = {
            "metrics": arguments.measures(metric or [], confidence),
            "kind": kind,
            "split": split,
            "slice": arguments.pairs(slice_ or [], "slice"),
            "dataset": datasets[0] if datasets else None,
            "samples": samples,
            "scorer": scorer,
            "run_id": run_id,
            "at": arguments.moment(at).isoformat() if at else None,
            "note": note,
        }
        evaluation = {key: value for key, value in said.items() if value not in (None, "", {})}
    with target.registry() as registry:
        outcome = registry.evaluate(model, version, evaluation)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def _show(model: str, version: int, target: Target) -> Exit:
    with target.registry() as registry:
        found = list(registry.evaluations(model, version, newest_first=True, limit=NEWEST))
    if target.json:
        output.document({"evaluations": [output.shaped(row) for row in found]})
    elif not found:
        output.say(f"Version {version} of {output.plain(model)} has not been evaluated.")
    else:
        output.table(
            ("#number", "kind", "split", "where", "metrics", "#samples", "recorded", "by"),
            [
                (
                    row.number or "registered",
                    row.evaluation.get("kind", "offline"),
                    row.evaluation.get("split", "test"),
                    tags(row.evaluation.get("slice") or {}) or "all of it",
                    "\n".join(f"{n} {measure(m)}" for n, m in row.evaluation["metrics"].items()),
                    row.evaluation.get("samples"),
                    clock(row.recorded_at)[:16],
                    row.recorded_by,
                )
                for row in found
            ],
        )
    return Exit.DONE
