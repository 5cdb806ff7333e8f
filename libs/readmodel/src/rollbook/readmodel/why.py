"""Why a version serves: the chain of events from what put it there back to who registered it."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from rollbook.eventlog.position import Position
from rollbook.readmodel.because import Because
from rollbook.readmodel.place import At
from rollbook.readmodel.summary import summary
from rollbook.readmodel.timeline import Happening, Told, shaped


@dataclass(frozen=True, slots=True, kw_only=True)
class Link(Happening):
    """An event, and why it is part of the chain."""

    because: Because
    explains: At | None
    """Position of the event that it explains; None: it is the one that all others explain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Why:
    """Why a version serves in an environment, or nothing does."""

    model: str
    environment: str
    version: int | None
    """None: nothing serves there."""
    label: str | None
    since: datetime | None
    """From when on it is so; None: nothing has ever served there."""
    summary: str
    """The answer in one sentence."""
    links: tuple[Link, ...]
    """The answer in full: first what put it there; each other one says which one it `explains`."""


LET_IN: Final = ("VersionPromoted", "GlassBroken")
"""Events that put a version into an environment on grounds of its own."""
ENTERED: Final = (*LET_IN, "VersionRolledBack")
"""Events that put a version into an environment."""
_STANDING: Final = (*ENTERED, "EnvironmentCleared")
_VERDICTS: Final = ("VersionValidated", "VersionRejected")
_CARD_CHECKS: Final = ("CardReviewed", "CardWentStale")
_WAY: Final = ("RolloutAdvanced", "RolloutStepApproved", "RolloutStepSkipped")
_CLOSED: Final = ("PromotionRejected", "PromotionWithdrawn", "PromotionExpired")
_SAID: Final = {
    "PromotionCommented": Because.SAID,
    "PromotionEscalated": Because.ESCALATED,
    "PromotionApproved": Because.SIGNED,
}
_SINCE: Final = (
    *_VERDICTS,
    *_CARD_CHECKS,
    "CardWritten",
    "EvaluationRecorded",
    "RollbackRehearsed",
)


def why(model: str, environment: str, told: Iterable[Told]) -> Why:
    """The chain behind what serves in an environment after all that was told.

    Told may be more than the chain is made of, and must be no less; see `grounds.of`. The events
    of each stream stand in their order.
    """
    chain = _Chain(model, environment, list(told))
    chain.build()
    links = tuple(chain.linked())
    first = chain.spot[-1] if chain.spot else None
    version = entered(first) if first and first.row.type in ENTERED else None
    registered = chain.about(version, "VersionRegistered")
    return Why(
        model=model,
        environment=environment,
        version=version,
        label=registered[-1].row.data.get("label") if registered else None,  # type: ignore[arg-type]  # a text
        since=first.row.time if first else None,
        summary=summary(environment, version, [(link.because, t.row) for link, t in links]),
        links=tuple(link for link, _ in links),
    )


def entered(told: Told) -> int | None:
    """The version that serves after an event about an environment."""
    data: dict[str, Any] = told.row.data
    return data["restored"] if told.row.type == "VersionRolledBack" else data.get("version")


