"""Endpoints: who is told what happens to a namespace's models; their secrets stand nowhere here."""

from datetime import datetime, timedelta
from typing import Any, Final, TypeAlias

from rollbook.domain.context import Context
from rollbook.domain.endpointdocs import Endpoint
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.moments import Moment, Span
from rollbook.domain.names import EnvironmentName, Reason
from rollbook.domain.tenancy import Namespace

MOST_ENDPOINTS: Final = 100
"""Endpoints of one namespace."""

# Events


class EndpointSet(Event):
    """The endpoint of this name is told of events from here on; `version` counts from 1."""

    endpoint: str
    version: int
    digest: str
    document: dict[str, Any]
    """An `Endpoint`, as JSON has it."""


class EndpointDropped(Event):
    """The endpoint is told of nothing any more."""

    endpoint: str
    reason: str


class EndpointSecretRotated(Event):
    """What is sent is signed by the next secret; until `overlap_until`, by the one before too."""

    endpoint: str
    rotation: int
    """Of which the secret is made, with the endpoint's name and a secret of the notifier's."""
    overlap_until: datetime
    reason: str


class EndpointTested(Event):
    """The endpoint is to be told of this event, whichever it wants to be told of."""

    endpoint: str


class EndpointRedriven(Event):
    """What could not be sent to the endpoint is tried anew."""

    endpoint: str
    since: datetime | None = None
    """Only what happened from then on."""


EndpointEvent: TypeAlias = (
    EndpointSet | EndpointDropped | EndpointSecretRotated | EndpointTested | EndpointRedriven
)


def evolve(state: Namespace, event: EndpointEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case EndpointSet(endpoint=name, version=version, digest=digest):
            _, _, _, rotation = state.endpoints.get(name, (0, "", False, 1))
            kept = (version, digest, True, rotation)
        case EndpointDropped(endpoint=name):
            version, digest, _, rotation = state.endpoints[name]
            # Whoever knew its secret must not know that of one of the same name.
            kept = (version, digest, False, rotation + 1)
        case EndpointSecretRotated(endpoint=name, rotation=rotation):
            version, digest, stands, _ = state.endpoints[name]
            kept = (version, digest, stands, rotation)
        case EndpointTested() | EndpointRedriven():
            return state
    return state._replace(endpoints=state.endpoints.set(name, kept))


# Commands


class SetEndpoint(Command):
    """Say who is told of which events, how, and when not."""

    endpoint: EnvironmentName
    document: Endpoint


class DropEndpoint(Command):
    """Tell an endpoint of nothing any more; what waits for it is not sent."""

    endpoint: EnvironmentName
    reason: Reason


class RotateEndpointSecret(Command):
    """Sign what is sent by another secret, and for a while by the old one as well."""

    endpoint: EnvironmentName
    overlap: Span = timedelta(days=1)
    reason: Reason


class TestEndpoint(Command):
    """Have a message sent that says that this is a test."""

    __test__ = False  # its name is no test's

    endpoint: EnvironmentName


class RedriveEndpoint(Command):
    """Try anew to send what was given up."""

    endpoint: EnvironmentName
    since: Moment | None = None


EndpointCommand: TypeAlias = (
    SetEndpoint | DropEndpoint | RotateEndpointSecret | TestEndpoint | RedriveEndpoint
)


def decide(
    state: Namespace, command: EndpointCommand, context: Context
) -> EndpointEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SetEndpoint(endpoint=name, document=document):
            version, before, stands, _ = state.endpoints.get(name, (0, "", False, 1))
            digest = document.digest()
            if stands and before == digest:
                return Unchanged(version=version)
            if not stands and sum(s for _, _, s, _ in state.endpoints.values()) >= MOST_ENDPOINTS:
                raise Refused("too_many", f"a namespace has at most {MOST_ENDPOINTS} endpoints")
            return EndpointSet(
                endpoint=name,
                version=version + 1,
                digest=digest,
                document=document.model_dump(mode="json", exclude_defaults=True),
            )
        case DropEndpoint(endpoint=name, reason=reason):
            _, _, stands, _ = state.endpoints.get(name, (0, "", False, 1))
            return EndpointDropped(endpoint=name, reason=reason) if stands else Unchanged()
        case RotateEndpointSecret(endpoint=name, overlap=overlap, reason=reason):
            return EndpointSecretRotated(
                endpoint=name,
                rotation=_standing(state, name) + 1,
                overlap_until=context.time + overlap,
                reason=reason,
            )
        case TestEndpoint(endpoint=name):
            _standing(state, name)
            return EndpointTested(endpoint=name)
        case RedriveEndpoint(endpoint=name, since=since):
            _standing(state, name)
            return EndpointRedriven(endpoint=name, since=since)


def _standing(state: Namespace, name: str) -> int:
    """The rotation of an endpoint's secret; refuses where there is no such endpoint."""
    _, _, stands, rotation = state.endpoints.get(name, (0, "", False, 1))
    if not stands:
        raise Refused("unknown_endpoint", f"the namespace has no endpoint {name!r}")
    return rotation
