"""`rollbook retrain policy|now|list|show|cancel`: training a model anew."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Name, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client.retraining import Retraining
    from rollbook.domain.retrainpolicy import RetrainingPolicy

Number = Annotated[int, Parameter(name="NUMBER", help="Of the retraining, as `list` shows it.")]


def policy(
    name: Name,
    /,
    *,
    file: Annotated[
        Path | None, Parameter(name=("--set", "-s"), help="The policy to put in force: YAML.")
    ] = None,
    never: Annotated[bool, Parameter(negative=(), help="Put none in force any more.")] = False,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show when a model is trained anew, as YAML; or say so.

    ```console
    rollbook retrain policy churn > retrain.yaml
    rollbook retrain policy churn --set retrain.yaml
    rollbook retrain policy churn --never
    ```
    """
    from rollbook.cards.plain import write  # noqa: PLC0415

    model = arguments.key(name)
    if file is not None and never:
        raise bad("--set and --never contradict each other")
    document = _read(file) if file is not None else None
    with target.registry() as registry:
        if file is not None or never:
            outcome = registry.set_retraining(model, document)
            tell(registry, model, outcome, as_json=target.json)
            return Exit.DONE
        found = registry.retraining_policy(model)
    if target.json:
        output.document(output.shaped(found))
    elif found.document is None:
        output.say(f"{output.plain(model)} is not trained anew: its policy was taken back.")
    else:
        by = f"set {clock(found.set_at)[:16]} by {found.set_by}"
        output.raw(f"# {model}: version {found.version} of its policy, {by}")
        output.raw(write(dict(found.document)))
    return Exit.DONE


def now(
    name: Name,
    /,
    *,
    reason: Reason,
    alarm: Annotated[int | None, Parameter(help="The alarm that it is because of.")] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Have a model trained anew; its policy says by which pipeline, and how often at most.

    ```console
    rollbook retrain now churn --reason "the prices have changed"
    rollbook retrain now churn --alarm 3 -r "it will not go away by itself"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.request_retraining(model, reason, alarm=alarm)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def list_(
    name: Name,
    /,
    *,
    last: Annotated[int, Parameter(help="How many back.")] = 20,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List the retrainings of a model, and what came of them; the newest at the top.

    ```console
    rollbook retrain list churn
    rollbook retrain list churn --json
    ```
    """
    from itertools import islice  # noqa: PLC0415

    model = arguments.key(name)
    with target.registry() as registry:
        found = list(islice(registry.retrainings(model), last))
    if target.json:
        rows = [output.shaped(each) for each in found]
        output.document({"model": model, "retrainings": rows})
    elif not found:
        output.say(f"{output.plain(model)} was never trained anew.")
    else:
        output.table(
            ("#number", "asked for", "by", "because of", "pipeline", "state", "#candidate"),
            [
                (
                    each.retraining,
                    clock(each.requested_at)[:16],
                    each.requested_by,
                    f"alarm {each.alarm}" if each.alarm else each.reason,
                    each.pipeline,
                    each.state,
                    each.candidate or "",
                )
                for each in found
            ],
        )
    return Exit.DONE


def show(
    name: Name,
    number: Number,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show a retraining: why, where it runs, what it has brought.

    ```console
    rollbook retrain show churn 3
    rollbook retrain show churn 3 --json
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        found = registry.retraining(model, number)
    if target.json:
        output.document(output.shaped(found))
    else:
        for line in _lines(found):
            output.say(output.plain(line))
    return Exit.DONE


def cancel(
    name: Name,
    number: Number,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Wait for a retraining no longer, and let the next one begin; its run is told to stop.

    ```console
    rollbook retrain cancel churn 3 --reason "the data of this week is broken"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.cancel_retraining(model, number, reason)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def _read(file: Path) -> "RetrainingPolicy":
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.cards import plain  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable, problems_of  # noqa: PLC0415
    from rollbook.cli.reading import text_of, unreadable  # noqa: PLC0415
    from rollbook.domain.retrainpolicy import RetrainingPolicy  # noqa: PLC0415

    try:
        found = plain.read(text_of(file))
        return RetrainingPolicy.model_validate({} if found.value is None else found.value)
    except ValidationError as error:
        wrong = problems_of(error, found.line, list(RetrainingPolicy.model_fields))
        raise unreadable(file, wrong) from None
    except Unreadable as error:
        raise unreadable(file, error) from None


def _lines(found: "Retraining") -> list[str]:
    why = f"because of alarm {found.alarm} of version {found.version}" if found.alarm else "by hand"
    asked = f"asked for {clock(found.requested_at)[:16]} by {found.requested_by}"
    lines = [
        f"{found.model}: retraining {found.retraining}, {found.state}",
        f"{asked}, {why}: {found.reason}",
        f"pipeline {found.pipeline}, called under the key rollbook-{found.id}",
    ]
    if found.run:
        lines.append(f"runs as {found.run}{f' at {found.url}' if found.url else ''}")
    if found.candidate:
        lines.append(f"brought version {found.candidate}")
    if found.ended_at:
        lines.append(f"ended {clock(found.ended_at)[:16]}{f': {found.note}' if found.note else ''}")
    else:
        lines.append(f"counts as lost from {clock(found.deadline)[:16]} on")
    return lines
