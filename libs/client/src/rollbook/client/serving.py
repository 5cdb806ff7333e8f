"""Commands about what serves where: directly, by request, or in an emergency."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Literal, Unpack

from rollbook.client.results import Outcome
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    Verdict = Literal["justified", "unjustified"]

PRODUCTION = "production"


class Serving(Wishes):
    """Promoting, rolling back, and asking for it where the rules want signatures."""

    def promote(
        self, model: str, version: int, environment: str = PRODUCTION, **terms: Unpack[Terms]
    ) -> Outcome:
        """Let a version serve in an environment, in place of the one that stands there."""
        fields = {"version": version, "environment": environment}
        return self._wish("PromoteVersion", model, fields, terms)

    def roll_back(
        self,
        model: str,
        reason: str,
        *,
        environment: str = PRODUCTION,
        to: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Put back the version that stood in the environment before, or the one named by `to`.

        The outcome's `version` is the one that serves again.
        """
        fields = {"reason": reason, "environment": environment, "to": to}
        return self._wish("RollBackVersion", model, fields, terms)

    def rehearse_rollback(
        self, model: str, note: str, *, environment: str = PRODUCTION, **terms: Unpack[Terms]
    ) -> Outcome:
        """Go through a roll-back without doing it, and put that on record."""
        fields = {"note": note, "environment": environment}
        return self._wish("RehearseRollback", model, fields, terms)

    def clear(self, model: str, environment: str, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take what serves out of an environment, and let nothing serve there."""
        fields = {"environment": environment, "reason": reason}
        return self._wish("ClearEnvironment", model, fields, terms)

    def break_glass(
        self,
        model: str,
        version: int,
        reason: str,
        *,
        environment: str = PRODUCTION,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """In an emergency let a version serve past the rules; others review it afterwards."""
        fields = {"version": version, "environment": environment, "reason": reason}
        return self._wish("BreakGlass", model, fields, terms)

    def review_break(
        self, model: str, number: int, verdict: "Verdict", note: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Say whether a broken glass was justified; not by who broke it."""
        fields = {"number": number, "verdict": verdict, "note": note}
        return self._wish("ReviewBreakGlass", model, fields, terms)

    def request_promotion(
        self,
        model: str,
        version: int,
        reason: str,
        *,
        environment: str = PRODUCTION,
        rollback_plan: str = "",
        reviewers: Mapping[str, int] | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Ask that a version may serve in an environment; the rules say who must sign.

        `reviewers`, title -> signatures, asks for more than the rules do.
        """
        fields = {
            "version": version,
            "environment": environment,
            "reason": reason,
            "rollback_plan": rollback_plan,
            "reviewers": reviewers,
        }
        return self._wish("RequestPromotion", model, fields, terms)

    def approve(
        self,
        model: str,
        request: int,
        *,
        title: str | None = None,
        evidence: str | None = None,
        comment: str = "",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Sign a request; with `evidence`, only if the facts are still those that you saw."""
        fields = {"request": request, "title": title, "evidence": evidence, "comment": comment}
        return self._wish("ApprovePromotion", model, fields, terms)

    def reject(
        self,
        model: str,
        request: int,
        reason: str,
        *,
        evidence: str | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Say no to a request; that closes it."""
        fields = {"request": request, "reason": reason, "evidence": evidence}
        return self._wish("RejectPromotion", model, fields, terms)

    def comment(self, model: str, request: int, comment: str, **terms: Unpack[Terms]) -> Outcome:
        """Say something about a request."""
        fields = {"request": request, "comment": comment}
        return self._wish("CommentOnPromotion", model, fields, terms)

    def withdraw(self, model: str, request: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Take a request back."""
        return self._wish("WithdrawPromotion", model, {"request": request, "reason": reason}, terms)

    def escalate(self, model: str, request: int, **terms: Unpack[Terms]) -> Outcome:
        """Put a request before somebody higher; refused before its time."""
        return self._wish("EscalatePromotion", model, {"request": request}, terms)

    def expire(self, model: str, request: int, **terms: Unpack[Terms]) -> Outcome:
        """Close a request whose time is over; refused before that."""
        return self._wish("ExpirePromotion", model, {"request": request}, terms)
