"""The data folder: what `rollbook up` keeps, and where the running one can be found."""

import fcntl
import json
import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from rollbook.cli.exits import Exit, Failure

DEFAULT = ".data"


@dataclass(frozen=True, slots=True)
class Running:
    """A running `rollbook up`; `postgres` is a DSN with its password."""

    pid: int
    url: str
    kafka: str
    postgres: str
    app: str
    schema: str
    durable: bool
    artifacts: str = ""
    """The URL of the store."""
    archive: str | None = None
    """That of its archive, where it is another one."""
    serving: str = ""
    """The URL of its model server."""


@dataclass(frozen=True, slots=True)
class Place:
    """One data folder."""

    folder: Path

    @classmethod
    def chosen(cls, data: Path | None) -> "Place":
        """`--folder`, else ROLLBOOK_DATA, else `.data` under the current directory."""
        return cls((data or Path(os.environ.get("ROLLBOOK_DATA") or DEFAULT)).absolute())

    @property
    def log(self) -> Path:
        """Where the services' log lines go when a person watches."""
        return self.folder / "rollbook.log"

    @property
    def models(self) -> Path:
        """Where the demo keeps the models that it trains."""
        return self.folder / "models"

    @property
    def artifacts(self) -> Path:
        """The store of artifacts, unless the environment names another."""
        return self.folder / "artifacts"

    @property
    def _note(self) -> Path:
        return self.folder / "running.json"

    def instance(self) -> str:
        """A name for this folder's command service that is the same after a restart.

        With it, a restart after `kill -9` takes its partitions back at once, instead of waiting
        until the group has given up the dead one.
        """
        file = self.folder / "instance"
        try:
            return file.read_text().strip()
        except FileNotFoundError:
            name = f"up-{secrets.token_hex(4)}"
            file.write_text(name + "\n")
            return name

    def notifier_secret(self) -> str:
        """What the secrets of this folder's endpoints are made of; made where there is none."""
        if (kept := self.kept_notifier_secret()) is not None:
            return kept
        file = self.folder / "notifier.secret"
        made = secrets.token_hex(32)
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as out:
            out.write(made + "\n")
        return made

    def kept_notifier_secret(self) -> str | None:
        """The same, if it was made."""
        try:
            return (self.folder / "notifier.secret").read_text().strip() or None
        except FileNotFoundError:
            return None

    def running(self) -> Running | None:
        """What runs here now; None when nothing does."""
        try:
            found = Running(**json.loads(self._note.read_text()))
        except (FileNotFoundError, NotADirectoryError, PermissionError, ValueError, TypeError):
            return None
        with (self.folder / "owner").open("a") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except BlockingIOError:
                return found
        return None  # left behind by one that was killed

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the only `rollbook up` of this folder; however it ends, the next one may begin."""
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            lock = (self.folder / "owner").open("a")
        except OSError as error:
            raise Failure(
                Exit.ERROR,
                f"cannot write to {self.folder}: {error.strerror}",
                advice="name another folder: --folder FOLDER, or ROLLBOOK_DATA",
                code="data_folder",
            ) from error
        with lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                found = self.running()
                raise Failure(
                    Exit.ERROR,
                    f"Rollbook already runs in {self.folder}"
                    + (f": {found.url} (process {found.pid})" if found else ", and is starting"),
                    advice="use that one, stop it, or name another folder: --folder FOLDER",
                    code="already_running",
                ) from None
            try:
                yield
            finally:
                self._note.unlink(missing_ok=True)

    def announce(self, running: Running) -> None:
        """Let the other commands find us; only this user may read it, as it holds a password."""
        new = self._note.with_suffix(".new")
        new.unlink(missing_ok=True)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(asdict(running), file)
        new.replace(self._note)
