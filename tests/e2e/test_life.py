"""How `rollbook up` begins and ends, also when it is not asked nicely."""

import asyncio
import json
import os
import signal
import socket
import time
from pathlib import Path

import asyncpg
import pytest

from rollbook.cli.exits import Exit
from rollbook.client import Registry
from tests.e2e.program import nothing_runs_below, started

UP = r"API, to try out +(http://\S+)/docs"

SESSION = 45.0
"""Seconds for which the group would wait for a dead command service without a stable name."""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_start_that_is_interrupted_leaves_nothing_running(
    folder: Path, number: signal.Signals
) -> None:
    with started(folder, "up") as program:
        program.wait_for("Postgres is ready")  # and Kafka is still on its way
        program.send(number)
        assert program.ended() == Exit.INTERRUPTED
    assert "nothing is left running" in program.out
    nothing_runs_below(folder)


def test_a_demo_that_is_interrupted_leaves_nothing_running(folder: Path) -> None:
    with started(folder, "demo") as program:
        program.wait_for("Two models")
        program.send(signal.SIGINT)
        assert program.ended() == Exit.INTERRUPTED
    assert "Traceback" not in program.errors
    nothing_runs_below(folder)


def test_what_stood_in_the_log_is_there_after_a_kill_and_the_restart_is_quick(
    folder: Path,
) -> None:
    with started(folder, "up") as program:
        url = program.wait_for(UP)[1]
        with Registry(url) as registry:
            before = registry.register_model("default/churn")
        program.kill()
    nothing_runs_below(folder)

    with started(folder, "up") as again:
        began = time.monotonic()
        url = again.wait_for(UP)[1]
        with Registry(url) as registry:
            assert registry.model("default/churn").position == before.position
            after = registry.tag_model("default/churn", {"still": "here"})
        assert time.monotonic() - began < SESSION
        assert after.seq == before.seq + 1
        again.send(signal.SIGTERM)
        assert again.ended() == Exit.DONE
    nothing_runs_below(folder)


def test_a_kafka_that_dies_is_started_again_and_nothing_is_lost(folder: Path) -> None:
    with started(folder, "up") as program:
        url = program.wait_for(UP)[1]
        with Registry(url, timeout=60) as registry:
            registry.register_model("default/churn")
            pid = json.loads((folder / ".data" / "kafka" / "pid").read_text())["pid"]
            os.kill(pid, signal.SIGKILL)
            program.wait_for("Kafka ended by itself")
            program.wait_for("Kafka is ready")
            assert registry.tag_model("default/churn", {"still": "here"}).seq == 2
        program.send(signal.SIGINT)
        assert program.ended() == Exit.DONE
    nothing_runs_below(folder)


def test_a_port_that_is_taken_makes_it_the_next_one_and_the_other_verbs_find_it(
    folder: Path,
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with started(folder, "up", "--port", str(port)) as program:
            program.wait_for(f"port {port} is taken")
            url = program.wait_for(UP)[1]
            assert not url.endswith(f":{port}")
            with started(folder, "show") as show:
                assert show.ended() == Exit.DONE
            assert "The book is empty" in show.out
            program.send(signal.SIGINT)
            assert program.ended() == Exit.DONE


def test_a_service_that_crashes_is_named_and_takes_the_rest_down(folder: Path) -> None:
    with started(folder, "up") as program:
        url = program.wait_for(UP)[1]
        note = json.loads((folder / ".data" / "running.json").read_text())

        async def steal() -> None:
            connection = await asyncpg.connect(note["postgres"])
            await connection.execute("UPDATE rollbook.projection_offset SET off = off + 1000")
            await connection.close()

        asyncio.run(steal())  # as a second projector would
        with Registry(url) as registry:
            registry.register_model("default/churn")
        assert program.ended() == Exit.ERROR
    assert "the projector service stopped: Superseded" in program.errors
    nothing_runs_below(folder)