class _Chain:
    """Links as they are found; an event is part of a chain once."""

    def __init__(self, model: str, environment: str, told: list[Told]) -> None:
        self._told = told
        self._model = model
        self._own = [t for t in told if t.row.model == model]
        self._environment = environment
        self.spot = [t for t in self._own if t.row.type in _STANDING and self._is_here(t)]
        self._links: dict[Position, tuple[Because, Told | None, Told]] = {}

    def linked(self) -> Iterator[tuple[Link, Told]]:
        for because, of, told in self._links.values():
            place = of.row.position if of else None
            yield shaped(Link, told, because=because, explains=place), told

    def build(self) -> None:
        if not self.spot:
            return
        last, before = self.spot[-1], self.spot[-2] if len(self.spot) > 1 else None
        if last.row.type == "EnvironmentCleared":
            self._add(Because.EMPTIED, None, last)
            self._add(Because.REPLACED, last, before)
        else:
            self._add(Because.SERVES, None, last)
            self._serves(last)
            if before is not None and before.row.type in ENTERED:
                self._add(Because.REPLACED, last, before)
            for event in self._since(last):
                self._add(Because.SINCE, last, event)
        for _, _, event in list(self._links.values()):
            self._caused(event)

    def about(self, version: int | None, *kinds: str) -> list[Told]:
        return [
            t for t in self._own if t.row.type in kinds and t.row.data.get("version") == version
        ]

    def _is_here(self, told: Told) -> bool:
        return told.row.data.get("environment") == self._environment

    def _add(self, because: Because, of: Told | None, told: Told | None) -> None:
        if told is not None:
            self._links.setdefault(told.row.position, (because, of, told))

    def _serves(self, last: Told) -> None:
        version, first = entered(last), last
        if last.row.type == "VersionRolledBack":
            self._request(last, version)
            first = next(
                t
                for t in reversed(self.spot[:-1])
                if t.row.type in LET_IN and entered(t) == version
            )
            self._add(Because.FIRST, last, first)
        self._request(first, version)
        self._rollout(first)
        if first.row.type == "GlassBroken":
            number = first.row.data["number"]
            for event in self._own:
                if event.row.type == "BreakGlassReviewed" and event.row.data["number"] == number:
                    self._add(Because.REVIEWED, first, event)
        self._rules(first)
        self._facts(first, version)

    def _request(self, event: Told, version: int | None) -> None:
        number = event.row.data.get("request")
        if number is None:
            number = self._open(event, version)
        if number is None:
            return
        about = [t for t in _before(self._own, event) if t.row.data.get("request") == number]
        asked = next(t for t in about if t.row.type == "PromotionRequested")
        self._add(Because.ASKED, event, asked)
        newest = {t.row.actor: t for t in about if t.row.type == "PromotionApproved"}
        on = event.row.data.get("evidence")
        for said in about:
            because = _SAID.get(said.row.type)
            if because is Because.SIGNED and not (
                said is newest[said.row.actor] and said.row.data.get("evidence") == on
            ):
                because = Because.SIGNED_IN_VAIN
            if because is not None:
                self._add(because, asked, said)

    def _rollout(self, event: Told) -> None:
        """The way on which it got its traffic, up to its promotion."""
        number = event.row.data.get("rollout")
        if event.row.type != "VersionPromoted" or number is None:
            return
        steps = [t for t in _before(self._own, event) if t.row.data.get("rollout") == number]
        started = next((t for t in steps if t.row.type == "RolloutStarted"), None)
        self._add(Because.ROLLED, event, started)
        for told in steps:
            if started is not None and told.row.type in _WAY:
                self._add(Because.SHOWN, started, told)

    def _open(self, event: Told, version: int | None) -> Any:
        """The request that was open, where somebody did it without waiting for it."""
        number: Any = None
        for told in _before(self._own, event):
            data = told.row.data
            match told.row.type:
                case "PromotionRequested" if self._is_here(told) and data["version"] == version:
                    number = data["request"]
                case kind if kind in _CLOSED:
                    number = None if data["request"] == number else number
                case "VersionArchived":
                    number = None if data["version"] == version else number
                case kind if kind in ENTERED and self._is_here(told):
                    number = None if entered(told) == version else number
                case _:
                    pass
        return number

    def _rules(self, event: Told) -> None:
        version, space = event.row.data.get("rules"), self._model.partition("/")[0]
        for told in self._told:
            row = told.row
            if (row.type, row.model) == ("RulesSet", space) and row.data["version"] == version:
                self._add(Because.RULED, event, told)

    def _facts(self, event: Told, version: int | None) -> None:
        def before(*kinds: str) -> list[Told]:
            return list(_before(self.about(version, *kinds), event))

        for told in before(*_VERDICTS)[-1:]:
            self._add(Because.JUDGED, event, told)
        for told in before("EvaluationRecorded"):
            self._add(Because.MEASURED, event, told)
        for card in before("CardWritten")[-1:]:
            self._add(Because.CARD, event, card)
            for told in before(*_CARD_CHECKS)[-1:]:
                if told.row.position > card.row.position:
                    self._add(Because.CARD_CHECKED, card, told)
        for told in before("DocumentLinked"):
            self._add(Because.DOCUMENTED, event, told)
        for told in before("PropertiesSet"):
            self._add(Because.PROPERTIES, event, told)
        risk = [t for t in _before(self._own, event) if t.row.type == "ModelClassified"]
        for told in risk[-1:]:
            self._add(Because.RISK, event, told)
        elsewhere = {
            str(t.row.data["environment"]): t
            for t in _before(self._own, event)
            if t.row.type in ENTERED and not self._is_here(t) and entered(t) == version
        }
        for told in elsewhere.values():
            self._add(Because.ELSEWHERE, event, told)
        for told in before("VersionRegistered"):
            self._add(Because.REGISTERED, event, told)
            self._trained(told, version)

    def _trained(self, registered: Told, version: int | None) -> None:
        """From a candidate back to the retraining that made it, and the alarm behind that."""
        for ended in self.about(version, "RetrainingEnded"):
            self._add(Because.TRAINED, registered, ended)
            for asked in self._named("RetrainingRequested", "retraining", ended):
                self._add(Because.TRAINING_ASKED, ended, asked)
                for alarm in self._named("DriftDetected", "alarm", asked):
                    self._add(Because.ALARMED, asked, alarm)

    def _named(self, kind: str, field: str, by: Told) -> list[Told]:
        """The events of a kind that another one names by a number."""
        number = by.row.data.get(field)
        if number is None:
            return []
        return [t for t in self._own if t.row.type == kind and t.row.data.get(field) == number]

    def _since(self, last: Told) -> Iterator[Told]:
        for told in self.about(entered(last), *_SINCE):
            if told.row.position > last.row.position and (
                told.row.type != "RollbackRehearsed" or self._is_here(told)
            ):
                yield told

    def _caused(self, event: Told) -> None:
        while (cause := self._cause(event)) is not None:
            if cause.row.position in self._links:
                return
            self._add(Because.CAUSED, event, cause)
            event = cause

    def _cause(self, event: Told) -> Told | None:
        wanted = event.row.causation_id
        if wanted in (None, event.row.command_id):
            return None
        for told in self._told:
            if told is not event and wanted in (told.row.id, told.row.command_id):
                return told
        return None


def _before(told: Sequence[Told], event: Told) -> Iterator[Told]:
    return (t for t in told if t.row.position < event.row.position)
