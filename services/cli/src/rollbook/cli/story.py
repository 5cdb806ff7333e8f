"""The demo's story: two models are entered, rolled out, rolled back, signed for, and replayed."""

import os
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rollbook.cli import gating, replaying, signing
from rollbook.cli.clusters import Clusters
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.git import commit
from rollbook.cli.output import plain
from rollbook.cli.place import Running
from rollbook.cli.registering import enter
from rollbook.cli.screen import Screen
from rollbook.cli.sentences import clock, short, tags
from rollbook.cli.trainee import Trainee

if TYPE_CHECKING:
    from rollbook.client import Outcome, Registry

MODEL = "demo/breast-cancer"
ABOUT = "Tells malignant from benign tumours by 30 measurements of cell nuclei."


class Tale:
    """Told once, on a running system."""

    def __init__(self, screen: Screen, trainee: Trainee) -> None:
        self._screen, self._trainee = screen, trainee
        self._chapters = 0
        self._run = f"demo-{uuid4().hex[:8]}"

    def tell(self, running: Running) -> None:
        """From the first fit to the replay; Failure where something is not as it should be."""
        from rollbook.client import Refused, Registry, RegistryError  # noqa: PLC0415

        try:
            token = os.environ.get("ROLLBOOK_TOKEN")
            with Registry(running.url, token=token, actor="demo") as registry:
                first, second = self._enter(registry)
                self._gate(registry, first, second)
                self._roll_out(registry, first, second)
                if token is None:  # with one, people sign under their own names
                    self._sign(registry, running, second["version"])
        except RegistryError as error:
            raise Failure(
                Exit.REFUSED if isinstance(error, Refused) else Exit.UNAVAILABLE,
                f"the demo cannot go on: {error}",
                code="demo",
            ) from error
        self._replay(running)
        self._look_around(running)

    def _chapter(self, title: str) -> None:
        self._chapters += 1
        self._screen.say(f"\n[bold cyan]{self._chapters}. {title}[/]")

    def _say(self, text: str) -> None:
        self._screen.say(f"   {text}")

    def _link(self, registry: "Registry", path: str = "") -> None:
        self._say(f"[dim]→ {registry.url}/api/v1/models/{MODEL}{path}[/]")

    def _enter(self, registry: "Registry") -> tuple[dict[str, Any], dict[str, Any]]:
        self._chapter("Two models, trained just now")
        told = self._trainee.lines()
        dataset = next(told)
        self._say(
            f"Data: {dataset['name']}, {dataset['rows']} rows, {dataset['features']} features;"
            f" it ships with scikit-learn. [dim]{short(dataset['digest'])}[/]"
        )
        made = registry.register_model(MODEL, description=ABOUT, tags={"made-by": "rollbook demo"})
        if made.outcome == "confirmed":
            self._say(
                f"The model {MODEL} is in the book already (seq {made.seq}): these are new training"
                " runs, so they become new versions, even where their bytes are the same as before."
            )
        else:
            self._say(f"The model {MODEL} is in the book now, at {made.position} of the log.")
        self._link(registry)
        gating.rule(registry, MODEL)
        versions = list(self._register(registry, told, dataset))
        if len(versions) != 2:
            raise Failure(Exit.ERROR, "training ended too early", code="training")
        return versions[0], versions[1]

    def _register(
        self, registry: "Registry", told: Iterator[dict[str, Any]], dataset: dict[str, Any]
    ) -> Iterator[dict[str, Any]]:
        code = commit(Path(__file__).parent)
        for number, model in enumerate(told):
            artifact = {
                "uri": Path(model["file"]).as_uri(),
                "digest": model["digest"],
                "size": model["size"],
                "format": "joblib",
            }
            lineage = {
                "run_id": self._run,
                "code_uri": "pkg:pypi/rollbook-cli#rollbook/cli/training.py",
                "code_commit": code,
                "datasets": [{"uri": dataset["uri"], "digest": dataset["digest"]}],
                "environment": dataset["environment"],
            }
            facts = {
                "metrics": model["metrics"],
                "params": model["params"],
                "tags": {"algorithm": model["name"]},
                "idempotency_key": f"{self._run}/{model['name']}",
            }
            outcome = enter(registry, MODEL, artifact, lineage, facts)[-1]
            self._say(
                f"[bold]Version {outcome.version}[/]: {model['name']},"
                f" {tags(model['metrics'])}  [dim]{short(model['digest'])}, at"
                f" {outcome.position}[/]"
            )
            self._link(registry, f"/versions/{outcome.version}")
            if number == 0:
                self._say(
                    f"[green]The first version stood in the log after"
                    f" {self._screen.elapsed:.1f} s.[/]"
                )
                again = enter(registry, MODEL, artifact, lineage, facts)[-1]
                self._say(
                    "Sent once more with the same idempotency key, as a pipeline that tries again"
                    f" would: {again.outcome}, still version {again.version}."
                )
            yield {**model, "version": outcome.version}

    def _gate(self, registry: "Registry", first: dict[str, Any], second: dict[str, Any]) -> None:
        self._chapter("Gates that decide by themselves")
        self._say("Both are loaded and called, in processes of their own behind walls.")
        gating.wait(registry, MODEL, [first["version"], second["version"]], self._say)
        self._link(registry, f"/versions/{second['version']}/verdicts")

    def _roll_out(
        self, registry: "Registry", first: dict[str, Any], second: dict[str, Any]
    ) -> None:
        self._chapter("Into production, and the better one in its place")
        opened = registry.promote(MODEL, first["version"])
        self._say(f"{_served(opened)} at {opened.position}.")
        replaced = registry.promote(MODEL, second["version"])
        self._say(
            f"{_served(replaced)} at {replaced.position}: its auc is {second['metrics']['auc']},"
            f" that of version {first['version']} {first['metrics']['auc']}. One record of the log"
            " took one out and put the other in; at no moment were there two, or none."
        )
        self._link(registry, "/environments")

        self._chapter("Back again, with a reason")
        slower = second["metrics"]["latency_ms"] / first["metrics"]["latency_ms"]
        reason = (
            f"one prediction takes {second['metrics']['latency_ms']:.1f} ms,"
            f" {slower:.0f} times as long as by version {first['version']}"
        )
        back = registry.roll_back(MODEL, reason)
        self._say(f"{_served(back)} at {back.position}: {plain(reason)}.")
        now = registry.environments(MODEL)["production"]
        self._say(f"Serving now: version {now.version}.")

        self._chapter("What served in between?")
        moment = _between(replaced.event["time"], back.event["time"])
        then = registry.environments(MODEL, as_of=moment)["production"]
        if then.version != second["version"] or then.until_position != back.position:
            raise Failure(Exit.ERROR, f"the book has forgotten what served at {moment}: {then}")
        self._say(
            f"At {clock(moment)}: [bold]version {then.version}[/], from {then.position} until"
            f" {then.until_position} of the log."
        )
        asked = moment.isoformat(timespec="microseconds").replace("+", "%2B")
        self._link(registry, f"/environments?as_of={asked}")

    def _sign(self, registry: "Registry", running: Running, version: int) -> None:
        from rollbook.client import Registry  # noqa: PLC0415

        self._chapter("Where people must sign")
        with Registry(running.url, actor="dr-grey") as physician:
            request = signing.sign(registry, physician, MODEL, version, self._say)
        self._link(registry, f"/requests/{request}")

    def _replay(self, running: Running) -> None:
        self._chapter("Everything again, from the log alone")
        self._say("An empty schema, every record from offset 0, then both side by side:\n")
        clusters = Clusters.of(running)
        result = clusters.rebuild(["all"], lambda _: None)
        clusters.drop_old()
        replaying.compare(result, "; the fresh tables serve now")
        if not result.identical:
            raise Failure(Exit.ERROR, "the tables are not what the log says", code="different")

    def _look_around(self, running: Running) -> None:
        self._screen.say(f"\n[bold green]That was the story[/], {self._screen.elapsed:.1f} s.")
        for what, where in (
            ("history", f"{running.url}/api/v1/models/{MODEL}/history"),
            ("API, to try out", f"{running.url}/docs"),
            ("in a second shell", f"rollbook show {MODEL}; rollbook tail; rollbook topics"),
        ):
            self._screen.say(f"  {what:<19} {where}")


def _served(outcome: "Outcome") -> str:
    return f"[bold]Version {outcome.version}[/] serves in production,"


def _between(before: str, after: str) -> datetime:
    begin, end = datetime.fromisoformat(before), datetime.fromisoformat(after)
    return begin + (end - begin) / 2
