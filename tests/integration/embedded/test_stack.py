import os
import socket
import time
from pathlib import Path

import pytest

from rollbook.embedded import Stack, StackError
from tests.integration.embedded import clients


def test_a_killed_kafka_comes_back_with_every_acknowledged_record(stack: Stack) -> None:
    address = stack.endpoints.kafka
    clients.create_topic(address, "killed")
    values = [b"%d" % number for number in range(100)] + [os.urandom(5_000_000)]
    clients.write(address, "killed", values)
    stack.kafka.kill()
    assert not stack.kafka.running
    stack.kafka.start()
    assert stack.endpoints.kafka == address
    assert clients.read(address, "killed", len(values)) == values


def test_a_killed_postgres_comes_back_with_every_committed_row(stack: Stack) -> None:
    address = stack.endpoints.postgres
    clients.query(address, "CREATE TABLE killed AS SELECT * FROM generate_series(1, 1000) AS n")
    stack.postgres.kill()
    assert not stack.postgres.running
    stack.postgres.start()
    assert stack.endpoints.postgres == address
    assert clients.query(address, "SELECT count(*), sum(n) FROM killed") == [(1000, 500500)]


def test_a_paused_postgres_answers_again_when_it_is_resumed(stack: Stack) -> None:
    stack.postgres.pause()
    try:
        with pytest.raises(TimeoutError):
            clients.query(stack.endpoints.postgres, "SELECT 1", patience=0.5)
    finally:
        stack.postgres.resume()
    assert clients.query(stack.endpoints.postgres, "SELECT 1") == [(1,)]


def test_a_paused_kafka_keeps_its_records(stack: Stack) -> None:
    address = stack.endpoints.kafka
    clients.create_topic(address, "paused")
    clients.write(address, "paused", [b"before"])
    stack.kafka.pause()
    time.sleep(0.3)
    stack.kafka.resume()
    clients.write(address, "paused", [b"after"])
    assert clients.read(address, "paused", 2) == [b"before", b"after"]


def test_a_later_start_is_quick_needs_no_network_and_keeps_data_and_addresses(
    stack: Stack, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = stack.endpoints
    clients.create_topic(before.kafka, "kept")
    clients.write(before.kafka, "kept", [b"value"])
    clients.query(before.postgres, "CREATE TABLE kept AS SELECT 7 AS n")
    stack.stop()
    for name in ("ROLLBOOK_MAVEN", "http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    began = time.monotonic()
    after = stack.start()
    assert time.monotonic() - began < 5
    assert after == before
    assert clients.read(after.kafka, "kept", 1) == [b"value"]
    assert clients.query(after.postgres, "SELECT n FROM kept") == [(7,)]


def test_services_whose_ports_were_taken_move_and_keep_their_data(stack: Stack) -> None:
    before = stack.endpoints
    clients.create_topic(before.kafka, "moved")
    clients.write(before.kafka, "moved", [b"value"])
    stack.stop()
    with socket.create_server(("127.0.0.1", int(before.kafka.split(":")[1]))):
        after = stack.start()
    assert after.kafka != before.kafka
    assert clients.read(after.kafka, "moved", 1) == [b"value"]
    clients.write(after.kafka, "moved", [b"more"])
    assert clients.read(after.kafka, "moved", 2) == [b"value", b"more"]


def test_two_stacks_run_side_by_side(stack: Stack, tmp_path: Path) -> None:
    with Stack(tmp_path / "other", allow_fallback=False) as other:
        for number, each in enumerate((stack, other)):
            clients.create_topic(each.endpoints.kafka, "side")
            clients.write(each.endpoints.kafka, "side", [b"%d" % number])
            clients.query(each.endpoints.postgres, f"CREATE TABLE side AS SELECT {number} AS n")
        for number, each in enumerate((stack, other)):
            assert clients.read(each.endpoints.kafka, "side", 1) == [b"%d" % number]
            assert clients.query(each.endpoints.postgres, "SELECT n FROM side") == [(number,)]


def test_a_folder_has_one_owner_at_a_time(stack: Stack) -> None:
    with pytest.raises(StackError, match="another process is running a stack in"):
        Stack(stack.folder).start()
    assert clients.query(stack.endpoints.postgres, "SELECT 1") == [(1,)]


def test_the_password_is_needed_and_nobody_else_can_read_it(stack: Stack) -> None:
    file = stack.folder / "postgres" / "password"
    assert file.stat().st_mode & 0o777 == 0o600
    wrong = stack.endpoints.postgres.replace(file.read_text(), "wrong")
    with pytest.raises(Exception, match="password authentication failed"):
        clients.query(wrong, "SELECT 1")


def test_a_part_that_does_not_run_cannot_be_killed(stack: Stack) -> None:
    with pytest.raises(StackError, match="not running"):
        Stack(stack.folder).kafka.kill()
