"""Endpoints: saying who is told of what happens, and seeing what was sent to them."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import AsOf, asked, namespace_path, segment
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part

PAGE = 100
"""Rows asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint(Result):
    """Who is told of which events."""

    namespace: str
    endpoint: str
    version: int
    """Counts from 1."""
    digest: str
    document: Mapping[str, Any]
    """As `rollbook.domain.endpointdocs.Endpoint` has it."""
    rotation: int
    """Of its secret: counts from 1."""
    overlap_until: datetime | None
    position: str
    time: datetime
    actor: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery(Result):
    """An event on its way to an endpoint."""

    number: int
    position: str
    """Of the event."""
    id: str
    """Of the event: `webhook-id` of what is sent."""
    type: str
    model: str | None
    state: str
    """`waiting`, `delivered`, `given_up` or `dropped`."""
    attempts: int
    created_at: datetime
    next_at: datetime
    ended_at: datetime | None
    said: str
    """What came of the last attempt."""


class Notifying(Wishes):
    """An endpoint is told of its own namespace's models."""

    def set_endpoint(
        self, namespace: str, endpoint: str, document: "Part", **terms: Unpack[Terms]
    ) -> Outcome:
        """Say who is told of what, by a `rollbook.domain.endpointdocs.Endpoint`."""
        fields = {"endpoint": endpoint, "document": document}
        return self._wish("SetEndpoint", namespace, fields, terms)

    def drop_endpoint(
        self, namespace: str, endpoint: str, reason: str, **terms: Unpack[Terms]
    ) -> Outcome:
        """Tell it of nothing any more."""
        fields = {"endpoint": endpoint, "reason": reason}
        return self._wish("DropEndpoint", namespace, fields, terms)

    def rotate_endpoint_secret(
        self,
        namespace: str,
        endpoint: str,
        reason: str,
        *,
        overlap: timedelta | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Sign by the next secret, and by the old one as well for a day, or as long as you say."""
        seconds = f"PT{overlap.total_seconds():g}S" if overlap is not None else None
        fields = {"endpoint": endpoint, "reason": reason, "overlap": seconds}
        return self._wish("RotateEndpointSecret", namespace, fields, terms)

    def test_endpoint(self, namespace: str, endpoint: str, **terms: Unpack[Terms]) -> Outcome:
        """Have a message sent that says that it is a test."""
        return self._wish("TestEndpoint", namespace, {"endpoint": endpoint}, terms)

    def redrive_endpoint(
        self,
        namespace: str,
        endpoint: str,
        *,
        since: datetime | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Try anew to send what was given up."""
        fields = {"endpoint": endpoint, "since": since}
        return self._wish("RedriveEndpoint", namespace, fields, terms)

    def endpoints(self, namespace: str, *, as_of: AsOf = None) -> Iterator[Endpoint]:
        """The namespace's endpoints, in alphabetical order."""
        path = f"{namespace_path(namespace)}/endpoints"
        return map(Endpoint.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def endpoint(self, namespace: str, endpoint: str, *, as_of: AsOf = None) -> Endpoint:
        """One of them; `Refused` (`unknown_endpoint`) where there is none."""
        path = f"{namespace_path(namespace)}/endpoints/{segment(endpoint)}"
        return Endpoint.of(self.read(path, {"as_of": asked(as_of)}))

    def deliveries(
        self, namespace: str, endpoint: str, *, state: str | None = None
    ) -> Iterator[Delivery]:
        """What was sent to it, or is to be, newest first."""
        path = f"{namespace_path(namespace)}/endpoints/{segment(endpoint)}/deliveries"
        return map(Delivery.of, self.pages(path, {"limit": PAGE, "state": state}))
