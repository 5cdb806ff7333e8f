"""`rollbook rollout show|watch`: how far a rollout is, what it has shown, and what servers say."""

import time
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter, validators

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.rolling import place
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Name
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rollbook.client import Registry
    from rollbook.client.rolling import Deployment, RolloutStory

LOOK_EVERY = 1.0
"""Seconds."""

BAR = 24
"""Characters of a full bar."""

LIVE = ("stepping", "paused", "watching")
GOOD = ("promoted", "finished")
COLOURS = {"passed": "green", "breached": "red", "error": "red", "failed": "red"}

Which = Annotated[
    int | None, Parameter(name="NUMBER", help="Of the rollout; the newest, if not named.")
]


def show(
    name: Name,
    number: Which = None,
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show a rollout: its steps, what was found at each, and what servers say they serve.

    ```console
    rollbook rollout show churn
    rollbook rollout show churn 2 --json
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        story = _story(registry, model, number)
        deployed = _deployed(registry, story)
    if target.json:
        output.document(
            {
                "rollout": output.shaped(story.rollout),
                "steps": [output.shaped(step) for step in story.steps],
                "deployment": output.shaped(deployed) if deployed else None,
            }
        )
    else:
        for part in _lines(story, deployed):
            output.say(part)
    return Exit.DONE


def watch(
    name: Name,
    number: Which = None,
    /,
    *,
    within: Annotated[
        float, Parameter(validator=validators.Number(gt=0), help="Seconds to wait at most.")
    ] = 7 * 86_400,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Follow a rollout until it is over; a pipeline may end there.

    ```console
    rollbook rollout start churn@4 --canary 5,25
    rollbook rollout watch churn
    ```

    Exit code 0 when it has promoted its version, or a shadow has passed; 1 when it was taken back.
    """
    model = arguments.key(name)
    with target.registry() as registry:
        story = _followed(registry, _story(registry, model, number), within, as_json=target.json)
    if target.json:
        output.document(output.shaped(story.rollout))
    else:
        output.say(_headline(story))
    return Exit.DONE if story.rollout.state in GOOD else Exit.ERROR


def _followed(
    registry: "Registry", story: "RolloutStory", within: float, *, as_json: bool
) -> "RolloutStory":
    """The story of the rollout when it is over; each step is told as it happens."""
    from rich.console import Group  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415

    console = output.console(stderr=as_json)
    deadline = time.monotonic() + within
    model, number = story.rollout.model, story.rollout.rollout
    told = 0
    if console.is_terminal and not as_json:
        with Live(console=console, refresh_per_second=2) as live:
            while True:
                live.update(Group(*_lines(story, _deployed(registry, story))))
                if story.rollout.state not in LIVE:
                    return story
                story = _later(registry, model, number, deadline)
    while True:
        for step in story.steps[told:]:
            console.print(output.plain(f"{clock(step.at)[:19]} {_event(step.type, step.reason)}"))
        told = len(story.steps)
        if story.rollout.state not in LIVE:
            return story
        story = _later(registry, model, number, deadline)


def _later(registry: "Registry", model: str, number: int, deadline: float) -> "RolloutStory":
    if time.monotonic() > deadline:
        raise Failure(Exit.ERROR, f"rollout {number} of {model} is still live", code="not_over")
    time.sleep(LOOK_EVERY)
    return registry.rollout(model, number)


def _story(registry: "Registry", model: str, number: int | None) -> "RolloutStory":
    if number is None:
        newest = next(iter(registry.rollouts(model)), None)
        if newest is None:
            raise Failure(Exit.REFUSED, f"{model} had no rollout", code="unknown_rollout")
        number = newest.rollout
    return registry.rollout(model, number)


def _deployed(registry: "Registry", story: "RolloutStory") -> "Deployment | None":
    """What servers say, as long as it is about this rollout."""
    if story.rollout.state not in LIVE:
        return None
    where = story.rollout.environment
    found = registry.deployment(story.rollout.model)
    return next((each for each in found if each.environment == where), None)


def _headline(story: "RolloutStory") -> str:
    rollout = story.rollout
    colour = "green" if rollout.state in GOOD else "cyan" if rollout.state in LIVE else "red"
    arms = ", ".join(map(str, (rollout.version, *rollout.challengers)))
    why = f": {output.plain(rollout.ended_reason)}" if rollout.ended_reason else ""
    return (
        f"[bold]{output.plain(rollout.model)}[/] rollout {rollout.rollout},"
        f" version {arms} beside {rollout.baseline} in {output.plain(rollout.environment)}:"
        f" [{colour}]{rollout.state}[/]{why}"
    )


def _lines(story: "RolloutStory", deployed: "Deployment | None") -> "Iterator[RenderableType]":
    rollout = story.rollout
    yield _headline(story)
    yield from _plan(story)
    if rollout.state == "stepping":
        yield f"  {_waits(story)}"
    elif rollout.state == "watching":
        yield f"  watched until {clock(rollout.due)[:16]}"
    for metric in (rollout.finding or {}).get("metrics", ()):
        yield _metric(metric)
    if deployed is not None:
        yield _servers(deployed)
    for step in story.steps:
        said = output.plain(_event(step.type, step.reason))
        yield f"  [dim]{clock(step.at)[:16]}[/] {said} [dim]{output.plain(step.by)}[/]"


def _plan(story: "RolloutStory") -> Iterator[str]:
    rollout = story.rollout
    progressive = rollout.plan.get("progressive")
    steps: list[Mapping[str, Any]] = (
        [{"weight": weight} for weight in progressive["weights"]]
        if progressive
        else list(rollout.plan["steps"])
    )
    for number, step in enumerate(steps):
        weight, mirror = step.get("weight", 0), step.get("mirror", 0)
        filled = round(BAR * (weight or mirror) / 100)
        bar = "█" * filled if weight else "▒" * filled
        done = number < rollout.step or rollout.promoted is not None
        mark = "✓" if done else "●" if number == rollout.step else " "
        copies = f" copies of {mirror:g} %" if mirror else ""
        yield f"  {mark} {number + 1}. {bar.ljust(BAR)} {weight:g} %{copies}"


def _waits(story: "RolloutStory") -> str:
    rollout = story.rollout
    if rollout.due > datetime.now(UTC):
        what = f"bakes until {clock(rollout.due)[:16]}"
    elif rollout.missing:
        people = ", ".join(f"{count} x {title}" for title, count in rollout.missing.items())
        what = f"waits for {people}: rollbook rollout approve"
    else:
        what = "waits until all metrics pass"
    return f"step {place(rollout)} {output.plain(what)}; until {clock(rollout.deadline)[:16]}"


def _metric(metric: Mapping[str, Any]) -> str:
    colour = COLOURS.get(metric["outcome"], "yellow")
    new, old = metric["candidate"], metric.get("baseline")
    said = f"{_value(new)} of version {new['version']}"
    if old:
        said += f", {_value(old)} of version {old['version']}"
    if metric.get("low") is not None and metric.get("high") is not None:
        said += f"; {metric['low']:+.4g} to {metric['high']:+.4g}"
    return f"  [{colour}]{metric['outcome']}[/] {output.plain(metric['metric'])}: {said}"


def _value(measured: Mapping[str, Any]) -> str:
    value = measured.get("value")
    shown = "nothing" if value is None else f"{value:.4g}"
    return f"{shown} ({measured.get('n', 0)} requests)"


def _servers(deployed: "Deployment") -> str:
    if deployed.standing == "unobserved":
        return "  no server has said what it serves"
    sources = {seen["source"] for seen in deployed.observed}
    count = f"{len(sources)} server{'s' if len(sources) > 1 else ''}"
    if deployed.standing == "as_wanted":
        return f"  {count}: as wanted"
    served = sorted({seen["version"] for seen in deployed.observed})
    wanted = ", ".join(str(share["version"]) for share in deployed.wanted)
    return f"  [yellow]{count} with version {', '.join(map(str, served))}, wanted: {wanted}[/]"


WORDS = {
    "RolloutStarted": "started",
    "RolloutAdvanced": "next step",
    "RolloutPaused": "paused",
    "RolloutResumed": "goes on",
    "RolloutStepApproved": "step approved",
    "RolloutStepSkipped": "step skipped",
    "RolloutAborted": "aborted",
    "RolloutFinished": "over",
    "VersionPromoted": "promoted",
    "VersionRolledBack": "rolled back",
    "EnvironmentCleared": "cleared",
    "GlassBroken": "replaced in an emergency",
}


def _event(kind: str, reason: str) -> str:
    said = WORDS.get(kind, kind)
    return f"{said}: {reason}" if reason else said
