import json
import subprocess
import sys
from typing import Any

import pytest

from rollbook.telemetry import batch
from rollbook.telemetry.batch import Arm, Batches, Label, Row
from rollbook.telemetry.messages import Garbage, Labels, Predictions, Presence, Served, decode

ARM = Arm("shop/churn", "production", 3)


def predictions(**changes: Any) -> bytes:
    message = {
        "kind": "predictions",
        "model": "shop/churn",
        "environment": "production",
        "version": 3,
        "source": "s",
        "number": 1,
        "sent": 1,
        "rows": {"time": [1, 2], "latency": [1.5, None]},
    }
    return json.dumps({**message, **changes}).encode()


def test_a_batch_says_what_was_added() -> None:
    source = Batches("s")
    source.add(ARM, Row(5, id="a", unit="u", latency=2, prediction="x", features={"f": True}))
    source.add(ARM, Row(6, error=True, features={"g": None}, values={"v": 1.0}))
    ((key, value),) = source.take(9)
    message = decode(value)
    assert key == b"shop/churn"
    assert isinstance(message, Predictions)
    assert message.rows.time == [5, 6]
    assert message.rows.id == ["a", ""]
    assert message.rows.latency == [2, None]
    assert message.rows.error == [0, 1]
    assert message.rows.features == {"f": [1.0, None], "g": [None, None]}
    assert (message.number, message.sent, len(source)) == (1, 9, 0)
    assert source.take(10) == []


def test_batches_are_numbered_and_never_too_long() -> None:
    source = Batches("s")
    for time in range(10_001):
        source.add(ARM, Row(time))
    source.label("shop/churn", Label(1, "a", 1))
    found = [decode(value) for _, value in source.take(0)]
    assert [type(message) for message in found] == [Predictions, Predictions, Labels]
    numbers = [m.number for m in found if not isinstance(m, Presence)]
    assert numbers == [1, 2, 3]


def test_what_waits_is_bounded_and_what_is_pushed_out_is_counted() -> None:
    source = Batches("s", kept=100)
    for time in range(250):
        source.add(ARM, Row(time))
    assert len(source) + source.dropped == 250
    assert len(source) <= 100
    (_, value) = source.take(0)[0]
    message = decode(value)
    assert isinstance(message, Predictions)
    assert message.rows.time[-1] == 249


def test_texts_that_are_too_long_are_cut_rather_than_lost() -> None:
    source = Batches("s")
    source.add(ARM, Row(1, id="i" * 5_000, prediction="p" * 5_000, features={"f": "x" * 5_000}))
    ((_, value),) = source.take(0)
    assert isinstance(decode(value), Predictions)


def test_a_server_says_what_it_serves() -> None:
    key, value = batch.presence("pod", "local", [Served("a/b", "production", 1, "sha256:x")], 7)
    message = decode(value)
    assert key == b"pod"
    assert isinstance(message, Presence)
    assert message.serves[0].version == 1


@pytest.mark.parametrize(
    "garbage",
    [
        None,
        b"",
        b"null",
        b"\xff",
        b"[" * 100_000,
        b'{"kind":"other"}',
        predictions(version="3"),
        predictions(version=0),
        predictions(model="churn"),
        predictions(rows={"time": [1, 2], "latency": [1.5]}),
        predictions(rows={"time": []}),
        predictions(rows={"time": [1], "latency": ["fast"]}),
        predictions(rows={"time": [1], "features": {"f": [[1]]}}),
        predictions(rows={"time": [1], "other": [1]}),
        predictions(number=0),
        predictions(rows={"time": [-1]}),
    ],
)
def test_what_is_no_message_says_why(garbage: bytes | None) -> None:
    with pytest.raises(Garbage) as raised:
        decode(garbage)
    assert str(raised.value)


def test_what_is_newer_is_read_as_far_as_it_is_known() -> None:
    assert isinstance(decode(predictions(later="yes")), Predictions)


def test_a_producer_loads_nothing_heavy() -> None:
    said = "import sys, rollbook.telemetry.batch; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", said], check=True, capture_output=True, text=True
    ).stdout.split()
    assert not {"numpy", "pydantic", "aiokafka"} & set(loaded)
