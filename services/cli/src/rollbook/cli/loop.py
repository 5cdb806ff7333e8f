"""The demo's chapters about the closed loop: canaries under live traffic, drift, retraining."""

import json
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.request import urlopen

from rollbook.cli import alarming, explaining, flow, gating, output
from rollbook.cli.entering import MODEL, entered
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.flow import Flow
from rollbook.cli.output import plain
from rollbook.cli.place import Place, Running
from rollbook.cli.target import Target
from rollbook.cli.telling import Telling

if TYPE_CHECKING:
    from rollbook.client import Registry
    from rollbook.client.alarming import Alarm
    from rollbook.client.retraining import Retraining
    from rollbook.client.rolling import Rollout, RolloutStory

PATIENCE = 120.0
"""Seconds that anything may take; on a quiet machine it takes a tenth of that."""

PIPELINE = "demo"
COLUMN, SHIFT = "mean texture", 4.0
"""What is measured otherwise from a moment on, and by how much: about one standard deviation."""

PLAN: dict[str, Any] = {
    "description": "A tenth, a half, all.",
    "steps": [
        {"weight": 10, "bake": "2s", "samples": 60},
        {"weight": 50, "bake": "2s", "samples": 200},
    ],
    "metrics": [
        {"metric": "errors", "of": "errors", "margin": 0.1},
        {"metric": "p90", "of": "latency", "statistic": "p90", "threshold": 1000},
    ],
    "deadline": "110s",
}
HALF: dict[str, Any] = {**PLAN, "description": "A half, all.", "steps": PLAN["steps"][1:]}

POLICY: dict[str, Any] = {
    "pipeline": PIPELINE,
    "signals": ["feature"],
    "debounce": "PT1S",
    "cooldown": "PT1S",
    "period": "P1D",
}

TEMPO = {
    "ROLLBOOK_DEPLOYER_EVERY": "PT0.5S",
    "ROLLBOOK_MONITOR_EVERY": "PT0.5S",
    "ROLLBOOK_MONITOR_WINDOW": "PT2S",
    "ROLLBOOK_MONITOR_LATENESS": "PT2S",
    "ROLLBOOK_RETRAIN_EVERY": "PT0.5S",
    "ROLLBOOK_RETRAIN_POLL": "PT0.5S",
}
"""Settings under which a day of live data fits into a minute; seconds."""


def quicken(place: Place) -> None:
    """Let the system that starts here see drift within seconds, and have it train anew.

    What the environment says already goes before.
    """
    import yaml  # noqa: PLC0415

    place.folder.mkdir(parents=True, exist_ok=True)
    file = place.folder / "pipelines.yaml"
    command = [sys.executable, "-m", "rollbook.cli.retrainee", str(place.folder)]
    target = {"kind": "local", "command": command, "pass_on": ["ROLLBOOK_TOKEN"]}
    file.write_text(yaml.safe_dump({PIPELINE: target}), encoding="utf-8")
    for name, value in {**TEMPO, "ROLLBOOK_RETRAIN_PIPELINES": str(file)}.items():
        os.environ.setdefault(name, value)


