"""Retraining: saying when a model is trained anew, asking for it, and seeing what came of it."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import AsOf, asked, model_path
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part

PAGE = 100
"""Rows asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RetrainingPlan(Result):
    """When a model is trained anew."""

    model: str
    version: int
    """Counts from 1."""
    digest: str
    document: Mapping[str, Any] | None
    """As `rollbook.domain.retrainpolicy.RetrainingPolicy` has it; None: never."""
    position: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Retraining(Result):
    """A retraining, and what came of it."""

    model: str
    retraining: int
    """Counts the model's from 1."""
    id: str
    """The name under which its pipeline was called."""
    alarm: int | None
    version: int | None
    """Whose alarm it is."""
    environment: str | None
    reason: str
    pipeline: str
    parameters: Mapping[str, str]
    deadline: datetime
    after: int
    """How many versions there were: a candidate is a later one."""
    policy: int
    position: str
    requested_at: datetime
    requested_by: str
    state: str
    """`requested`, `running`, `candidate`, `empty`, `failed`, `lost` or `cancelled`."""
    run: str | None
    url: str | None
    candidate: int | None
    """The version that it has registered."""
    note: str
    started_at: datetime | None
    ended_at: datetime | None


class Retrainings(Wishes):
    """How often a model may be trained anew, its policy says: whoever asks, and whatever for."""

    def set_retraining(
        self, model: str, document: "Part | None", **terms: Unpack[Terms]
    ) -> Outcome:
        """Say when, by a `rollbook.domain.retrainpolicy.RetrainingPolicy`; None: never."""
        return self._wish("SetRetraining", model, {"document": document}, terms, all_=True)

    def request_retraining(
        self, model: str, reason: str, *, alarm: int | None = None, **terms: Unpack[Terms]
    ) -> Outcome:
        """Have a model trained anew, now."""
        fields = {"reason": reason, "alarm": alarm}
        return self._wish("RequestRetraining", model, fields, terms)

    def record_retraining_run(
        self,
        model: str,
        retraining: int,
        run: str,
        *,
        url: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Put on record that its pipeline runs; the retrain service does that by itself."""
        fields = {"retraining": retraining, "run": run, "url": url}
        return self._wish("RecordRetrainingRun", model, fields, terms)

    def end_retraining(
        self,
        model: str,
        retraining: int,
        outcome: Literal["candidate", "empty", "failed", "lost"],
        *,
        version: int | None = None,
        note: str = "",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Put on record what it has brought: a pipeline that nobody can ask says it itself."""
        fields = {"retraining": retraining, "outcome": outcome, "version": version, "note": note}
        return self._wish("EndRetraining", model, fields, terms)

    def cancel_retraining(
        self, model: str, retraining: int, reason: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Wait for it no longer, and let the next one begin."""
        fields = {"retraining": retraining, "reason": reason}
        return self._wish("CancelRetraining", model, fields, terms)

    def retraining_policy(self, model: str, *, as_of: AsOf = None) -> RetrainingPlan:
        """When the model is trained anew; `Refused` (`no_pipeline`) where nobody said so."""
        found = self.read(f"{model_path(model)}/retraining", {"as_of": asked(as_of)})
        return RetrainingPlan.of(found)

    def retrainings(self, model: str, *, as_of: AsOf = None) -> Iterator[Retraining]:
        """The retrainings of a model, newest first."""
        path = f"{model_path(model)}/retrainings"
        return map(Retraining.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def retraining(self, model: str, number: int, *, as_of: AsOf = None) -> Retraining:
        """One of them; `Refused` (`unknown_retraining`) where there is none."""
        path = f"{model_path(model)}/retrainings/{number}"
        return Retraining.of(self.read(path, {"as_of": asked(as_of)}))
