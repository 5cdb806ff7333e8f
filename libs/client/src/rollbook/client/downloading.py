"""Taking files and folders out of the registry's store, verified to the last byte."""

import hashlib
import os
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import NamedTuple

from rollbook.client.errors import Corrupt, Unavailable
from rollbook.client.stored import Stored
from rollbook.client.transfers import CHUNK, Broken, Gauge, Patience, Pipes

PART = 32 << 20
"""Bytes that one request asks for."""

PARTIAL = ".partial"
DONE = ".done"
"""Endings of what stands beside a file until it is whole: its bytes, and which parts are there."""


class File(NamedTuple):
    """A file that is wanted."""

    path: str
    """Within the folder; of a single file, its name."""
    digest: str
    size: int


class Addresses:
    """Where files are to be had; asked for again when a URL has expired."""

    def __init__(self, stored: Stored, ask: Callable[[], Stored]) -> None:
        self._ask, self._lock = ask, threading.Lock()
        self._urls = _urls(stored)

    def of(self, digest: str) -> str:
        """Where the bytes with this digest are."""
        with self._lock:
            return self._urls[digest]

    def renew(self, digest: str, old: str) -> None:
        """Ask for others, unless somebody has done so already."""
        with self._lock:
            if self._urls[digest] == old:
                self._urls = {**self._urls, **_urls(self._ask())}


def _urls(stored: Stored) -> dict[str, str]:
    urls = {str(file["digest"]): str(file["url"]) for file in stored.files or ()}
    return {**urls, stored.digest: stored.url}


class Downloader:
    """Fetches one artifact; waits at most `timeout` seconds in which nothing gets on."""

    def __init__(self, pipes: Pipes, addresses: Addresses, timeout: float) -> None:
        self._pipes, self._addresses, self._timeout = pipes, addresses, timeout

    def folder(self, stored: Stored, to: Path) -> None:
        """Every file of a folder; those that are there already are only checked."""
        self._pipes.every(
            [self._pipes.files.submit(self.file, f, to / f.path) for f in files_of(stored)]
        )

    def file(self, file: File, to: Path) -> None:
        """One file, in place only when it is whole; FileExistsError where another one is."""
        self._pipes.check()
        if to.exists():
            if to.is_file() and self._is(to, file):
                return
            raise FileExistsError(f"{to} is there already, and is not {file.digest}")
        to.parent.mkdir(parents=True, exist_ok=True)
        partial, done = (to.with_name(f".{to.name}{end}") for end in (PARTIAL, DONE))
        with _Journal(done, partial, file) as journal, partial.open("r+b") as target:
            digest = self._fetch(file, target.fileno(), journal)
        done.unlink()
        if digest != file.digest:
            partial.unlink()
            raise Corrupt(f"{file.path}: what came is {digest}, not {file.digest}")
        partial.replace(to)

    def _is(self, path: Path, file: File) -> bool:
        if path.stat().st_size != file.size:
            return False
        with path.open("rb") as source:
            sha = hashlib.sha256()
            self._read(source.fileno(), 0, file.size, sha.update, self._gauge(file))
        return f"sha256:{sha.hexdigest()}" == file.digest

    def _fetch(self, file: File, target: int, journal: "_Journal") -> str:
        """Fetch what is not there, and hash all of it in order while the rest is coming."""
        gauge = self._gauge(file)
        parts = [(start, min(start + PART, file.size)) for start in range(0, file.size, PART)]
        coming = {
            part: self._pipes.parts.submit(self._part, file, part, target, gauge)
            for part in parts
            if part[0] not in journal.there
        }
        sha = hashlib.sha256()
        try:
            for part in parts:
                if part in coming:
                    coming[part].result()
                    journal.note(part[0])
                    self._read(target, *part, sha.update, None)
                else:
                    self._read(target, *part, sha.update, gauge)
        finally:
            for each in coming.values():
                each.cancel()
            if not all(each.done() for each in coming.values()):
                self._pipes.stop()
            for part, each in coming.items():
                if not each.cancelled() and each.exception() is None:
                    journal.note(part[0])
        return f"sha256:{sha.hexdigest()}"

    def _part(self, file: File, part: tuple[int, int], target: int, gauge: Gauge) -> None:
        at, stop = part
        patience = Patience(self._timeout)
        while at < stop:
            url = self._addresses.of(file.digest)
            try:
                for piece in self._pipes.get(url, at, stop):
                    at = _written(target, piece, at)
                    gauge.add(len(piece))
                    patience.renew()
            except Broken as error:
                if not patience.wait():
                    raise Unavailable(f"{file.path} cannot be fetched: {error}") from error
                self._pipes.check()
                self._addresses.renew(file.digest, url)

    def _read(
        self,
        source: int,
        start: int,
        stop: int,
        take: Callable[[bytes], None],
        gauge: Gauge | None,
    ) -> None:
        while start < stop and (chunk := os.pread(source, min(CHUNK, stop - start), start)):
            self._pipes.check()
            take(chunk)
            start += len(chunk)
            if gauge is not None:
                gauge.add(len(chunk))

    def _gauge(self, file: File) -> Gauge:
        return self._pipes.gauge("fetching", file.path, file.size)


class _Journal:
    """Which parts of a file are there, so that a later attempt need not fetch them."""

    def __init__(self, place: Path, partial: Path, file: File) -> None:
        said = f"{file.digest} {file.size} {PART}"
        lines = place.read_text().split("\n") if place.exists() and partial.exists() else []
        if lines[:1] == [said]:
            # The last line may be half of one.
            self.there = {int(line) for line in lines[1:-1]}
        else:
            self.there = set()
            place.write_text(f"{said}\n")
            partial.write_bytes(b"")
        self._file = place.open("a")

    def __enter__(self) -> "_Journal":
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    def note(self, start: int) -> None:
        """The part that begins here has come."""
        if start not in self.there:
            self.there.add(start)
            self._file.write(f"{start}\n")
            self._file.flush()


def files_of(stored: Stored) -> Iterator[File]:
    """The files of a folder; `Corrupt` unless they are just those that its digest pins."""
    from rollbook.artifacts import listings  # noqa: PLC0415
    from rollbook.artifacts.digests import digest_of  # noqa: PLC0415
    from rollbook.artifacts.errors import BadListing  # noqa: PLC0415

    files = [File(str(f["path"]), str(f["digest"]), int(f["size"])) for f in stored.files or ()]
    text = listings.text_of((file.path, file.digest.removeprefix("sha256:")) for file in files)
    digest = digest_of(text)
    if digest != stored.digest:
        raise Corrupt(f"the listing is that of {digest}, not of {stored.digest}")
    try:
        listings.read(text)  # no path leads out of the folder
    except BadListing as error:
        raise Corrupt(str(error)) from error
    return iter(files)


def _written(target: int, piece: bytes, at: int) -> int:
    view = memoryview(piece)
    while view:
        count = os.pwrite(target, view, at)
        view, at = view[count:], at + count
    return at
