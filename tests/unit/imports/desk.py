"""A registry in memory: the real decisions, without a log."""

from datetime import UTC, datetime

from rollbook.domain.context import Context
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.model import ModelEvent, decide, evolve
from rollbook.domain.state import Model
from rollbook.imports.importing import Answer, Progress, carry_out
from rollbook.imports.plan import Entry, Plan
from rollbook.imports.report import Report

NOW = datetime(2026, 1, 1, tzinfo=UTC)


class Desk:
    """Answers commands as the command service does, and remembers their ids for ever."""

    def __init__(self) -> None:
        self.models: dict[str, Model] = {}
        self.events: list[tuple[Plan, ModelEvent]] = []
        self.history: dict[str, dict[str, int | None]] = {}
        self.sent = 0

    def send(self, plan: Plan) -> Answer:
        self.sent += 1
        state = self.models.get(plan.model, Model())
        name = plan.model.partition("/")[2]
        try:
            outcome = decide(state, plan.command, Context(NOW, "importer", name=name))
        except Refused as refused:
            return Answer("refused", None, refused.code, refused.message)
        known = self.history.setdefault(plan.model, {})
        if isinstance(outcome, Unchanged):
            known[plan.command_id] = outcome.version
            return Answer("confirmed", outcome.version)
        self.models[plan.model] = evolve(state, outcome)
        self.events.append((plan, outcome))
        known[plan.command_id] = getattr(outcome, "version", None)
        return Answer("accepted", known[plan.command_id])

    def answered(self, model: str) -> dict[str, int | None]:
        return dict(self.history.get(model, {}))

    def take(self, entries: "list[Entry]") -> Report:
        return carry_out(entries, self.send, self.answered, _quiet)


def _quiet(_: Progress) -> None:
    pass
