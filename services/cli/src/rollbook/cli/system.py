"""The whole system in one process: storage, then all services, until a signal or a crash."""

import asyncio
import importlib
import os
import threading
from collections.abc import Callable
from typing import TextIO

import uvloop

from rollbook.cli import filling, ports, signals
from rollbook.cli.crew import Crashed, Crew
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.output import plain
from rollbook.cli.place import Place, Running
from rollbook.cli.racing import first, in_daemon
from rollbook.cli.screen import Screen
from rollbook.cli.storage import Addresses, Storage
from rollbook.embedded import StackError
from rollbook.observability import process

Story = Callable[[Running], None]
"""What happens while the system is up; runs in a thread of its own and may take its time."""

STILL_WAITING = 10.0
"""Seconds after which a start says what it waits for, again and again."""


class System:
    """One `rollbook up`; `log_here` sends log lines to standard error also on a terminal."""

    def __init__(
        self, place: Place, screen: Screen, *, host: str, port: int, log_here: bool
    ) -> None:
        self._place, self._screen = place, screen
        self._host, self._port = host, port
        self._log_to_file = screen.watched and not log_here

    def run(self, story: Story | None = None, *, leave: bool = False) -> Exit:
        """Start, tell the story, stay up until a signal (with `leave` end after the story)."""
        try:
            with signals.interruptible(), self._place.owned(), process.prepared("up", self._log()):
                return self._run(story, leave)
        except KeyboardInterrupt:
            self._screen.done()
            self._screen.say("stopped before it was up; nothing is left running")
            return Exit.INTERRUPTED
        except StackError as error:
            message, _, advice = str(error).partition("\n")
            raise Failure(Exit.UNAVAILABLE, message, advice=advice, code="storage") from error
        except Crashed as error:
            advice = f"its log: {self._place.log}" if self._log_to_file else ""
            raise Failure(Exit.ERROR, str(error), advice=advice, code="crashed") from error
        finally:
            self._screen.done()

    def _run(self, story: Story | None, leave: bool) -> Exit:
        # Imports take about as long as the broker's start, and run beside it.
        imports = threading.Thread(
            target=importlib.import_module, args=("rollbook.cli.services",), daemon=True
        )
        storage = Storage(self._place.folder, self._screen.report)
        try:
            imports.start()
            self._screen.busy("starting Kafka and Postgres")
            addresses = storage.start()
            imports.join()
            self._screen.busy("starting the services")
            return uvloop.run(self._serve(storage, addresses, story, leave))
        finally:
            signals.deaf()
            self._screen.busy("stopping")
            storage.stop()
            self._screen.done()

    async def _serve(
        self,
        storage: Storage,
        addresses: Addresses,
        story: Story | None,
        leave: bool,
    ) -> Exit:
        halt = asyncio.Event()
        signals.set_on_signal(halt)
        running, crew = await self._start(storage, addresses)
        filled: asyncio.Task[None] | None = None
        try:
            begun = await first(halt.wait(), crew.ready(), crew.crash(), self._murmur(crew))
            if begun == 0:
                return Exit.INTERRUPTED
            self._place.announce(running)
            self._screen.done()
            self._welcome(running)
            filled = asyncio.create_task(in_daemon(lambda: filling.fill(running, self._screen)))
            if story is not None:
                told = in_daemon(lambda: story(running))
                if await first(halt.wait(), told, crew.crash(), storage.keep()) == 0:
                    return Exit.INTERRUPTED
                if leave:
                    return Exit.DONE
            self._screen.say("\nCtrl-C stops it.")
            await first(halt.wait(), crew.crash(), storage.keep())
            return Exit.DONE
        finally:
            if filled is not None:
                filled.cancel()
            self._screen.busy("stopping the services")
            for name in await crew.stop():
                self._screen.say(f"the {name} service does not stop; it is cut off")

    async def _start(self, storage: Storage, addresses: Addresses) -> tuple[Running, Crew]:
        # Late: these imports have run beside the start of the storage.
        from rollbook.cli import services  # noqa: PLC0415
        from rollbook.cli.standin import make_topics  # noqa: PLC0415
        from rollbook.eventlog.topics import LogAddress  # noqa: PLC0415

        port = ports.from_(self._port)
        if port != self._port:
            self._screen.say(f"[yellow]port {self._port} is taken, so it is {port}[/]")
        query = services.query_settings(addresses, self._host, port, str(self._place.artifacts))
        log = LogAddress(addresses.kafka, query.app)
        if not addresses.durable:
            await make_topics(log)
        serving = services.serving_in(addresses, query, self._place.folder)
        others = services.all_of(addresses, query, self._place.instance(), self._place.models)
        crew = Crew({**others, "serving": serving})
        shown = "127.0.0.1" if self._host in {"0.0.0.0", "::"} else self._host  # noqa: S104
        running = Running(
            pid=os.getpid(),
            url=f"http://{shown}:{port}",
            kafka=addresses.kafka,
            postgres=addresses.postgres,
            app=query.app,
            schema=query.db_schema,
            durable=addresses.durable,
            artifacts=query.artifacts or "",
            serving=serving.url,
            archive=query.artifacts_archive,
        )
        return running, crew

    def _log(self) -> TextIO | None:
        if not self._log_to_file:
            return None
        # Never closed: threads may write to it until the very end.
        return self._place.log.open("a", buffering=1, encoding="utf-8")

    async def _murmur(self, crew: Crew) -> None:
        while True:
            await asyncio.sleep(STILL_WAITING)
            self._screen.say(f"still waiting for: {', '.join(crew.waiting_for)}")

    def _welcome(self, running: Running) -> None:
        say = self._screen.say
        say(f"\n[bold green]Rollbook is up[/] after {self._screen.elapsed:.1f} s\n")
        for what, where in (
            ("API, to try out", f"{running.url}/docs"),
            ("models", f"{running.url}/api/v1/models"),
            ("model server", f"{running.serving}/v2"),
            ("readiness, metrics", f"{running.url}/readyz  {running.url}/metrics"),
            ("Kafka", f"{running.kafka}, topics {running.app}.*"),
            ("data folder", plain(self._place.folder)),
            ("log", plain(self._place.log) if self._log_to_file else "standard error"),
        ):
            say(f"  {what:<19} {where}")
        if not running.durable:
            say(
                "\n[bold red]NOT DURABLE:[/] Kafka is an in-process stand-in, and everything here"
                " is gone when this ends. Above stands how to get the real one."
            )
