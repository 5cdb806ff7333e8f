"""`rollbook promote`, `rollback`, `rehearse` and `clear`: what serves where."""

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
Reason = Annotated[str, Parameter(name=("--reason", "-r"), help="Why; it stays in the log.")]
NameAndVersion = Annotated[str, Parameter(help="Of the version, [NAMESPACE/]NAME@VERSION.")]
Expected = Annotated[
    int | None,
    Parameter(help="Only if its seq is still this one: act on the state that you have seen."),
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

    Where the rules ask for signatures: `rollbook request churn 3`, and others approve it first.
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
    reason: Reason,
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


def rehearse(
    name: Name,
    /,
    *,
    note: Annotated[str, Parameter(name=("--note", "-n"), help="What was found; it stays.")],
    environment: Environment = "production",
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Go through a roll-back without doing it, and put on record what it would restore.

    ```console
    rollbook rehearse churn --note "the drill of this quarter: 40 seconds"
    rollbook rehearse churn -e staging -n "runbook followed"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.rehearse_rollback(model, note, environment=environment)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def clear(
    name: Name,
    environment: Annotated[str, Parameter(help="What shall be empty.")],
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Take what serves out of an environment, and let nothing serve there.

    ```console
    rollbook clear churn shadow --reason "the trial is over"
    rollbook clear churn production -r "the product is gone"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.clear(model, environment, reason)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def tell(registry: "Registry", stream: str, *outcomes: "Outcome", as_json: bool) -> None:
    """Write what came of the commands, and wait until reads of others show it.

    With JSON, the last outcome is the document.
    """
    from rollbook.client import Refused, RegistryError  # noqa: PLC0415

    _write(stream, outcomes, as_json=as_json)
    try:
        registry.event(outcomes[-1].position)  # waits, so that the next verb sees it
    except Refused:
        pass  # it was waited for; not everybody may see what they did
    except RegistryError as error:
        output.console(stderr=True).print(
            f"[yellow]it stands in the log, but reads do not show it yet:[/] {output.plain(error)}"
        )


def _write(stream: str, outcomes: "Sequence[Outcome]", *, as_json: bool) -> None:
    if as_json:
        output.document(output.shaped(outcomes[-1]))
        return
    for outcome in outcomes:
        said = sentence(outcome.type, outcome.event["data"])
        output.say(
            f"[bold]{output.plain(stream)}[/]: {output.plain(said)}"
            f"  [dim]at {outcome.position}, seq {outcome.seq}[/]"
        )
