"""What a process can no longer do that has raised its walls; this machine's kernel holds it."""

import json
import subprocess
import sys

import pytest

TRIES = """
import ctypes, json, os, socket, subprocess, sys, threading
from pathlib import Path
from rollbook.probes import walls

scratch, outside = map(Path, sys.argv[1:])
ours = [Path(p) for p in (*sys.path, sys.prefix, sys.base_prefix, "/usr", "/lib", "/proc")]
walls.bounded(10**9, 10**6)
walls.timed(60)
stand = [*walls.raised(ours, scratch), *walls.closed()]
mother = os.getppid()

def thread():
    one = threading.Thread(target=lambda: None)
    one.start()
    one.join()

def uring():
    libc = ctypes.CDLL(None, use_errno=True)
    if libc.syscall(425, 1, 0) < 0:
        raise OSError(ctypes.get_errno(), "io_uring")

found = {"walls": " and ".join(sorted(stand))}
for name, tried in {
    "ask the network": socket.socket,
    "talk to a daemon": lambda: socket.socket(socket.AF_UNIX),
    "make a ring": uring,
    "fork": os.fork,
    "start a program": lambda: subprocess.run(["/bin/true"]),
    "become a program": lambda: os.execv("/bin/true", ["true"]),
    "signal its parent": lambda: os.kill(mother, 0),
    "read its parent's secrets": lambda: Path(f"/proc/{mother}/environ").read_bytes(),
    "read its parent's memory": lambda: open(f"/proc/{mother}/mem", "rb"),
    "leave its group": os.setsid,
    "write a file": lambda: (outside / "new").write_text("x"),
    "read a file": lambda: (outside / "secret").read_text(),
    "cut a file off": lambda: os.truncate(outside / "secret", 0),
    "open a file to all": lambda: os.chmod(outside / "secret", 0o777),
    "write a large file": lambda: (scratch / "large").write_bytes(b"x" * 10**7),
    "write to its scratch folder": lambda: (scratch / "mine").write_text("x"),
    "start a thread": thread,
}.items():
    try:
        tried()
    except OSError as error:
        found[name] = type(error).__name__
    else:
        found[name] = "done"
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    scratch, outside = tmp_path_factory.mktemp("scratch"), tmp_path_factory.mktemp("outside")
    (outside / "secret").write_text("secret")
    ran = subprocess.run(
        [sys.executable, "-I", "-c", TRIES, str(scratch), str(outside)],
        check=True,
        capture_output=True,
    )
    tried: dict[str, str] = json.loads(ran.stdout)
    return tried


def test_both_walls_stand(found: dict[str, str]) -> None:
    assert found["walls"] == "files and network"


@pytest.mark.parametrize(
    "deed",
    [
        "ask the network",
        "talk to a daemon",
        "make a ring",
        "fork",
        "start a program",
        "become a program",
        "signal its parent",
        "read its parent's secrets",
        "read its parent's memory",
        "leave its group",
        "write a file",
        "read a file",
        "cut a file off",
        "open a file to all",
    ],
)
def test_a_walled_process_cannot(deed: str, found: dict[str, str]) -> None:
    assert found[deed] == "PermissionError"


def test_a_file_has_a_largest_size_even_in_the_scratch_folder(found: dict[str, str]) -> None:
    assert found["write a large file"] == "OSError"


@pytest.mark.parametrize("deed", ["write to its scratch folder", "start a thread"])
def test_a_walled_process_can(deed: str, found: dict[str, str]) -> None:
    assert found[deed] == "done"
