import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rollbook.embedded import Stack
from rollbook.embedded.launcher import started
from rollbook.embedded.process import end_stale
from tests.integration.embedded import clients

Owner = subprocess.Popen[str]


@pytest.fixture
def run(prepared: None, tmp_path: Path) -> Iterator[Callable[[], Owner]]:
    """Starts `python -m rollbook.embedded tmp_path/stack`, and returns when its services answer."""
    owners: list[Owner] = []

    def start() -> Owner:
        owner = subprocess.Popen(
            [sys.executable, "-m", "rollbook.embedded", str(tmp_path / "stack"), "--no-fallback"],
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
            env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))},
        )
        owners.append(owner)
        assert owner.stdout
        assert owner.stdout.readline().startswith("KAFKA=127.0.0.1:")
        assert owner.stdout.readline().startswith("POSTGRES=postgresql://")
        return owner

    yield start
    for owner in owners:
        owner.kill()
        owner.communicate()


def gone_below(folder: Path, patience: float) -> bool:
    deadline = time.monotonic() + patience
    while clients.processes_below(folder):
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_ctrl_c_leaves_no_process_and_a_killed_owner_none_either(
    run: Callable[[], Owner], tmp_path: Path
) -> None:
    owner = run()
    assert len(clients.processes_below(tmp_path)) > 2
    os.killpg(owner.pid, signal.SIGINT)  # as a terminal does: to the whole foreground group
    assert owner.wait(10) == 0
    assert clients.processes_below(tmp_path) == []

    owner = run()
    assert len(clients.processes_below(tmp_path)) > 2
    owner.kill()
    assert gone_below(tmp_path, patience=5)

    with Stack(tmp_path / "stack", allow_fallback=False) as stack:  # and nothing is in the way
        assert clients.query(stack.endpoints.postgres, "SELECT 1") == [(1,)]


def test_the_next_start_ends_what_a_killed_owner_left(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with subprocess.Popen(["/bin/sh", "-c", "sleep 60 & wait"]) as left:
        file.write_text(json.dumps({"pid": left.pid, "started": started(left.pid)}))
        left.send_signal(signal.SIGSTOP)  # even where it could not hear a polite word
        assert end_stale(file) == left.pid
        assert left.wait(5) == -signal.SIGKILL
    assert not file.exists()


def test_another_process_that_got_the_old_pid_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "pid"
    with subprocess.Popen(["/bin/sleep", "60"]) as innocent:
        file.write_text(json.dumps({"pid": innocent.pid, "started": "long ago"}))
        assert end_stale(file) is None
        assert innocent.poll() is None
        innocent.kill()


@pytest.mark.parametrize("text", ["", "{", "[]", '{"pid": "x", "started": ""}'])
def test_a_damaged_pid_file_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "pid").write_text(text)
    assert end_stale(tmp_path / "pid") is None
