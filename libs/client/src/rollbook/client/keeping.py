"""How long artifacts are kept: saying it, and asking what holds."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import API, AsOf, asked, namespace_path
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part

PAGE = 100
"""Rows asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold(Result):
    """A legal hold that stands."""

    model: str
    version: int
    reason: str
    position: str
    held_at: datetime
    held_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept(Result):
    """How long a namespace's artifacts are kept."""

    namespace: str
    version: int
    """0: nobody has said, and everything is kept."""
    retention: Mapping[str, Any]
    """As `rollbook.domain.rulebook.Retention` has it."""
    position: str | None = None
    set_at: datetime | None = None
    set_by: str | None = None


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

    def announce_deletions(
        self, namespace: str, deletions: "Iterable[Part]", **terms: Unpack[Terms]
    ) -> Outcome:
        """Put on record what a sweep is about to delete: each a `domain.deletions.Deletion`.

        Sweeps do so in the namespace `rollbook`, since bytes may be named from any other.
        """
        return self._wish("AnnounceDeletions", namespace, {"deletions": list(deletions)}, terms)

    def retention(self, namespace: str, *, as_of: AsOf = None) -> Kept:
        """How long a namespace's artifacts are kept."""
        path = f"{namespace_path(namespace)}/retention"
        return Kept.of(self.read(path, {"as_of": asked(as_of)}))

    def holds(self, namespace: str | None = None) -> Iterator[Hold]:
        """The legal holds that stand, by model and version; of one namespace, or of all."""
        return map(Hold.of, self.pages(f"{API}/holds", {"namespace": namespace, "limit": PAGE}))
