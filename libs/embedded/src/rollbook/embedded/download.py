"""Fetches jars from a Maven repository, several at a time, and believes none of them unverified."""

import hashlib
import http.client
import os
import shutil
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from xml.sax.saxutils import escape

from rollbook.embedded.jars import Jar, is_whole
from rollbook.embedded.report import Progress, Report, StackError, Unavailable

ATTEMPTS = 3
TIMEOUT = 30.0  # seconds without a byte
CHUNK = 1 << 18
PARALLEL = 6


def fetch(jars: Sequence[Jar], folder: Path, report: Report) -> None:
    """Bring the jars into the folder, each verified before it gets its name.

    Raises Unavailable where they cannot be had, StackError where something else came instead.
    """
    folder.mkdir(parents=True, exist_ok=True)
    mirror = os.environ.get("ROLLBOOK_MAVEN")
    try:
        Download(mirror or _central(), folder, report).run(jars)
    except Unavailable as failure:
        maven = shutil.which("mvn")
        if mirror or not maven:  # who names a mirror wants that one
            raise
        report(f"{str(failure).splitlines()[0]}; trying mvn, which has its own settings")
        _copy_by_maven(maven, jars, folder, failure)


def _central() -> str:
    # Late: it takes 0.3 s and only a first start needs it.
    from jgo.constants import MAVEN_CENTRAL_URL  # noqa: PLC0415

    return MAVEN_CENTRAL_URL


class Download:
    """One run over the jars of one repository, with its progress."""

    def __init__(self, repository: str, folder: Path, report: Report) -> None:
        self._repository, self._folder, self._report = repository.rstrip("/"), folder, report
        self._lock = threading.Lock()
        self._given_up = threading.Event()
        self._done = self._total = 0
        self._shown = 0.0

    def run(self, jars: Sequence[Jar]) -> None:
        """Fetch them all. Raises Unavailable, or StackError where a digest is wrong."""
        self._total = sum(jar.size for jar in jars)
        pool = ThreadPoolExecutor(PARALLEL)
        try:
            for jar in [pool.submit(self._get, jar) for jar in jars]:
                jar.result()
        finally:  # by Ctrl-C too: the threads look at this event after every chunk
            self._given_up.set()
            pool.shutdown(cancel_futures=True)

    def _get(self, jar: Jar) -> None:
        handle, name = tempfile.mkstemp(dir=self._folder, suffix=".part")
        part = Path(name)
        try:
            with os.fdopen(handle, "wb") as file:
                attempts = 1 if self._repository.startswith("file:") else ATTEMPTS
                for attempt in range(attempts):
                    try:
                        file.seek(0)
                        file.truncate()
                        self._receive(jar, file.write)
                        break
                    except (OSError, http.client.HTTPException) as error:
                        refused = isinstance(error, urllib.error.HTTPError) and error.code < 500
                        if refused or attempt == attempts - 1:
                            raise Unavailable(self._nowhere(jar, error)) from error
                        self._given_up.wait(0.5 * (attempt + 1))
                file.flush()
                os.fsync(file.fileno())
            if not self._given_up.is_set():
                if not is_whole(jar, part):
                    raise StackError(self._another(jar, part))
                part.chmod(0o644)
                part.replace(self._folder / jar.name)
        finally:
            part.unlink(missing_ok=True)

    def _receive(self, jar: Jar, write: Callable[[bytes], int]) -> None:
        received = 0
        try:
            url = f"{self._repository}/{jar.location}"
            with urllib.request.urlopen(url, timeout=TIMEOUT) as answer:  # noqa: S310 - verified below
                while not self._given_up.is_set() and (chunk := answer.read(CHUNK)):
                    write(chunk)
                    received += len(chunk)
                    self._count(len(chunk))
                # http.client takes a connection that breaks off for the end of the content.
                if left := getattr(answer, "length", None):
                    raise ConnectionError(f"the connection broke off {left} bytes too early")
        except BaseException:
            self._count(-received)
            raise

    def _count(self, amount: int) -> None:
        with self._lock:
            self._done += amount
            if time.monotonic() - self._shown > 0.2 or self._done == self._total:
                self._shown = time.monotonic()
                text = f"downloading Kafka: {self._done >> 20} of {self._total >> 20} MB"
                self._report(Progress(text, self._done, self._total))

    def _nowhere(self, jar: Jar, error: Exception) -> str:
        return (
            f"Kafka's jars cannot be had: {jar.name} from {self._repository}: {error}\n"
            "They are needed once, then kept. Do one of these:\n"
            "  - start again with access to the network (HTTPS_PROXY is respected);\n"
            "  - name a Maven repository that you can reach: ROLLBOOK_MAVEN=<its URL>;\n"
            "  - install Maven with settings that work here: mvn is tried when all else fails;\n"
            "  - on a machine with access run `python -m rollbook.embedded --prepare`, copy its "
            f"cache folder and let ROLLBOOK_CACHE name it (here: {self._folder.parent})."
        )

    def _another(self, jar: Jar, part: Path) -> str:
        found = hashlib.sha256(part.read_bytes()).hexdigest()
        return (
            f"refused {jar.name} from {self._repository}: its sha256 is {found}, "
            f"but the lock file says {jar.sha256}.\n"
            "Somebody changed it on the way, or the mirror is broken. Try another repository by "
            "ROLLBOOK_MAVEN=<URL>; nothing of it was kept."
        )


def _copy_by_maven(maven: str, jars: Sequence[Jar], folder: Path, failure: Unavailable) -> None:
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        Path(scratch, "pom.xml").write_text(pom(jars))
        goal = ("dependency:copy-dependencies", f"-DoutputDirectory={scratch}")
        command = [maven, "--batch-mode", "--quiet", *goal]
        run = subprocess.run(command, cwd=scratch, capture_output=True, text=True, check=False)
        for jar in jars:
            if not is_whole(jar, Path(scratch, jar.name)):
                last = "\n".join((run.stdout + run.stderr).strip().splitlines()[-3:])
                raise Unavailable(f"{failure}\nmvn did not bring {jar.name} either: {last}")
            Path(scratch, jar.name).replace(folder / jar.name)


def pom(jars: Sequence[Jar]) -> str:
    """Write a project that depends on exactly these jars and on nothing that they depend on."""
    every = "<exclusion><groupId>*</groupId><artifactId>*</artifactId></exclusion>"
    dependencies = "".join(
        f"<dependency><groupId>{escape(jar.group)}</groupId><artifactId>{escape(jar.artifact)}"
        f"</artifactId><version>{escape(jar.version)}</version>"
        f"<exclusions>{every}</exclusions></dependency>"
        for jar in jars
    )
    return (
        "<project><modelVersion>4.0.0</modelVersion><groupId>rollbook</groupId>"
        "<artifactId>kafka</artifactId><version>1</version>"
        f"<dependencies>{dependencies}</dependencies></project>"
    )
