"""Commands about how long artifacts are kept."""

from typing import TYPE_CHECKING, Unpack

from rollbook.client.results import Outcome
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part


class Keeping(Wishes):
    """Nothing is moved or deleted by these: the next sweep of the store goes by what they say."""

    def set_retention(self, namespace: str, retention: "Part", **terms: Unpack[Terms]) -> Outcome:
        """Say how long artifacts are kept: a `rollbook.domain.rulebook.Retention`."""
        return self._wish("SetRetention", namespace, {"retention": retention}, terms)

    def hold(self, model: str, version: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Put a version under legal hold: its artifacts are neither moved nor deleted."""
        return self._wish("HoldVersion", model, {"version": version, "reason": reason}, terms)

    def release(self, model: str, version: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """Lift the hold of a version."""
        return self._wish("ReleaseVersion", model, {"version": version, "reason": reason}, terms)
