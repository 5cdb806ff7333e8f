"""In a secured registry the monitor proves who it is, and does what it was granted."""

from collections.abc import Iterator
from uuid import uuid4

import httpx
import pytest
from structlog.testing import capture_logs

from rollbook.identity.accounts import mint
from tests.integration.access.secured import ADMIN, SECRET, Secured
from tests.integration.monitor.watching import Tables, asked, events, outcomes
from tests.integration.query.system import Caller, running, until
from tests.support.stack import Cluster

SUBJECT = "account:rollbook/monitor"


@pytest.fixture(scope="module")
def tables(cluster: Cluster) -> Iterator[Tables]:
    schema = cluster.schema()
    secured = {"token_secret": SECRET, "admin_public_key": ADMIN.public_key}
    with running(cluster.log(), cluster.postgres, schema, **secured) as system:
        yield Tables(system, cluster.postgres, schema)


@pytest.fixture
def registry(tables: Tables) -> Iterator[Secured]:
    with httpx.Client(base_url=tables.system.url, timeout=30) as http:
        yield Secured(tables.system, http)


@pytest.fixture
def caller(registry: Secured) -> Iterator[Caller]:
    """The administrator, at a model of its own."""
    with registry.client(ADMIN.reveal()) as client:
        yield Caller(client, f"n{uuid4().hex[:10]}/m")


def test_with_the_services_secret_it_speaks_for_itself(tables: Tables, caller: Caller) -> None:
    with tables.watched(token_secret=SECRET):
        asked(caller)
        until(lambda: bool(events(caller, "PromotionExpired")))
    assert events(caller, "PromotionEscalated")[0]["actor"] == SUBJECT
    assert events(caller, "CommandRefused") == []


def test_an_account_of_its_own_is_heard_as_soon_as_it_holds_the_role(
    tables: Tables, registry: Secured, caller: Caller
) -> None:
    token = registry.account("rollbook", "monitor", roles=["validator"])
    asked(caller, request_expires="PT1H")
    other = Caller(caller.client, f"{caller.namespace}/other")
    asked(other, request_expires="PT1H")
    with capture_logs() as lines, tables.watched(monitor_token=token.reveal()) as monitor:
        until(lambda: bool(events(caller, "CommandRefused") + events(other, "CommandRefused")))
        until(lambda: monitor.ready)
        before = outcomes(tables.system)["CommandRefused"]
        registry.grant("rollbook", SUBJECT, "validator")
        until(lambda: bool(events(caller, "PromotionEscalated")), 30)
        until(lambda: bool(events(other, "PromotionEscalated")), 30)
        assert outcomes(tables.system)["CommandRefused"] == before
    refused = events(caller, "CommandRefused") + events(other, "CommandRefused")
    assert [event["data"]["code"] for event in refused] == ["forbidden"]
    assert [line["code"] for line in lines if line["event"] == "deadline refused"] == ["forbidden"]
    assert events(caller, "PromotionEscalated")[0]["actor"] == SUBJECT
    assert token.reveal().split("_", 3)[3] not in str(lines)


def test_whoever_is_not_known_is_refused_once_and_not_in_a_storm(
    tables: Tables, registry: Secured, caller: Caller
) -> None:
    for name in ("one", "two", "three"):
        asked(Caller(caller.client, f"{caller.namespace}/{name}"), request_expires="PT1H")
    before = outcomes(tables.system)["CommandRefused"]
    stranger = mint("rollbook", "monitor").reveal()
    with capture_logs() as lines, tables.watched(monitor_token=stranger):
        until(lambda: outcomes(tables.system)["CommandRefused"] > before)
        for _ in range(5):
            outcomes(tables.system)
    assert outcomes(tables.system)["CommandRefused"] == before + 1
    told = [line["code"] for line in lines if line["event"] == "deadline refused"]
    assert told == ["unauthenticated"]
