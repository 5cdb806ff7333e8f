"""`rollbook rollout lint|explain`: plans of rollouts as people write and read them."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit

if TYPE_CHECKING:
    from datetime import timedelta

    from rollbook.domain.plans import Metric, RolloutPlan, Stage

File = Annotated[Path, Parameter(name="PLAN", help="YAML or JSON; - for standard input.")]
AsJson = Annotated[bool, Parameter(name="--json", negative=(), help="As JSON.")]

USUAL = (
    {"metric": "errors", "of": "errors", "margin": 0.01},
    {"metric": "latency", "of": "latency", "statistic": "p95", "margin": "20%"},
)
"""What `--canary` looks at: one request in a hundred, and a fifth of the time."""


def lint(file: File, /, *, as_json: AsJson = False) -> Exit:
    """Check a plan, without a registry: what is wrong, with its line.

    ```console
    rollbook rollout lint canary.yaml
    ```
    """
    plan = read(file)
    notes = list(_notes(plan))
    if as_json:
        output.document({"digest": plan.digest(), "notes": notes})
        return Exit.DONE
    for note in notes:
        output.say(f"[yellow]note[/] {output.plain(note)}")
    output.say(f"A plan of {len(plan.stages)} steps, {plan.digest()[:19]}…")
    return Exit.DONE


def explain(file: File, /, *, as_json: AsJson = False) -> Exit:
    """Say in words what a plan does.

    ```console
    rollbook rollout explain canary.yaml
    ```
    """
    plan = read(file)
    lines = [*_words(plan)]
    if as_json:
        output.document({"digest": plan.digest(), "lines": lines})
    else:
        for line in lines:
            output.say(output.plain(line))
    return Exit.DONE


def read(file: Path) -> "RolloutPlan":
    """The plan in the file; Failure names each line that breaks a rule."""
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.cards import plain  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable, problems_of  # noqa: PLC0415
    from rollbook.cli.reading import text_of, unreadable  # noqa: PLC0415
    from rollbook.domain.plans import (  # noqa: PLC0415
        Freeze,
        Metric,
        Progression,
        RolloutPlan,
        Stage,
    )

    shapes = (RolloutPlan, Stage, Metric, Freeze, Progression)
    try:
        found = plain.read(text_of(file))
        return RolloutPlan.model_validate({} if found.value is None else found.value)
    except ValidationError as error:
        fields = list(dict.fromkeys(name for shape in shapes for name in shape.model_fields))
        wrong = problems_of(error, found.line, fields).problems
        # What is wrong with each part is told already: not that too few are left without them.
        clear = [each for each in wrong if "after validation" not in each.rule] or wrong
        raise unreadable(file, Unreadable(clear)) from None
    except Unreadable as error:
        raise unreadable(file, error) from None


def usual(weights: str | None, every: str) -> "RolloutPlan":
    """A canary with these percentages, and usual guardrails."""
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.domain.plans import RolloutPlan  # noqa: PLC0415

    try:
        found = [float(part.strip().rstrip("%")) for part in (weights or "").split(",")]
    except ValueError:
        raise bad(f"--canary is percentages such as 5,25,50, not {weights!r}") from None
    try:
        return RolloutPlan.model_validate(
            {
                "strategy": "progressive",
                "progressive": {"weights": found, "every": every},
                "metrics": USUAL,
            }
        )
    except ValidationError as error:
        raise bad(error.errors()[0]["msg"].removeprefix("Value error, ")) from None


def _notes(plan: "RolloutPlan") -> Iterator[str]:
    """What is allowed and seldom meant."""
    if all(metric.of != "errors" for metric in plan.metrics):
        yield "no metric looks at errors"
    for number, step in enumerate(plan.stages, start=1):
        if step.analysis and not step.samples and not step.bake:
            yield f"step {number} ends as soon as all metrics pass: say bake or samples"
    if plan.strategy != "shadow" and not plan.watch:
        yield "nobody looks after the promotion: say watch"
    if sum((step.bake for step in plan.stages), plan.deadline * 0) >= plan.deadline:
        yield "its steps bake for longer than the deadline allows"


def _words(plan: "RolloutPlan") -> Iterator[str]:
    if plan.description:
        yield plan.description
    for number, step in enumerate(plan.stages, start=1):
        yield f"{number}. {_step(step)}"
    if plan.strategy == "shadow":
        yield "Then it is over: a shadow is not promoted."
    else:
        winner = "the version that passed" if plan.strategy == "ab" else "it"
        yield f"Then {winner} gets all of the traffic."
    for metric in plan.metrics:
        yield f"- {_metric(metric)}"
    yield (
        f"A good version is taken back by mistake in at most {plan.alpha * 100:g} of 100 rollouts,"
        " however often one looks."
    )
    yield (
        "When a guardrail breaks it is aborted at once; when a goal is missed, or the analysis"
        f" cannot be made: {plan.on_fail}."
    )
    yield f"It takes {_span(plan.deadline)} at most; undecided by then: {plan.on_inconclusive}."
    for freeze in plan.freeze:
        hours = f"{freeze.begins:%H:%M} to {freeze.ends:%H:%M}"
        days = ", ".join(freeze.days)
        yield f"Nothing moves forward on {days}, {hours} {freeze.timezone}."
    if plan.watch:
        yield f"For {_span(plan.watch)} after the promotion a broken guardrail rolls it back."


def _step(step: "Stage") -> str:
    parts = []
    if step.weight:
        parts.append(f"{step.weight:g} % of the requests")
    if step.mirror:
        parts.append(f"copies of {step.mirror:g} % of the requests")
    if step.bake:
        parts.append(f"for {_span(step.bake)} at least")
    if step.samples:
        parts.append(f"{step.samples} requests at least")
    parts.append("until all metrics pass" if step.analysis else "whatever the metrics show")
    for title, count in step.approval.items():
        parts.append(f"and {count} x {title} must agree")
    return ", ".join(parts)


def _metric(metric: "Metric") -> str:
    what = f"{metric.metric}: {metric.of_what} of {metric.of}"
    worse = "above" if metric.better == "down" else "below"
    rules = []
    if metric.margin is not None:
        unit = f"{metric.margin}" if isinstance(metric.margin, str) else f"{metric.margin:g}"
        side = "no worse than the old one by" if metric.role == "guardrail" else "better by"
        rules.append(f"{side} {unit}")
    elif metric.role == "goal" and metric.threshold is None:
        rules.append("better than the old one")
    if metric.threshold is not None:
        rules.append(f"not {worse} {metric.threshold:g}")
    return f"{what}, {metric.role}, must be {' and '.join(rules)}"


def _span(span: "timedelta") -> str:
    seconds = int(span.total_seconds())
    parts = [
        f"{count} {name}{'s' if count > 1 else ''}"
        for count, name in (
            (seconds // 86_400, "day"),
            (seconds % 86_400 // 3600, "hour"),
            (seconds % 3600 // 60, "minute"),
            (seconds % 60, "second"),
        )
        if count
    ]
    return " ".join(parts) or "no time"
