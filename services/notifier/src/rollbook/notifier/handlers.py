"""Which events go to which endpoints, and when what was not taken is sent again. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from rollbook.domain.endpointdocs import Endpoint
from rollbook.readmodel.endpoints import EndpointKey

PAUSES: Final = (1, 6, 24, 120, 360, 720, 1440, 2880)
"""Of the first pause; the last one again and again."""
LONGEST_PAUSE: Final = timedelta(hours=8)

TESTED: Final = "EndpointTested"


class Happened(NamedTuple):
    """An event, as far as it says where it goes."""

    partition: int
    offset: int
    id: str
    type: str
    stream: str
    """A model, or a namespace."""
    endpoint: str | None = None
    """The endpoint that it is about, if it is about one."""


class Owner(NamedTuple):
    """Who answers for a model."""

    owner: str | None = None
    team: str | None = None


class Wanted(NamedTuple):
    """An event that is to be sent to an endpoint."""

    key: EndpointKey
    event: Happened
    wait: timedelta
    """So long others may join it in one message."""
    patience: timedelta


def wanted(
    events: Iterable[Happened],
    endpoints: Mapping[EndpointKey, Endpoint],
    owners: Mapping[str, Owner],
) -> Iterator[Wanted]:
    """What is to be sent, in the order of the events."""
    by_namespace: dict[str, list[tuple[EndpointKey, Endpoint]]] = {}
    for key, endpoint in endpoints.items():
        by_namespace.setdefault(key[0], []).append((key, endpoint))
    for event in events:
        namespace, _, name = event.stream.partition("/")
        owner = owners.get(event.stream, Owner())
        for key, endpoint in by_namespace.get(namespace, ()):
            if name:
                goes = endpoint.wants(event.type, name, *owner)
            else:
                goes = event.type == TESTED and event.endpoint == key[1]
            if goes:
                joins = endpoint.kind != "webhook" and bool(name)
                wait = endpoint.group if joins else timedelta(0)
                yield Wanted(key, event, wait, endpoint.patience)


def pause(first: timedelta, attempts: int) -> timedelta:
    """How long to wait after so many attempts, of which the last one failed."""
    factor = PAUSES[min(max(attempts, 1), len(PAUSES)) - 1]
    return min(first * factor, LONGEST_PAUSE)


def rotations(rotation: int, overlap_until: datetime | None, now: datetime) -> list[int]:
    """The rotations by whose secrets a message is signed now, the newest first."""
    both = overlap_until is not None and now < overlap_until and rotation > 1
    return [rotation, rotation - 1] if both else [rotation]
