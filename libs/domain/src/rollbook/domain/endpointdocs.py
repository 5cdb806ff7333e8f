"""Who is told what happens, and how: an endpoint's document, and when it is quiet."""

from datetime import datetime, time, timedelta
from hashlib import sha256
from typing import Annotated, Final, Literal, Self, TypeAlias
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import AfterValidator, Field, StringConstraints, model_validator

from rollbook.domain.lineage import AnyText, Fact
from rollbook.domain.moments import Moment, PositiveSpan, Span
from rollbook.domain.names import EnvironmentName, Glob, Label, matches

Day: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
DAYS: Final[tuple[Day, ...]] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")


def _zone(name: str) -> str:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError("must be a time zone, such as Europe/Berlin") from None
    return name


Zone: TypeAlias = Annotated[str, Field(min_length=1, max_length=100), AfterValidator(_zone)]
Address: TypeAlias = Annotated[
    str,
    StringConstraints(
        pattern=r"^(owner|[^@\s<>,;\"\x00-\x1f]+@[^@\s<>,;\"\x00-\x1f]+)$", max_length=254
    ),
]
"""Of mail; `owner` stands for the model's owner."""
HttpUrl: TypeAlias = Annotated[
    str, StringConstraints(pattern=r"^https?://[^\s\x00@]+$", max_length=2000)
]


class Hours(Fact):
    """A time of each week, by the clocks of a place; `until` before `since` is of the next day."""

    days: Annotated[tuple[Day, ...], Field(min_length=1, max_length=7)] = DAYS
    since: time
    until: time
    zone: Zone = "UTC"

    def end(self, now: datetime) -> datetime | None:
        """When it ends, if it is this time now."""
        zone = ZoneInfo(self.zone)
        here = now.astimezone(zone)
        for back in (0, 1):  # it may have begun yesterday
            day = here.date() - timedelta(days=back)
            begin = datetime.combine(day, self.since, zone)
            later = day + timedelta(days=int(self.until <= self.since))
            end = datetime.combine(later, self.until, zone)
            if DAYS[day.weekday()] in self.days and begin <= now < end:
                return end
        return None


class Once(Fact):
    """A time that comes once, such as a maintenance."""

    since: Moment
    until: Moment

    @model_validator(mode="after")
    def _ordered(self) -> Self:
        if self.until <= self.since:
            raise ValueError("until: must be later than since")
        return self

    def end(self, now: datetime) -> datetime | None:
        """When it ends, if it is this time now."""
        return self.until if self.since <= now < self.until else None


class Endpoint(Fact):
    """Who is told of which events, how, and when not."""

    kind: Literal["webhook", "slack", "mail"]
    url: HttpUrl | None = None
    """Of a webhook. It stands in the log: one that is a secret, as Slack's, goes by `place`."""
    place: EnvironmentName | None = None
    """In place of `url`: the name under which the notifier's settings have it."""
    to: Annotated[tuple[Address, ...], Field(max_length=20)] = ()
    """Of mail."""
    events: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=100)] = ("*",)
    """Types, such as `Drift*` or `VersionPromoted`."""
    models: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=200)] = ("*",)
    """Names within the namespace."""
    owners: Annotated[tuple[Label, ...], Field(max_length=100)] = ()
    """Only of models of these owners or teams; nothing: of all."""
    quiet: Annotated[tuple[Hours | Once, ...], Field(max_length=50)] = ()
    """Times in which nothing is sent; what happens meanwhile is sent afterwards."""
    group: Span = timedelta(seconds=30)
    """What comes within so long of each other is one message; a webhook gets each by itself."""
    patience: PositiveSpan = timedelta(days=3)
    """How long an event is tried to be sent; then the next one has its turn."""
    description: Annotated[AnyText, Field(max_length=2000)] = ""

    @model_validator(mode="after")
    def _reachable(self) -> Self:
        if self.kind == "mail":
            if not self.to or self.url or self.place:
                raise ValueError("to: mail needs addresses, and no url or place")
        elif self.to or (self.url is None) == (self.place is None):
            raise ValueError("url: either this or place must be given, and no addresses")
        return self

    def digest(self) -> str:
        """`sha256:…` of what it says."""
        text = self.model_dump_json(exclude_defaults=True)
        return "sha256:" + sha256(text.encode()).hexdigest()

    def wants(self, kind: str, name: str, owner: str | None, team: str | None) -> bool:
        """Whether it is told of an event of this type, to the model of this name."""
        return (
            any(matches(kind, glob) for glob in self.events)
            and any(matches(name, glob) for glob in self.models)
            and (not self.owners or owner in self.owners or team in self.owners)
        )

    def silent_until(self, now: datetime) -> datetime | None:
        """When its silence ends, if it is silent now; windows that follow each other are one."""
        moment = now
        for _ in range(len(self.quiet) + 1):
            ends = [end for window in self.quiet if (end := window.end(moment)) is not None]
            if not ends:
                break
            moment = max(ends)
        return moment if moment > now else None
