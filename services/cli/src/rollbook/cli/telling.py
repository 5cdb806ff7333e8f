"""How the demo tells: chapters, sentences, links, and what it waits for."""

import time
from collections.abc import Callable
from typing import TypeVar

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.screen import Screen

LOOK_EVERY = 0.2
"""Seconds."""

MURMUR = 5.0
"""Seconds after which a wait says how far it is, again and again."""

Found = TypeVar("Found")


class Telling:
    """Numbers the chapters."""

    def __init__(self, screen: Screen, model: str) -> None:
        self.screen, self._model = screen, model
        self._chapters = 0

    def chapter(self, title: str) -> None:
        """Begin a chapter."""
        self._chapters += 1
        self.screen.say(f"\n[bold cyan]{self._chapters}. {title}[/]")

    def say(self, text: str) -> None:
        """Tell a line; rich markup is understood."""
        self.screen.say(f"   {text}")

    def link(self, url: str, path: str = "") -> None:
        """Where the model, or something of it, can be looked at."""
        self.say(f"[dim]→ {url}/api/v1/models/{self._model}{path}[/]")

    def until(
        self,
        look: Callable[[], Found | None],
        what: str,
        patience: float,
        how_far: Callable[[], str] = str,
    ) -> Found:
        """What `look` finds in the end; Failure when it does not in time."""
        began = murmured = time.monotonic()
        try:
            while (found := look()) is None:
                now = time.monotonic()
                if now - began > patience:
                    raise Failure(
                        Exit.ERROR,
                        f"waited {patience:.0f} s in vain for {what} {how_far()}".strip(),
                        code="demo",
                    )
                if self.screen.watched or now - murmured > MURMUR:
                    murmured = now
                    self.screen.busy(f"   waiting for {what}, {now - began:.0f} s {how_far()}")
                time.sleep(LOOK_EVERY)
        finally:
            self.screen.done()
        return found
