from datetime import UTC, datetime, time, timedelta

import pytest
from pydantic import ValidationError

from rollbook.domain import snapshot
from rollbook.domain.endpointdocs import Endpoint, Hours, Once
from rollbook.domain.endpoints import (
    MOST_ENDPOINTS,
    DropEndpoint,
    EndpointDropped,
    EndpointRedriven,
    EndpointSecretRotated,
    EndpointSet,
    EndpointTested,
    RedriveEndpoint,
    RotateEndpointSecret,
    SetEndpoint,
    TestEndpoint,
)
from tests.support import spec
from tests.support.spec import NOW

HOOK = Endpoint(kind="webhook", url="https://hooks.example.com/x", events=("Drift*",))
SET = SetEndpoint(endpoint="on-call", document=HOOK)
DROP = DropEndpoint(endpoint="on-call", reason="moved")
DROPPED = EndpointDropped(endpoint="on-call", reason="moved")
ROTATE = RotateEndpointSecret(endpoint="on-call", overlap=timedelta(hours=2), reason="leaked")
TEST = TestEndpoint(endpoint="on-call")
REDRIVE = RedriveEndpoint(endpoint="on-call", since=NOW)


def was_set(version: int = 1, name: str = "on-call") -> EndpointSet:
    return EndpointSet(
        endpoint=name,
        version=version,
        digest=HOOK.digest(),
        document={
            "kind": "webhook",
            "url": "https://hooks.example.com/x",
            "events": ["Drift*"],
        },
    )


def rotated(rotation: int) -> EndpointSecretRotated:
    return EndpointSecretRotated(
        endpoint="on-call",
        rotation=rotation,
        overlap_until=NOW + timedelta(hours=2),
        reason="leaked",
    )


# SetEndpoint


def test_an_endpoint_is_told_of_events() -> None:
    spec.given().when(SET).does(was_set())


def test_an_endpoint_that_was_dropped_comes_back() -> None:
    spec.given(was_set(), DROPPED).when(SET).does(was_set(2))


def test_a_namespace_has_only_so_many_endpoints() -> None:
    many = [was_set(name=f"e{n}") for n in range(MOST_ENDPOINTS)]
    spec.given(*many).when(SET).refuses("too_many")


def test_setting_the_same_endpoint_again_stays_quiet() -> None:
    spec.given(was_set()).when(SET).stays_quiet(version=1)


# DropEndpoint


def test_an_endpoint_is_dropped() -> None:
    spec.given(was_set()).when(DROP).does(DROPPED)


def test_dropping_what_is_not_there_stays_quiet() -> None:
    spec.given(was_set(), DROPPED).when(DROP).stays_quiet()


# RotateEndpointSecret


def test_a_secret_is_rotated() -> None:
    spec.given(was_set()).when(ROTATE).does(rotated(2))
    spec.given(was_set(), rotated(2)).when(ROTATE).does(rotated(3))


def test_one_of_the_same_name_gets_another_secret() -> None:
    spec.given(was_set(), DROPPED, was_set(2)).when(ROTATE).does(rotated(3))


def test_the_secret_of_what_is_not_there_cannot_be_rotated() -> None:
    spec.given().when(ROTATE).refuses("unknown_endpoint")
    spec.given(was_set(), DROPPED).when(ROTATE).refuses("unknown_endpoint")


# TestEndpoint


def test_an_endpoint_is_tested() -> None:
    spec.given(was_set()).when(TEST).does(EndpointTested(endpoint="on-call"))


def test_what_is_not_there_cannot_be_tested() -> None:
    spec.given().when(TEST).refuses("unknown_endpoint")


# RedriveEndpoint


def test_what_was_given_up_is_tried_anew() -> None:
    spec.given(was_set()).when(REDRIVE).does(EndpointRedriven(endpoint="on-call", since=NOW))


def test_what_is_not_there_cannot_be_tried_anew() -> None:
    spec.given().when(REDRIVE).refuses("unknown_endpoint")


# The document


def test_a_snapshot_remembers_endpoints() -> None:
    namespace = spec.govern(was_set(), rotated(2))
    assert snapshot.restore_namespace(snapshot.namespace_head(namespace)) == namespace


WRONG: tuple[dict[str, object], ...] = (
    {"kind": "webhook"},
    {"kind": "webhook", "url": "https://a.example", "place": "slack"},
    {"kind": "webhook", "url": "ftp://a.example"},
    {"kind": "webhook", "url": "https://ada:hush@a.example"},
    {"kind": "mail"},
    {"kind": "mail", "to": ["ada"]},
    {"kind": "mail", "to": ["a@b.example\nBcc: x@y.example"]},
    {"kind": "slack", "place": "x", "to": ["owner"]},
)


def test_an_endpoint_can_be_reached_in_one_way() -> None:
    for wrong in WRONG:
        with pytest.raises(ValidationError):
            Endpoint.model_validate(wrong)


def test_an_endpoint_is_told_of_what_it_names() -> None:
    some = Endpoint(
        kind="mail", to=("owner",), events=("Drift*",), models=("fraud*",), owners=("risk", "ada")
    )
    assert some.wants("DriftDetected", "fraud-eu", "joan", "risk")
    assert some.wants("DriftCleared", "fraud", "ada", None)
    assert not some.wants("VersionPromoted", "fraud", "ada", None)
    assert not some.wants("DriftDetected", "churn", "ada", None)
    assert not some.wants("DriftDetected", "fraud", "joan", None)


def test_nights_and_maintenance_are_quiet_and_join() -> None:
    night = Hours(since=time(22), until=time(6), zone="Europe/Berlin")
    begin, end = datetime(2026, 3, 2, 5, tzinfo=UTC), datetime(2026, 3, 2, 9, tzinfo=UTC)
    repairs = Once(since=begin, until=end)
    some = Endpoint(kind="mail", to=("owner",), quiet=(night, repairs))
    assert some.silent_until(datetime(2026, 3, 1, 21, 30, tzinfo=UTC)) == end
    assert (
        some.silent_until(datetime(2026, 3, 2, 4, 59, tzinfo=UTC))
        == datetime(2026, 3, 2, 5, tzinfo=UTC)
        or some.silent_until(datetime(2026, 3, 2, 4, 59, tzinfo=UTC)) == end
    )
    assert some.silent_until(datetime(2026, 3, 2, 9, tzinfo=UTC)) is None
    weekend = Hours(days=("sat", "sun"), since=time(0), until=time(0))
    calm = Endpoint(kind="mail", to=("owner",), quiet=(weekend,))
    assert calm.silent_until(datetime(2026, 3, 7, 12, tzinfo=UTC)) == datetime(
        2026, 3, 9, tzinfo=UTC
    )
    assert calm.silent_until(datetime(2026, 3, 6, 12, tzinfo=UTC)) is None