class Loop:
    """Told while requests flow to the model server."""

    def __init__(
        self, telling: Telling, registry: "Registry", running: Running, traffic: Flow
    ) -> None:
        self._telling, self._registry, self._running = telling, registry, running
        self._traffic = traffic
        self._began = datetime.now(UTC)

    def live(self, version: int) -> None:
        """Requests are answered."""
        tell = self._telling
        tell.chapter("Live traffic")
        tell.until(
            lambda: self._traffic.answers > 100 or None, "the first hundred answers", PATIENCE
        )
        tell.say(
            "Real rows of the data set are asked about, a few hundred a second, two for each"
            " patient; a second later it is known what was true, and telemetry is told."
        )
        count = self._traffic.answered(version)["answers"]
        tell.say(f"[bold]Version {version}[/] has answered {count:,} requests.")
        tell.say(f"[dim]→ {flow.whom(self._running.serving, MODEL)}[/]")

    def good(self, model: Mapping[str, Any], dataset: Mapping[str, Any], run: str) -> int:
        """A canary that wins; the number of its version."""
        tell = self._telling
        tell.chapter("A canary that wins")
        version = self._entered(model, dataset, run)
        self._registry.record_profile(MODEL, version, model["profile"])
        gating.wait(self._registry, MODEL, [version], tell)
        self._won(version, PLAN)
        return version

    def bad(self, model: Mapping[str, Any], dataset: Mapping[str, Any], run: str) -> None:
        """A canary that is taken back by itself."""
        tell, traffic = self._telling, self._traffic
        tell.chapter("A canary that is taken back by itself")
        version = self._entered(model, dataset, run)
        tell.say(
            "Its metrics are fine, on the data of its author: no small tumour was among them, and"
            " of one it can say nothing at all."
        )
        gating.wait(self._registry, MODEL, [version], tell)
        tell.say("The gates that call it stand before the operating room, and not here.")
        story = self._rolled(version, PLAN)
        rollout = story.rollout
        if rollout.state != "aborted" or rollout.cause != "breached":
            raise Failure(
                Exit.ERROR, f"the bad version was not taken back: {_ended(rollout)}", code="rollout"
            )
        self._findings(story)
        tell.until(lambda: self._still(version), "the last answer of the bad version", PATIENCE)
        seen = traffic.answered(version)
        moved = seen["last"] - seen["first_failed"]
        tell.say(
            f"[green]Aborted by itself[/] at {story.steps[-1].position}: {moved:.1f} s after its"
            f" first failed answer all traffic was back at version {rollout.baseline}."
            f" {seen['failed']} of its {seen['answers']} answers failed; with all traffic at once"
            " it would have been ten times as many."
        )
        self._link(f"/rollouts/{rollout.rollout}")

    def drift(self, version: int) -> None:
        """From a shifted feature to a candidate that serves."""
        tell, registry = self._telling, self._registry
        tell.chapter("Drift, and one alarm")
        since = datetime.now(UTC) - timedelta(days=1)
        today = sum(each.requested_at > since for each in registry.retrainings(MODEL))
        registry.set_retraining(MODEL, {**POLICY, "budget": today + 1})
        self._traffic.shift(COLUMN, SHIFT)
        tell.say(
            f"From now on {COLUMN!r} is measured {SHIFT:g} higher, as by another microscope."
            f" The monitor holds each window ({os.environ['ROLLBOOK_MONITOR_WINDOW']}) against what"
            " the version was trained on."
        )
        alarm = tell.until(lambda: self._alarm(version), "an alarm", PATIENCE)
        target = Target(url=self._running.url, token=os.environ.get("ROLLBOOK_TOKEN"))
        alarming.show(MODEL, alarm.alarm, target=target)
        self._link(f"/alarms/{alarm.alarm}/pictures/1")

        tell.chapter("A retraining that nobody had to ask for")
        trained = tell.until(lambda: self._trained(alarm), "a retraining", PATIENCE)
        if trained.candidate is None:
            raise Failure(
                Exit.ERROR, f"the retraining {trained.state}: {trained.note}", code="retraining"
            )
        ended = (trained.ended_at or trained.requested_at) - alarm.raised_at
        tell.say(
            f"Retraining {trained.retraining}, by the policy of the model: its pipeline has trained"
            f" on what was asked lately, and registered [bold]version {trained.candidate}[/],"
            f" {ended.total_seconds():.1f} s after the alarm."
        )
        self._link(f"/retrainings/{trained.retraining}")
        gating.wait(registry, MODEL, [trained.candidate], tell)
        self._won(trained.candidate, HALF)
        alarms = [a for a in registry.alarms(MODEL) if a.raised_at >= self._began]
        if (count := len(alarms)) != 1:
            found = ", ".join(f"{a.kind} of version {a.version}" for a in alarms)
            raise Failure(Exit.ERROR, f"not one alarm but {count}: {found}", code="alarms")
        tell.say(f"{self._traffic.answers:,} requests later it is still one alarm.")

    def told(self) -> None:
        """What the log says of all this."""
        tell, traffic = self._telling, self._traffic
        tell.chapter("All of it in one timeline")
        records = [
            record
            for record in self._registry.history(MODEL, newest_first=True, limit=200)
            if record.time >= self._began
        ]
        output.records(records[::-1])
        explaining.why(
            MODEL, target=Target(url=self._running.url, token=os.environ.get("ROLLBOOK_TOKEN"))
        )
        tell.say(
            f"Requests: {traffic.answers:,} answered, {traffic.unanswered} without an answer;"
            f" {traffic.moved} patients met two versions, each time because a rollout moved."
        )
        self._link("/history?order=newest")

    def _entered(self, model: Mapping[str, Any], dataset: Mapping[str, Any], run: str) -> int:
        outcome = entered(self._registry, model, dataset, run)
        self._telling.say(
            f"[bold]Version {outcome.version}[/]: {model['name']}, auc {model['metrics']['auc']},"
            f" at {outcome.position}."
        )
        return outcome.version or 0

    def _won(self, version: int, plan: Mapping[str, Any]) -> None:
        story = self._rolled(version, plan)
        self._findings(story)
        if story.rollout.state != "promoted":
            raise Failure(
                Exit.ERROR,
                f"version {version} was not promoted: {_ended(story.rollout)}",
                code="rollout",
            )
        self._telling.say(
            f"[green]Version {version} serves in production[/] in place of"
            f" {story.rollout.baseline}, at {story.steps[-1].position}; nobody had to say so."
        )
        self._link(f"/rollouts/{story.rollout.rollout}")

    def _rolled(self, version: int, plan: Mapping[str, Any]) -> "RolloutStory":
        started = self._registry.start_rollout(MODEL, version, plan)
        number = int(started.event["data"]["rollout"])
        weights = " → ".join(f"{step['weight']} %" for step in plan["steps"])
        self._telling.say(f"Rollout {number} begins, at {started.position}: {weights} → 100 %.")

        def over() -> "RolloutStory | None":
            story = self._registry.rollout(MODEL, number)
            return None if story.rollout.state == "stepping" else story

        def how_far() -> str:
            seen = self._traffic.answered(version)
            return f"({seen['answers']} answers by version {version})"

        return self._telling.until(over, f"rollout {number}", PATIENCE, how_far)

    def _findings(self, story: "RolloutStory") -> None:
        before = 0
        for step in story.steps:
            if step.finding is None:
                continue
            weight = story.rollout.plan["steps"][before]["weight"]
            before = step.step or 0
            self._telling.say(f"At {weight:g} %: {step.finding['result']}")
            for metric in step.finding["metrics"]:
                self._telling.say(f"  {_metric(metric)}")

    def _still(self, version: int) -> bool | None:
        """Whether a version answers no more: others have answered for a while since."""
        seen = self._traffic.answered(version)
        return datetime.now(UTC).timestamp() - seen["last"] > 2 or None

    def _alarm(self, version: int) -> "Alarm | None":
        for alarm in self._registry.alarms(MODEL, state="open"):
            if alarm.version == version and alarm.kind == "feature":
                return alarm
        return None

    def _trained(self, alarm: "Alarm") -> "Retraining | None":
        for found in self._registry.retrainings(MODEL):
            if found.alarm == alarm.alarm and found.ended_at is not None:
                return found
        return None

    def _link(self, path: str) -> None:
        self._telling.link(self._registry.url, path)


