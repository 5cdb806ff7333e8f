"""Commands that say how good a version is: evaluations, cards, and the verdict of the gates."""

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Unpack

from rollbook.client.results import Outcome
from rollbook.client.wishes import Terms, Wishes, plain

if TYPE_CHECKING:
    from rollbook.client.wishes import Part


class Evidence(Wishes):
    """What a decision to promote rests on."""

    def evaluate(
        self, model: str, version: int, evaluation: "Part", **terms: Unpack[Terms]
    ) -> Outcome:
        """Append an evaluation, a `rollbook.domain.evaluations.Evaluation`, to the history."""
        fields = {"version": version, "evaluation": evaluation}
        return self._wish("RecordEvaluation", model, fields, terms)

    def write_card(self, model: str, version: int, card: "Part", **terms: Unpack[Terms]) -> Outcome:
        """Write the card, a `rollbook.domain.cards.Card`, or replace it by a new revision."""
        return self._wish("WriteCard", model, {"version": version, "card": card}, terms)

    def review_card(
        self, model: str, version: int, review_by: datetime, note: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Confirm that the card still holds, and say until when."""
        fields = {"version": version, "review_by": review_by, "note": note}
        return self._wish("ReviewCard", model, fields, terms)

    def mark_card_stale(self, model: str, version: int, **terms: Unpack[Terms]) -> Outcome:
        """Note that the card's review is overdue; refused while it is not."""
        return self._wish("MarkCardStale", model, {"version": version}, terms)

    def start_validation(
        self, model: str, version: int, *, policy: str | None = None, **terms: Unpack[Terms]
    ) -> Outcome:
        """Let the gates look at a version, for the first time or again."""
        return self._wish("StartValidation", model, {"version": version, "policy": policy}, terms)

    def record_validation(
        self,
        model: str,
        version: int,
        gates: "Sequence[Part]",
        *,
        policy: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Say what the gates found; one that failed, or could not decide, rejects the version."""
        fields = {"version": version, "gates": list(map(plain, gates)), "policy": policy}
        return self._wish("RecordValidation", model, fields, terms)
