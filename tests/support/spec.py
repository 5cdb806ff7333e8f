"""Given events, when a command comes, then: it does something, is refused, or stays quiet."""

from dataclasses import dataclass
from typing import Literal, NoReturn

from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelCommand, ModelEvent, decide, evolve
from rollbook.domain.state import Model

Verdict = Literal["does", "refuses", "stays quiet"]

seen: set[tuple[str, Verdict]] = set()
"""Which verdicts were asserted of which commands, so that a missing spec can be found."""


def fold(*events: ModelEvent) -> Model:
    """The state after `events`."""
    state = Model()
    for event in events:
        state = evolve(state, event)
    return state


@dataclass(frozen=True)
class When:
    """What came of a command."""

    command: ModelCommand
    answer: ModelEvent | Unchanged | Refused

    def does(self, event: ModelEvent) -> None:
        """Exactly this event came of it."""
        if self.answer != event:
            self._differs(f"{event!r}")
        self._seen("does")

    def refuses(self, code: str) -> str:
        """It was refused with this code; returns what people are told."""
        if not isinstance(self.answer, Refused) or self.answer.code != code:
            self._differs(f"a refusal {code!r}")
        assert isinstance(self.answer, Refused)
        assert len(self.answer.message) > 10, "a refusal is a sentence"
        self._seen("refuses")
        return self.answer.message

    def stays_quiet(self, *, version: int | None = None) -> None:
        """The wish was already true (of `version`)."""
        if self.answer != Unchanged(version=version):
            self._differs(f"silence about version {version}")
        self._seen("stays quiet")

    def _seen(self, verdict: Verdict) -> None:
        seen.add((type(self.command).__name__, verdict))

    def _differs(self, wanted: str) -> NoReturn:
        raise AssertionError(f"{self.command!r}\nled to  {self.answer!r}\nand not {wanted}")


@dataclass(frozen=True)
class Given:
    """A model with a past."""

    events: tuple[ModelEvent, ...]

    def when(self, command: ModelCommand) -> When:
        """Let the command be decided."""
        try:
            return When(command, decide(fold(*self.events), command))
        except Refused as refused:
            return When(command, refused)


def given(*events: ModelEvent) -> Given:
    """A model to which all this happened."""
    return Given(events)
