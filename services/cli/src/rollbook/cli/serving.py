"""`rollbook promote` and `rollbook rollback`: what serves where."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import sentence
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Registry
    from rollbook.client.results import Outcome

Environment = Annotated[str, Parameter(name=("--environment", "-e"), help="Where it serves.")]
Name = Annotated[str, Parameter(help="Of the model, [NAMESPACE/]NAME.")]
Expected = Annotated[
    int | None,
    Parameter(help="Only if the model's seq is still this one: act on the state you have seen."),
]


def promote(
    name: Name,
    version: Annotated[int, Parameter(help="Its number.")],
    /,
    *,
    environment: Environment = "production",
    expected_seq: Expected = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Let a version serve in an environment, in place of the one that serves there.

    Exactly one version stands in an environment: the swap is one record of the log.

    ```console
    rollbook promote churn 3
    rollbook promote team-a/churn 3 --environment staging
    rollbook promote churn 3 --expected-seq 12     # refused if anything happened since
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.promote(
            model, version, environment=environment, expected_seq=expected_seq
        )
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def rollback(
    name: Name,
    /,
    *,
    reason: Annotated[str, Parameter(name=("--reason", "-r"), help="Why; it stays in the log.")],
    environment: Environment = "production",
    to: Annotated[
        int | None, Parameter(help="Version to go back to; if not named, the one before.")
    ] = None,
    expected_seq: Expected = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Put back the version that served before, with a reason.

    ```console
    rollbook rollback churn --reason "latency doubled"
    rollbook rollback churn --to 1 -e staging -r "wrong features"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.roll_back(
            model, reason, environment=environment, to=to, expected_seq=expected_seq
        )
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def tell(registry: "Registry", model: str, *outcomes: "Outcome", as_json: bool) -> None:
    """Write what came of the commands, and wait until reads of others show it.

    With JSON, the last outcome is the document.
    """
    from rollbook.client import RegistryError  # noqa: PLC0415

    _write(model, outcomes, as_json=as_json)
    try:
        registry.model(model)  # waits for what this session did, so that the next verb sees it
    except RegistryError as error:
        output.console(stderr=True).print(
            f"[yellow]it stands in the log, but reads do not show it yet:[/] {output.plain(error)}"
        )


def _write(model: str, outcomes: "Sequence[Outcome]", *, as_json: bool) -> None:
    if as_json:
        output.document(output.shaped(outcomes[-1]))
        return
    for outcome in outcomes:
        said = sentence(outcome.type, outcome.event["data"])
        output.say(
            f"[bold]{output.plain(model)}[/]: {output.plain(said)}"
            f"  [dim]at {outcome.position}, seq {outcome.seq}[/]"
        )
