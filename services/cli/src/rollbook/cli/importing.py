"""`rollbook import`: models from elsewhere, with their history, marked as imported."""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry
    from rollbook.imports.importing import Answer, Progress
    from rollbook.imports.people import Names
    from rollbook.imports.plan import Entry, Plan
    from rollbook.imports.report import Report

Namespace = Annotated[str, Parameter(help="Where the models shall live.")]
DryRun = Annotated[
    bool,
    Parameter(negative="", show_default=False, help="Only say what would be sent."),
]
Whom = Annotated[
    Literal["vault", "drop", "keep"],
    Parameter(
        help="Names of those who did it there: into the vault, with a reference in the log that"
        " can be erased; dropped; or kept in the log as they are, for ever."
    ),
]
KEPT = frozenset({"CommandRefused", "CommandRepeated"})
"""Outcomes after which there is still something to send."""


def directory(
    folder: Annotated[
        Path, Parameter(name="DIRECTORY", help="Its folders are model/version/files.")
    ],
    /,
    *,
    namespace: Namespace = "default",
    tree: Annotated[
        str | None, Parameter(help="Names this tree for ever; the folder's name if not.")
    ] = None,
    base_uri: Annotated[
        str | None, Parameter(help="Where the tree lies for others, such as s3://models.")
    ] = None,
    people: Whom = "vault",
    dry_run: DryRun = False,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Import a folder of models: `model/version/files`, with `rollbook.yaml` and README.md in it.

    Import it again and only what is new is sent. Exit code 1 when something was left out.

    ```console
    rollbook import directory ./models --dry-run
    rollbook import directory ./models --namespace team-a --base-uri s3://models
    ```
    """
    from rollbook.imports.directory import read_directory  # noqa: PLC0415
    from rollbook.imports.tree_files import BadTree  # noqa: PLC0415

    space = arguments.namespace(namespace)
    if not folder.is_dir():
        raise arguments.bad(f"{folder} is not a folder")
    try:
        entries = read_directory(folder, namespace=space, tree=tree, base_uri=base_uri)
        return _rehearse(entries, target) if dry_run else _import(entries, people, target)
    except BadTree as error:
        said = "\n".join(f"  {problem}" for problem in error.problems)
        raise arguments.bad(f"{folder} cannot be imported as it is:\n{said}") from None


def mlflow(
    server: Annotated[str, Parameter(name="URL", help="Of the tracking server.")],
    /,
    *,
    namespace: Namespace = "default",
    model: Annotated[
        list[str] | None, Parameter(negative="", help="Only this one; may be repeated.")
    ] = None,
    stage: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="THEIRS=OURS: the environment that a stage becomes; may be repeated."
            " Staging=staging and Production=production if none is named.",
        ),
    ] = None,
    mount: Annotated[
        list[str] | None,
        Parameter(
            negative="",
            help="PREFIX=FOLDER: where artifacts of such URIs lie here; may be repeated.",
        ),
    ] = None,
    mlflow_token: Annotated[
        str | None,
        Parameter(env_var="MLFLOW_TRACKING_TOKEN", help="For the tracking server."),
    ] = None,
    people: Whom = "vault",
    dry_run: DryRun = False,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Import the registered models of an MLflow tracking server, with times, metrics, aliases.

    MLFLOW_TRACKING_USERNAME and MLFLOW_TRACKING_PASSWORD log in where there is no token. Import
    again and only what is new is sent. Exit code 1 when something was left out.

    ```console
    rollbook import mlflow http://mlflow:5000 --dry-run
    rollbook import mlflow http://mlflow:5000 --namespace team-a --model churn
    rollbook import mlflow http://mlflow:5000 --mount s3://bucket=/mnt --stage Production=live
    ```
    """
    from rollbook.imports.mlflow import STAGES, read_mlflow  # noqa: PLC0415
    from rollbook.imports.mlflow_api import SourceError, connect  # noqa: PLC0415

    space = arguments.namespace(namespace)
    stages = arguments.pairs(stage or [], "stage") or STAGES
    mounts = {
        prefix: Path(place) for prefix, place in arguments.pairs(mount or [], "mount").items()
    }
    name = os.environ.get("MLFLOW_TRACKING_USERNAME")
    login = (name, os.environ.get("MLFLOW_TRACKING_PASSWORD", "")) if name else None
    try:
        with connect(server, token=mlflow_token, login=login) as source:
            entries = read_mlflow(
                source, namespace=space, names=model or (), stages=stages, mounts=mounts
            )
            return _rehearse(entries, target) if dry_run else _import(entries, people, target)
    except SourceError as error:
        raise Failure(Exit.UNAVAILABLE, str(error), code="source") from error


def _import(entries: "Iterable[Entry]", people: Whom, target: Target) -> Exit:
    from rollbook.imports.importing import carry_out  # noqa: PLC0415
    from rollbook.imports.people import Names, People  # noqa: PLC0415

    with target.registry() as registry:
        names = Names(People(people), registry.personal)
        report = carry_out(
            entries,
            lambda plan: _send(registry, plan, names),
            lambda model: answered(registry, model),
            _tell,
        )
    return _report(report, as_json=target.json)


def _send(registry: "Registry", plan: "Plan", names: "Names") -> "Answer":
    from rollbook.client import Invalid, Refused  # noqa: PLC0415
    from rollbook.imports.importing import Answer  # noqa: PLC0415

    try:
        plan = names.told(plan)
        outcome = registry.send(
            plan.model,
            plan.command,
            command_id=plan.command_id,
            origin=plan.origin,
            origin_time=plan.origin_time,
        )
    except Refused as refusal:
        return Answer("refused", code=refusal.code, message=refusal.message)
    except Invalid as error:
        return Answer("refused", code="invalid", message=error.message)
    if outcome.outcome == "confirmed":
        return Answer("confirmed", outcome.version)
    return Answer("accepted", outcome.version)


def answered(registry: "Registry", model: str) -> Mapping[str, int | None]:
    """The commands that the model's history holds accepted or confirmed, and their version."""
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        return {
            record.command_id: record.data.get("version")
            for record in registry.history(model)
            if record.command_id is not None and record.type not in KEPT
        }
    except Refused as refusal:
        if refusal.code != "unknown_model":
            raise
        return {}


def _tell(progress: "Progress") -> None:
    entry = progress.entry
    what = _what(entry)
    output.console(stderr=True).print(f"[dim]{progress.done:5}  {output.plain(what)}[/]")


def _what(entry: "Entry") -> str:
    from rollbook.imports.plan import Plan  # noqa: PLC0415

    if not isinstance(entry, Plan):
        return f"{entry.model}: left out {entry.what}: {entry.reason}"
    version = f" of version {entry.version}" if entry.version is not None else ""
    then = f", {entry.origin_time:%Y-%m-%d %H:%M}" if entry.origin_time else ""
    return f"{entry.model}: {type(entry.command).__name__}{version}{then}"


def _rehearse(entries: "Iterable[Entry]", target: Target) -> Exit:
    found = list(map(_what, entries))
    if target.json:
        output.document({"would": found})
    else:
        for what in found:
            output.say(output.plain(what))
        output.say(f"[dim]{len(found)} in all; nothing was sent[/]")
    return Exit.DONE


def _report(report: "Report", *, as_json: bool) -> Exit:
    if as_json:
        output.document(
            {
                "imported": list(map(_what, report.imported)),
                "known": len(report.known),
                "skipped": [vars(skipped) for skipped in report.skipped],
                "versions": [
                    {"model": model, "theirs": theirs, "ours": ours}
                    for (model, theirs), ours in report.numbers.items()
                ],
            }
        )
    else:
        for line in report.lines():
            output.say(output.plain(line))
    return Exit.ERROR if report.skipped else Exit.DONE
