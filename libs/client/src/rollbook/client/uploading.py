"""Putting files and folders into the registry's store, which goes on where it was broken off."""

import hashlib
import os
import time
from collections.abc import Callable, Mapping
from concurrent.futures import wait
from pathlib import Path
from tempfile import TemporaryFile
from typing import TYPE_CHECKING, Any, NamedTuple, TypeAlias

from rollbook.client.errors import Refused, Unavailable
from rollbook.client.session import API
from rollbook.client.transfers import CHUNK, Broken, Patience, Pipes, Stage

if TYPE_CHECKING:
    from rollbook.artifacts.folders import Hashed

Post: TypeAlias = Callable[[str, Mapping[str, Any]], Any]
"""`Session.post`."""

UPLOADS = f"{API}/artifacts/uploads"

LOOK_AGAIN = 0.5
"""Seconds until the registry is asked again how far its own check is."""

CHANGED = frozenset({"parts_missing", "unknown_upload"})
"""Codes after which it has to be begun again."""


class Sent(NamedTuple):
    """What the store has now."""

    digest: str
    size: int


class Uploader:
    """Sends to one namespace; waits at most `timeout` seconds in which nothing gets on."""

    def __init__(self, pipes: Pipes, post: Post, namespace: str, timeout: float) -> None:
        self._pipes, self._post = pipes, post
        self._namespace, self._timeout = namespace, timeout

    def file(self, path: Path) -> Sent:
        """Send a file."""
        from rollbook.artifacts.digests import PREFIX  # noqa: PLC0415

        with path.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            digest = PREFIX + self._hash(source.fileno(), path.name, size)
            self._send(source.fileno(), path.name, digest, size, "file")
        return Sent(digest, size)

    def folder(self, path: Path) -> Sent:
        """Send every file below a folder, those with the same bytes once, and then its listing."""
        from rollbook.artifacts import folders, listings  # noqa: PLC0415
        from rollbook.artifacts.digests import digest_of  # noqa: PLC0415
        from rollbook.artifacts.errors import BadListing  # noqa: PLC0415

        try:
            found = list(folders.files_in(path, path))
            for file in found:
                listings.checked_path(file.relative_to(path).as_posix())
        except BadListing as error:
            raise ValueError(str(error)) from error
        if not found:
            raise ValueError(f"{path} has no files")
        reading = [self._pipes.files.submit(self._hashed, file, path) for file in found]
        files = self._pipes.every(reading)
        first = {file.sha256: file for file in reversed(files)}
        self._pipes.every(
            [self._pipes.files.submit(self._whole, path, file) for file in first.values()]
        )
        text = listings.text_of((file.path, file.sha256) for file in files)
        digest = digest_of(text)
        with TemporaryFile() as source:
            source.write(text)
            source.flush()
            self._send(source.fileno(), f"{path.name}/", digest, len(text), "folder")
        return Sent(digest, sum(file.size for file in files))

    def _hashed(self, file: Path, folder: Path) -> "Hashed":
        from rollbook.artifacts.folders import Hashed  # noqa: PLC0415

        name = file.relative_to(folder).as_posix()
        with file.open("rb") as source:
            size = os.fstat(source.fileno()).st_size
            return Hashed(name, self._hash(source.fileno(), name, size), size)

    def _whole(self, folder: Path, file: "Hashed") -> None:
        from rollbook.artifacts.folders import of_file  # noqa: PLC0415

        with (folder / file.path).open("rb") as source:
            self._send(source.fileno(), file.path, of_file(file), file.size, "file")

    def _hash(self, source: int, name: str, size: int) -> str:
        sha, done = hashlib.sha256(), 0
        gauge = self._pipes.gauge("reading", name, size)
        while chunk := os.pread(source, CHUNK, done):
            self._pipes.check()
            sha.update(chunk)
            done += len(chunk)
            gauge.add(len(chunk))
        return sha.hexdigest()

    def _send(self, source: int, name: str, digest: str, size: int, kind: str) -> None:
        wish = {"digest": digest, "size": size, "namespace": self._namespace, "kind": kind}
        patience = Patience(self._timeout)
        known: int | None = None
        while True:
            self._pipes.check()
            plan = self._post(UPLOADS, wish)
            if plan["done"]:
                self._tell("sending", name, size)
                return
            left = [part for part in plan["parts"] if not part["done"]]
            if known is not None and len(left) < known:
                patience.renew()
            known = len(left)
            trouble = self._parts(source, name, plan, left, size) if left else None
            try:
                if trouble is None and self._complete(name, plan["upload"], size):
                    return
            except Refused as refusal:
                if refusal.code not in CHANGED:
                    raise
                trouble = refusal.message
            if not patience.wait():
                raise Unavailable(f"{name} cannot be sent: {trouble}")

    def _parts(
        self, source: int, name: str, plan: Mapping[str, Any], left: list[Any], size: int
    ) -> str | None:
        """Send what is not there; what went wrong, if anything did."""
        gauge = self._pipes.gauge("sending", name, size)
        gauge.add(size - sum(part["size"] for part in left))
        sending = [
            self._pipes.parts.submit(
                self._pipes.put,
                part["url"],
                plan.get("headers") or {},
                source,
                (part["number"] - 1) * plan["part_size"],
                part["size"],
                gauge,
            )
            for part in left
        ]
        try:
            wait(sending)
        finally:
            for each in sending:
                each.cancel()
        trouble = None
        for each in sending:
            try:
                each.result()
            except Broken as error:
                trouble = str(error)
        return trouble

    def _complete(self, name: str, upload: str, size: int) -> bool:
        """Wait until the registry has checked all of it."""
        gauge = self._pipes.gauge("checking", name, size)
        while True:
            self._pipes.check()
            answer = self._post(f"{UPLOADS}/{upload}/complete", {})
            gauge.at(answer.get("verified") or 0)
            if answer["done"]:
                return True
            time.sleep(LOOK_AGAIN)

    def _tell(self, stage: Stage, name: str, size: int) -> None:
        self._pipes.gauge(stage, name, size).add(size)
