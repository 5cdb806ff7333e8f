"""Alarms and what they are raised by: reference profiles, and windows of live data."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Literal, Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import API, AsOf, asked, model_path
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part

PAGE = 100
"""Rows asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Alarm(Result):
    """What was found wrong with live data of a version."""

    model: str
    alarm: int
    """Counts the model's from 1."""
    version: int
    environment: str
    kind: str
    """`feature`, `prediction`, `label`, `performance`, `quality` or `serving`."""
    findings: tuple[Mapping[str, Any], ...]
    """The furthest first: subject, measure, value, threshold, p, rows, more, note."""
    pictures: tuple[Mapping[str, Any], ...]
    """Subject, bins, reference, window."""
    begin_: datetime
    """Of the time that was looked at."""
    end_: datetime
    rows: int
    windows: int
    profile: str | None
    raised_at: datetime
    raised_by: str
    state: str
    """`open` or `cleared`."""
    acknowledged_at: datetime | None
    acknowledged_by: str | None
    note: str | None
    cleared_at: datetime | None
    cleared_by: str | None
    reason: str | None
    position: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ReferenceProfile(Result):
    """What live data of a version is held against."""

    model: str
    version: int
    digest: str
    profile: Mapping[str, Any]
    position: str
    recorded_at: datetime
    recorded_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Window(Result):
    """What a version did in a stretch of time."""

    environment: str
    version: int
    start: datetime
    profile: str
    rows: int
    errors: int
    late: int
    ahead: int
    p50: float | None
    """Milliseconds."""
    p95: float | None
    labels: int
    loss: float | None
    """Measured, by the labels that came."""
    estimated_loss: float | None
    """Estimated without labels, by how sure the version was."""
    verdicts: Mapping[str, str] | None
    """None while the window is open."""
    signs: tuple[Sequence[Any], ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decline(Result):
    """How fast a version gets worse, by the labels that came."""

    measure: str
    """`accuracy` or `error`."""
    windows: int
    rows: int
    since: datetime
    until: datetime
    first: float
    newest: float
    daily: float
    uncertainty: float
    days: float | None
    """Until it is a twentieth worse; None where it does not get worse."""


class Alarming(Wishes):
    """Each read shows what this session's commands did."""

    def record_profile(
        self, model: str, version: int, profile: "Part", **terms: Unpack[Terms]
    ) -> Outcome:
        """Say by a `rollbook.domain.profiles.Profile` what live data is held against."""
        fields = {"version": version, "profile": profile}
        return self._wish("RecordProfile", model, fields, terms)

    def detect_drift(
        self,
        model: str,
        version: int,
        environment: str,
        kind: str,
        findings: "Sequence[Part]",
        window: "Part",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Raise an alarm, as the monitor does by itself: for a monitor of your own."""
        fields = {
            "version": version,
            "environment": environment,
            "kind": kind,
            "findings": findings,
            "window": window,
        }
        return self._wish("DetectDrift", model, fields, terms)

    def clear_drift(self, model: str, alarm: int, reason: str, **terms: Unpack[Terms]) -> Outcome:
        """End an alarm."""
        return self._wish("ClearDrift", model, {"alarm": alarm, "reason": reason}, terms)

    def acknowledge(self, model: str, alarm: int, note: str, **terms: Unpack[Terms]) -> Outcome:
        """Say that an alarm was seen."""
        return self._wish("AcknowledgeDrift", model, {"alarm": alarm, "note": note}, terms)

    def alarms(
        self,
        model: str | None = None,
        *,
        state: Literal["open", "cleared"] | None = None,
        as_of: AsOf = None,
    ) -> Iterator[Alarm]:
        """A model's alarms, newest first; or the open ones of all models."""
        if model is None:
            return map(Alarm.of, self.pages(f"{API}/alarms", {"limit": PAGE}))
        given = {"limit": PAGE, "state": state, "as_of": asked(as_of)}
        return map(Alarm.of, self.pages(f"{model_path(model)}/alarms", given))

    def alarm(self, model: str, number: int, *, as_of: AsOf = None) -> Alarm:
        """One alarm; `Refused` (`unknown_alarm`) where there is none."""
        path = f"{model_path(model)}/alarms/{number}"
        return Alarm.of(self.read(path, {"as_of": asked(as_of)}))

    def profile(self, model: str, version: int, *, as_of: AsOf = None) -> ReferenceProfile:
        """What live data is held against; `Refused` (`no_profile`) where there is nothing."""
        path = f"{model_path(model)}/versions/{version}/profile"
        return ReferenceProfile.of(self.read(path, {"as_of": asked(as_of)}))

    def windows(
        self,
        model: str,
        *,
        environment: str | None = None,
        version: int | None = None,
        limit: int = PAGE,
    ) -> list[Window]:
        """What a model's versions did lately, newest first."""
        given = {"environment": environment, "version": version, "limit": limit}
        found = self.read(f"{model_path(model)}/windows", given)
        return [Window.of(row) for row in found["items"]]

    def decline(
        self, model: str, version: int, *, environment: str = "production"
    ) -> Decline | None:
        """How fast a version gets worse; None where too few labels came."""
        path = f"{model_path(model)}/versions/{version}/decline"
        found = self.read(path, {"environment": environment})
        return Decline.of(found) if found is not None else None
