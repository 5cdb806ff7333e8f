"""Endpoints are told of what they want, in order, at least once, whatever is down."""

import base64
import hmac
import threading
from hashlib import sha256
from pathlib import Path
from typing import Any

from rollbook.notifier import keys
from tests.integration.notifier.notifying import MASTER, Tables, deliveries, set_endpoint
from tests.integration.query.system import Caller, until
from tests.support.outside import Lost, Request, outside

HOOK = {"kind": "webhook", "events": ["Version*"], "group": "PT0S"}


def told(asked: list[Request]) -> list[int]:
    """The versions that the requests are about."""
    return [request.json()["data"]["event"]["version"] for request in asked]


def proofs(request: Request) -> list[str]:
    return request.headers["webhook-signature"].split()


def proof(request: Request, caller: Caller, rotation: int) -> str:
    secret = keys.key(MASTER, caller.namespace, "hook", rotation)
    head = f"{request.headers['webhook-id']}.{request.headers['webhook-timestamp']}."
    mac = hmac.new(secret, head.encode() + request.body, sha256).digest()
    return f"v1,{base64.b64encode(mac).decode()}"


def test_events_arrive_signed_and_in_order(tables: Tables, caller: Caller) -> None:
    with outside(lambda _: (204, b"")) as there, tables.notified():
        set_endpoint(caller, **HOOK, url=there.url)
        for n in range(5):
            caller.version(f"sha256:{n}" + "a" * 63)
        until(lambda: len(deliveries(caller, "delivered")) == 5)
    assert told(there.asked) == [1, 2, 3, 4, 5]
    request = there.asked[0]
    assert proofs(request) == [proof(request, caller, 1)]
    body = request.json()
    assert body["type"] == "VersionRegistered"
    assert body["data"]["stream"] == caller.model
    assert body["data"]["sentence"].startswith("version 1 registered")
    assert body["data"]["id"] == request.headers["webhook-id"]
    row = deliveries(caller)[0]
    assert (row["attempts"], row["said"], row["type"]) == (1, "204", "VersionRegistered")


def test_what_was_not_taken_is_sent_again_before_the_next(tables: Tables, caller: Caller) -> None:
    answers: list[Any] = [500, Lost, 302, 200]

    def answering(_: Request) -> tuple[int, Any]:
        answer = answers.pop(0) if answers else 200
        if answer is Lost:
            raise Lost
        return answer, {}

    with outside(answering) as there, tables.notified(), tables.notified():
        set_endpoint(caller, **HOOK, url=there.url)
        for n in range(3):
            caller.version(f"sha256:{n}" + "a" * 63)
        until(lambda: len(deliveries(caller, "delivered")) == 3)
    assert told(there.asked) == [1, 1, 1, 1, 2, 3]
    assert len({request.headers["webhook-id"] for request in there.asked}) == 3
    assert [row["attempts"] for row in deliveries(caller)] == [4, 1, 1]


def test_an_endpoint_that_was_down_gets_all_of_it_later(tables: Tables, caller: Caller) -> None:
    with outside(lambda _: (200, {})) as there:
        port = int(there.url.rpartition(":")[2])
    with tables.notified():
        set_endpoint(caller, **HOOK, url=there.url)
        caller.version()
        until(lambda: [row["attempts"] > 1 for row in deliveries(caller)] == [True])
        assert "cannot be reached" in deliveries(caller)[0]["said"]
        with outside(lambda _: (200, {}), port) as again:
            until(lambda: len(deliveries(caller, "delivered")) == 1)
    assert told(again.asked) == [1]


def test_what_is_given_up_lets_the_next_go_and_is_redriven(tables: Tables, caller: Caller) -> None:
    down = threading.Event()
    down.set()

    def answering(request: Request) -> tuple[int, Any]:
        first = request.json()["data"]["event"]["version"] == 1
        return (503 if first and down.is_set() else 200), {}

    with outside(answering) as there, tables.notified():
        set_endpoint(caller, **HOOK, url=there.url, patience="PT0.5S")
        caller.version()
        until(lambda: len(deliveries(caller, "given_up")) == 1)
        caller.version("sha256:" + "b" * 64)
        until(lambda: len(deliveries(caller, "delivered")) == 1)
        down.clear()
        caller.done("RedriveEndpoint", {"endpoint": "hook"})
        until(lambda: len(deliveries(caller, "delivered")) == 2)
    assert told(there.asked)[-1] == 1


def test_a_test_is_sent_and_a_new_secret_signs_beside_the_old_one(
    tables: Tables, caller: Caller
) -> None:
    with outside(lambda _: (200, {})) as there, tables.notified():
        set_endpoint(caller, **HOOK, url=there.url)
        caller.done("TestEndpoint", {"endpoint": "hook"})
        until(lambda: len(there.asked) == 1)
        assert there.asked[0].json()["type"] == "EndpointTested"
        caller.done("RotateEndpointSecret", {"endpoint": "hook", "reason": "it leaked"})
        caller.done("TestEndpoint", {"endpoint": "hook"})
        until(lambda: len(there.asked) == 2)
        both = there.asked[1]
        assert proofs(both) == [proof(both, caller, 2), proof(both, caller, 1)]
        body = {"endpoint": "hook", "reason": "at once", "overlap": "PT0S"}
        caller.done("RotateEndpointSecret", body)
        caller.done("TestEndpoint", {"endpoint": "hook"})
        until(lambda: len(there.asked) == 3)
        assert proofs(there.asked[2]) == [proof(there.asked[2], caller, 3)]


def test_what_waits_for_a_dropped_endpoint_is_not_sent(tables: Tables, caller: Caller) -> None:
    with outside(lambda _: (500, {})) as there, tables.notified():
        set_endpoint(caller, **HOOK, url=there.url)
        caller.version()
        until(lambda: len(there.asked) > 0)
        caller.done("DropEndpoint", {"endpoint": "hook", "reason": "moved"})
        until(lambda: [row["state"] for row in deliveries(caller)] == ["dropped"])


def test_a_private_address_is_told_nothing(tables: Tables, caller: Caller) -> None:
    with outside(lambda _: (200, {})) as there, tables.notified(notifier_networks=()):
        set_endpoint(caller, **HOOK, url=there.url)
        caller.version()
        until(lambda: "private" in "".join(row["said"] for row in deliveries(caller)))
        assert not there.asked


def test_a_silence_holds_back_what_happens(tables: Tables, caller: Caller) -> None:
    quiet = [{"since": "2020-01-01T00:00:00Z", "until": "2100-01-01T00:00:00Z"}]
    with outside(lambda _: (200, {})) as there, tables.notified():
        set_endpoint(caller, **HOOK, url=there.url, quiet=quiet)
        caller.version()
        until(lambda: [row["next_at"][:4] for row in deliveries(caller)] == ["2100"])
        assert not there.asked


def test_killed_between_sending_and_the_record_it_sends_again_under_one_id(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    killed: list[Any] = []

    def answering(_: Request) -> tuple[int, Any]:
        if killed and killed[0].poll() is None:
            killed[0].kill()
            killed[0].wait()
            raise Lost
        return 200, {}

    with outside(answering) as there:
        with tables.process(tmp_path / "first.log") as first:
            set_endpoint(caller, **HOOK, url=there.url)
            killed.append(first)
            caller.version()
            until(lambda: first.poll() is not None)
        with tables.notified():
            until(lambda: len(deliveries(caller, "delivered")) == 1, 120)
    assert told(there.asked) == [1, 1]
    assert len({request.headers["webhook-id"] for request in there.asked}) == 1