@contextmanager
def flowing(running: Running, data: str, folder: Path) -> Iterator[Flow]:
    """Traffic to the model server of a running system."""
    with Flow(
        url=flow.whom(running.serving, MODEL),
        model=MODEL,
        kafka=running.kafka,
        topic=f"{running.app}.telemetry",
        data=data,
        asked=str(flow.asked(folder)),
    ) as traffic:
        yield traffic


def without(running: Running, telling: Telling) -> str | None:
    """Why the loop cannot be shown on this machine; None: it can."""
    if not running.durable:
        return "the stand-in for Kafka hands out telemetry more slowly than it comes"
    url = f"{running.serving}/v2/models/{MODEL.replace('/', '.')}"

    def asked() -> str | None:
        try:
            with urlopen(url, timeout=PATIENCE):  # noqa: S310  # our own server
                return ""
        except HTTPError as error:
            said = str(json.loads(error.read())["error"])
            return said if "cannot keep a model from" in said else None
        except URLError:
            return None

    return telling.until(asked, "the model server", PATIENCE) or None


def _metric(metric: Mapping[str, Any]) -> str:
    new, old = metric["candidate"], metric.get("baseline")
    colour = "green" if metric["outcome"] == "passed" else "red"
    said = f"{_shown(new.get('value'))} in {new.get('n', 0):,} requests"
    if old:
        said += f", of version {old['version']} {_shown(old.get('value'))} in {old.get('n', 0):,}"
    if metric.get("low") is not None and metric.get("high") is not None:
        said += f"; {metric['low']:+.3f} to {metric['high']:+.3f}"
    if metric["outcome"] != "passed":
        said += f". {metric.get('why', '')}"
    return f"[{colour}]{plain(metric['metric'])} {metric['outcome']}[/]: {plain(said)}"


def _shown(value: float | None) -> str:
    return "nothing" if value is None else f"{value:.3g}"


def _ended(rollout: "Rollout") -> str:
    return f"{rollout.state}, {rollout.cause}: {rollout.ended_reason}"
