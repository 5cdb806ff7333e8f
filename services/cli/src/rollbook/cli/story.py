"""The demo's story: from the first version to a loop that closes, and all of it replayed."""

import os
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from rollbook.cli import gating, loop, replaying, signing
from rollbook.cli.clusters import Clusters
from rollbook.cli.entering import ABOUT, MODEL, entered
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.loop import Loop
from rollbook.cli.output import plain
from rollbook.cli.place import Place, Running
from rollbook.cli.screen import Screen
from rollbook.cli.sentences import clock, short, tags
from rollbook.cli.telling import Telling
from rollbook.cli.trainee import Trainee

if TYPE_CHECKING:
    from rollbook.client import Outcome, Registry


class Tale:
    """Told once, on a running system."""

    def __init__(self, screen: Screen, trainee: Trainee, place: Place) -> None:
        self._screen, self._trainee, self._place = screen, trainee, place
        self._telling = Telling(screen, MODEL)
        self._chapter, self._say = self._telling.chapter, self._telling.say
        self._run = f"demo-{uuid4().hex[:8]}"

    def tell(self, running: Running) -> None:
        """From the first fit to the replay; Failure where something is not as it should be."""
        self._tell(running, self._drift)

    def tell_beside(self, running: Running) -> None:
        """The same on a system with settings of its own, under which drift takes longer."""
        self._tell(running, self._later)

    def _tell(self, running: Running, drift: Callable[[Loop, int], None]) -> None:
        from rollbook.client import Refused, Registry, RegistryError  # noqa: PLC0415

        try:
            token = os.environ.get("ROLLBOOK_TOKEN")
            with Registry(running.url, token=token, actor="demo") as registry:
                told = self._trainee.lines()
                dataset = next(told)
                first, second = self._enter(registry, told, dataset)
                self._gate(registry, first, second)
                self._roll_out(registry, first, second)
                if token is None:  # with one, people sign under their own names
                    self._sign(registry, running, second["version"])
                self._loop(registry, running, first["version"], (told, dataset), drift)
        except RegistryError as error:
            raise Failure(
                Exit.REFUSED if isinstance(error, Refused) else Exit.UNAVAILABLE,
                f"the demo cannot go on: {error}",
                code="demo",
            ) from error
        self._replay(running)
        self._look_around(running)

    def _link(self, registry: "Registry", path: str = "") -> None:
        self._telling.link(registry.url, path)

    def _enter(
        self, registry: "Registry", told: Iterator[dict[str, Any]], dataset: Mapping[str, Any]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        self._chapter("Two models, trained just now")
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
        first = self._register(registry, _next(told), dataset)
        self._say(
            f"[green]The first version stood in the log after {self._screen.elapsed:.1f} s.[/]"
        )
        again = entered(registry, first, dataset, self._run)
        self._say(
            "Sent once more with the same idempotency key, as a pipeline that tries again"
            f" would: {again.outcome}, still version {again.version}."
        )
        return first, self._register(registry, _next(told), dataset)

    def _register(
        self, registry: "Registry", model: dict[str, Any], dataset: Mapping[str, Any]
    ) -> dict[str, Any]:
        outcome = entered(registry, model, dataset, self._run)
        self._say(
            f"[bold]Version {outcome.version}[/]: {model['name']}, {tags(model['metrics'])}"
            f"  [dim]{short(model['digest'])}, at {outcome.position}[/]"
        )
        self._link(registry, f"/versions/{outcome.version}")
        return {**model, "version": outcome.version}

    def _gate(self, registry: "Registry", first: dict[str, Any], second: dict[str, Any]) -> None:
        self._chapter("Gates that decide by themselves")
        self._say("Both are loaded and called, in processes of their own behind walls.")
        gating.wait(registry, MODEL, [first["version"], second["version"]], self._telling)
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

    def _loop(
        self,
        registry: "Registry",
        running: Running,
        serving: int,
        trained: tuple[Iterator[dict[str, Any]], dict[str, Any]],
        drift: Callable[[Loop, int], None],
    ) -> None:
        told, dataset = trained
        if why := loop.without(running, self._telling):
            self._chapter("Live traffic")
            self._say(f"[yellow]Left out here, with all that needs it:[/] {plain(why)}.")
            return
        with loop.flowing(running, dataset["file"], self._place.folder) as traffic:
            closed = Loop(self._telling, registry, running, traffic)
            closed.live(serving)
            won = closed.good(_next(told), dataset, self._run)
            closed.bad(_next(told), dataset, self._run)
            drift(closed, won)
            closed.told()

    def _drift(self, closed: Loop, version: int) -> None:
        closed.drift(version)

    def _later(self, closed: Loop, version: int) -> None:
        self._chapter("Drift")
        self._say(
            f"[yellow]Not told here:[/] the monitor of this system has windows of its own, so that"
            f" an alarm about version {version} may take a quarter of an hour. Stop it, and"
            " `rollbook demo` starts one that sees drift within seconds."
        )

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


def _next(told: Iterator[dict[str, Any]]) -> dict[str, Any]:
    if (found := next(told, None)) is None:
        raise Failure(Exit.ERROR, "training ended too early", code="training")
    return found


def _served(outcome: "Outcome") -> str:
    return f"[bold]Version {outcome.version}[/] serves in production,"


def _between(before: str, after: str) -> datetime:
    begin, end = datetime.fromisoformat(before), datetime.fromisoformat(after)
    return begin + (end - begin) / 2
