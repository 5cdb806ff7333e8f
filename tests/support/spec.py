"""Given events, when a command comes, then: it does something, is refused, or stays quiet."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Literal, NoReturn

from rollbook.domain import model, namespace, streams
from rollbook.domain.context import Context
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelEvent
from rollbook.domain.namespace import NamespaceEvent
from rollbook.domain.state import Model
from rollbook.domain.streams import NAMESPACE_COMMANDS, State, StreamCommand, StreamEvent
from rollbook.domain.tenancy import Namespace

Verdict = Literal["does", "refuses", "stays quiet"]

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
UNGOVERNED = Namespace()

seen: set[tuple[str, Verdict]] = set()
"""Which verdicts were asserted of which commands, so that a missing spec can be found."""


def fold(*events: ModelEvent) -> Model:
    """The state of a model after `events`."""
    state = Model()
    for event in events:
        state = model.evolve(state, event)
    return state


def govern(*events: NamespaceEvent) -> Namespace:
    """The state of a namespace after `events`."""
    state = Namespace()
    for event in events:
        state = namespace.evolve(state, event)
    return state


@dataclass(frozen=True)
class When:
    """What came of a command."""

    command: StreamCommand
    answer: StreamEvent | Unchanged | Refused

    def does(self, event: StreamEvent) -> None:
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
    """A model or a namespace with a past."""

    events: tuple[StreamEvent, ...]

    def when(  # each is a fact that a decision may look at
        self,
        command: StreamCommand,
        *,
        by: str = "pia",
        at: datetime = NOW,
        namespace: Namespace = UNGOVERNED,
        name: str = "churn",
        titles: frozenset[str] | None = None,
        releaser: Literal["releaser", "nobody"] = "releaser",
    ) -> When:
        """Let the command be decided: sent `by` somebody, `at` a moment, in a `namespace`."""
        state: State = Namespace() if type(command) in NAMESPACE_COMMANDS else Model()
        for event in self.events:
            state = streams.evolve(state, event)
        context = Context(at, by, namespace, name, titles, releaser == "releaser")
        try:
            return When(command, streams.decide(state, command, context))
        except Refused as refused:
            return When(command, refused)


def given(*events: StreamEvent) -> Given:
    """A model, or a namespace, to which all this happened."""
    return Given(events)
