"""`rollbook break-glass` and `rollbook breaks`: past the rules, loudly, and reviewed later."""

from typing import TYPE_CHECKING, Annotated, Literal

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Environment, Name, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Break


def break_glass(
    name: Name,
    version: Annotated[int, Parameter(help="Its number.")],
    /,
    *,
    reason: Reason,
    environment: Environment = "production",
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """In an emergency, let a version serve past the rules; somebody else reviews it afterwards.

    ```console
    rollbook break-glass churn 2 --reason "version 3 declines everybody, and nobody is awake"
    rollbook break-glass team-a/churn 2 -e staging -r "…"
    ```

    A roll-back needs no signatures: try `rollbook rollback` first.
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.break_glass(model, version, reason, environment=environment)
        tell(registry, model, outcome, as_json=target.json)
        if not target.json and (number := outcome.event["data"].get("number")):
            output.say(
                f"  [bold red]This is on record.[/] Somebody else must say of it:"
                f" rollbook breaks review {output.plain(name)} {number} justified --note …"
            )
    return Exit.DONE


def list_(
    name: Annotated[
        str | None, Parameter(help="Of a model; without, all that nobody has reviewed.")
    ] = None,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List what was let past the rules: of all models what waits for its review, or of one model.

    ```console
    rollbook breaks list
    rollbook breaks list churn
    ```
    """
    with target.registry() as registry:
        found = list(registry.breaks(arguments.key(name) if name is not None else None))
    if target.json:
        output.document({"breaks": [output.shaped(broken) for broken in found]})
    elif not found:
        output.say("No glass is broken." if name else "Nothing waits for its review.")
    else:
        for broken in found:
            _tell(broken)
    return Exit.DONE


def review(
    name: Name,
    number: Annotated[int, Parameter(help="Of the broken glass.")],
    verdict: Annotated[Literal["justified", "unjustified"], Parameter(help="What you find.")],
    /,
    *,
    note: Annotated[str, Parameter(name=("--note", "-n"), help="Why; it stays in the log.")],
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say afterwards whether it was justified; not by who did it.

    ```console
    rollbook breaks review churn 1 justified --note "it ended the outage"
    rollbook breaks review churn 2 unjustified -n "a roll-back would have done"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.review_break(model, number, verdict, note)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def _tell(broken: "Break") -> None:
    instead = f", in place of {broken.replaced}" if broken.replaced is not None else ""
    output.say(
        f"[bold]{output.plain(broken.model)}[/] glass {broken.number}: version {broken.version}"
        f" into {output.plain(broken.environment)}{instead},"
        f" {clock(broken.broken_at)[:16]} by {output.plain(broken.broken_by)}"
    )
    past = ", ".join(broken.bypassed) or "no rule"
    output.say(f"  past {output.plain(past)}: {output.plain(broken.reason)}")
    if broken.verdict is None:
        output.say("  [yellow]not reviewed[/]")
        return
    colour = "green" if broken.verdict == "justified" else "red"
    said = f"({broken.reviewed_by}: {broken.note})"
    output.say(f"  [{colour}]{output.plain(broken.verdict)}[/] {output.plain(said)}")
