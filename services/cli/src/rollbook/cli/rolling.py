"""`rollbook rollout start|list|pause|resume|approve|skip|promote|abort`."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Environment, Name, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client.rolling import Rollout

Number = Annotated[
    int | None, Parameter(name="--rollout", help="Only if it is this one that is live.")
]
Step = Annotated[
    int | None, Parameter(name="--step", help="Only if it is at this step, counted from 1.")
]


def start(
    version: Annotated[str, Parameter(help="The new one, [NAMESPACE/]NAME@VERSION.")],
    /,
    *,
    plan: Annotated[Path | None, Parameter(name=("--plan", "-p"), help="A plan in YAML.")] = None,
    canary: Annotated[
        str | None,
        Parameter(help="Percent of the traffic, step by step: 5,25,50. With usual guardrails."),
    ] = None,
    every: Annotated[
        str, Parameter(help="With --canary: how long each step takes at least: 10m, 1h.")
    ] = "1h",
    against: Annotated[
        list[int] | None, Parameter(help="A further new version of an A/B test; several times.")
    ] = None,
    environment: Environment = "production",
    reason: Annotated[str, Parameter(name=("--reason", "-r"), help="Why.")] = "",
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Let a version take over an environment step by step.

    ```console
    rollbook rollout start churn@4 --plan canary.yaml
    rollbook rollout start churn@4 --canary 5,25,50 --every 30m
    rollbook rollout start churn@4 --against 5 --plan ab-test.yaml
    ```

    It asks for the same signatures as a promotion, and uses them up. `rollbook rollout explain`
    says in words what a plan does.
    """
    from rollbook.cli import rolloutplan  # noqa: PLC0415

    model, number = arguments.of_version(version)
    if (plan is None) == (canary is None):
        raise bad("say either --plan or --canary")
    document = rolloutplan.read(plan) if plan is not None else rolloutplan.usual(canary, every)
    with target.registry() as registry:
        outcome = registry.start_rollout(
            model,
            number,
            document,
            environment=environment,
            challengers=against or (),
            reason=reason,
        )
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def list_(
    name: Annotated[
        str | None, Parameter(help="Of a model; without, all that are live anywhere.")
    ] = None,
    /,
    *,
    last: Annotated[int, Parameter(help="How many back.")] = 50,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List rollouts: of all models those that are live, or all of a model, the newest at the top.

    ```console
    rollbook rollout list
    rollbook rollout list churn --json
    ```
    """
    from itertools import islice  # noqa: PLC0415

    with target.registry() as registry:
        model = arguments.key(name) if name is not None else None
        found = list(islice(registry.rollouts(model), last))
    if target.json:
        output.document({"rollouts": [output.shaped(each) for each in found]})
    elif not found:
        output.say("There was no rollout." if name else "No rollout is live.")
    else:
        output.table(
            ("model", "#number", "version", "environment", "state", "step", "since"),
            [
                (
                    each.model,
                    each.rollout,
                    f"{each.baseline} → {', '.join(map(str, (each.version, *each.challengers)))}",
                    each.environment,
                    each.state,
                    place(each),
                    clock(each.moved_at)[:16],
                )
                for each in found
            ],
        )
    return Exit.DONE


def place(rollout: "Rollout") -> str:
    """At which step it is, or was in the end, of how many."""
    progressive = rollout.plan.get("progressive")
    steps = progressive["weights"] if progressive else rollout.plan["steps"]
    return f"{rollout.step + 1} of {len(steps)}"


def pause(
    name: Name,
    /,
    *,
    reason: Reason,
    environment: Environment = "production",
    rollout: Number = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Keep the traffic as it is; a guardrail that breaks still ends the rollout.

    ```console
    rollbook rollout pause churn --reason "the shop is on sale until noon"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.pause_rollout(model, reason, environment=environment, rollout=rollout)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def resume(
    name: Name,
    /,
    *,
    reason: Reason,
    environment: Environment = "production",
    rollout: Number = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Let a paused rollout go on; the time of the pause does not count.

    ```console
    rollbook rollout resume churn --reason "the sale is over"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.resume_rollout(model, reason, environment=environment, rollout=rollout)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def approve(
    name: Name,
    /,
    *,
    environment: Environment = "production",
    rollout: Number = None,
    step: Step = None,
    title: Annotated[
        str | None, Parameter(name=("--as", "-a"), help="In the name of a title that you hold.")
    ] = None,
    comment: Annotated[str, Parameter(name=("--comment", "-c"), help="What you say to it.")] = "",
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Agree that a rollout goes beyond its step; not by who started it or made the version.

    ```console
    rollbook rollout approve churn --step 2 --comment "seen the slices"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.approve_rollout_step(
            model,
            environment=environment,
            rollout=rollout,
            step=_from_0(step),
            title=title,
            comment=comment,
        )
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def skip(
    name: Name,
    /,
    *,
    reason: Reason,
    environment: Environment = "production",
    rollout: Number = None,
    step: Step = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Go to the next step without what this one should show; that stays on record.

    ```console
    rollbook rollout skip churn --step 1 --reason "it ran for a week in another region"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.skip_rollout_step(
            model, reason, environment=environment, rollout=rollout, step=_from_0(step)
        )
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def promote(
    name: Name,
    /,
    *,
    reason: Reason,
    version: Annotated[
        int | None, Parameter(help="Which of the new versions of an A/B test.")
    ] = None,
    environment: Environment = "production",
    rollout: Number = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Promote now, whatever the steps have shown; that stays on record.

    ```console
    rollbook rollout promote churn --reason "version 3 fails on the new card numbers"
    ```

    The rules of the namespace hold all the same.
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.promote_rollout(
            model, reason, environment=environment, rollout=rollout, version=version
        )
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def abort(
    name: Name,
    /,
    *,
    reason: Reason,
    environment: Environment = "production",
    rollout: Number = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Give all traffic back to what served before; after the promotion, roll back to it.

    ```console
    rollbook rollout abort churn --reason "customers complain"
    ```

    It needs no metrics, no tables and no servers: one record of the log, which servers follow.
    """
    model = arguments.key(name)
    with target.registry() as registry:
        outcome = registry.abort_rollout(model, reason, environment=environment, rollout=rollout)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


def _from_0(step: int | None) -> int | None:
    return None if step is None else step - 1
