"""Kafka or Postgres is away: a clear 503 in bounded time, and the service comes back by itself."""

from collections.abc import Iterator
from time import monotonic

import httpx
import pytest

from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress
from tests.integration.query.system import Caller, System, calling, running, until

ANSWER_WITHIN = 4
BOUND = 8.0
"""Seconds within which there must be an answer: the longest wait and some for a busy machine."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    with Stack(tmp_path_factory.mktemp("outages"), allow_fallback=False) as started:
        yield started


@pytest.fixture(scope="module")
def system(stack: Stack) -> Iterator[System]:
    log = LogAddress(stack.endpoints.kafka, "outages")
    with running(
        log,
        stack.endpoints.postgres,
        "outages",
        answer_within=f"PT{ANSWER_WITHIN}S",
        read_within="PT3S",
    ) as started:
        yield started


@pytest.fixture
def caller(system: System) -> Iterator[Caller]:
    with calling(system) as made:
        made.done("RegisterModel", {})
        yield made


def answers(caller: Caller) -> bool:
    return caller.send("TagModel", {"tags": {"back": "yes"}}).status_code == 200


def reads(caller: Caller) -> bool:
    return caller.read().status_code == 200


def refused(response: httpx.Response, began: float) -> str:
    """The detail of an answer that must be a 503 in time."""
    assert monotonic() - began < BOUND
    assert (response.status_code, response.json()["code"]) == (503, "unavailable"), response.text
    assert response.headers["retry-after"]
    detail: str = response.json()["detail"]
    return detail


def test_a_paused_kafka_is_answered_and_come_back_to(stack: Stack, caller: Caller) -> None:
    until(lambda: reads(caller))
    stack.kafka.pause()
    try:
        first = monotonic()
        assert refused(caller.send("TagModel", {"tags": {"a": "b"}}), first)
        until(lambda: caller.client.get("/readyz").status_code == 503)
        assert "kafka" in caller.client.get("/readyz").json()["reasons"]
        later = monotonic()
        detail = refused(caller.send("TagModel", {"tags": {"a": "b"}}), later)
        assert detail.startswith("nothing was published: ")
        assert monotonic() - later < 1
        assert reads(caller)
    finally:
        stack.kafka.resume()
    until(lambda: answers(caller), 60)
    until(lambda: caller.client.get("/readyz").status_code == 200)


def test_a_command_that_waited_while_kafka_was_paused_was_done_once(
    stack: Stack, caller: Caller
) -> None:
    key = "7b0f7c1e-5a55-4c5c-9d2b-0d7b5ff5a001"
    body = {"artifact": {"uri": "s3://b/m", "digest": "sha256:" + "c" * 64}}
    stack.kafka.pause()
    try:
        refused(caller.send("RegisterVersion", body, Idempotency_Key=key), monotonic())
    finally:
        stack.kafka.resume()
    until(lambda: caller.send("RegisterVersion", body, Idempotency_Key=key).is_success, 60)
    answer = caller.done("RegisterVersion", body, Idempotency_Key=key)
    assert answer["version"] == 1
    assert caller.read(min_position=answer["position"]).json()["versions"] == 1


def test_a_killed_kafka_is_answered_and_come_back_to(stack: Stack, caller: Caller) -> None:
    until(lambda: answers(caller) and reads(caller))
    stack.kafka.kill()
    try:
        refused(caller.send("TagModel", {"tags": {"a": "b"}}), monotonic())
        until(lambda: caller.client.get("/readyz").status_code == 503)
        assert reads(caller)
    finally:
        stack.kafka.start()
    until(lambda: answers(caller), 60)
    until(lambda: caller.client.get("/readyz").status_code == 200)


def test_a_paused_postgres_is_answered_and_come_back_to(stack: Stack, caller: Caller) -> None:
    until(lambda: reads(caller))
    stack.postgres.pause()
    try:
        refused(caller.read(), monotonic())
        until(lambda: caller.client.get("/readyz").status_code == 503)
        assert "postgres" in caller.client.get("/readyz").json()["reasons"]
        later = monotonic()
        assert refused(caller.read(), later).startswith("Postgres: ")
        assert monotonic() - later < 1
        assert answers(caller)
    finally:
        stack.postgres.resume()
    until(lambda: reads(caller), 60)
    until(lambda: caller.client.get("/readyz").status_code == 200)


def test_a_read_of_several_tables_is_answered_while_postgres_is_paused(
    stack: Stack, caller: Caller
) -> None:
    caller.version()
    done = caller.done("RequestPromotion", {"version": 1, "reason": "better"})

    def review() -> httpx.Response:
        return caller.read("/requests/1", min_position=done["position"])

    until(lambda: review().status_code == 200)
    stack.postgres.pause()
    try:
        refused(review(), monotonic())
    finally:
        stack.postgres.resume()
    until(lambda: review().status_code == 200, 60)
    assert caller.done("TagModel", {"tags": {"still": "here"}})


def test_a_killed_postgres_is_answered_and_come_back_to(stack: Stack, caller: Caller) -> None:
    until(lambda: reads(caller))
    stack.postgres.kill()
    try:
        refused(caller.read(), monotonic())
        assert answers(caller)
    finally:
        stack.postgres.start()
    until(lambda: reads(caller), 60)
    done = caller.done("TagModel", {"tags": {"after": "wards"}})
    row = caller.read(min_position=done["position"])
    until(lambda: caller.read(min_position=done["position"]).status_code == 200, 60)
    assert row.status_code in (200, 503)
