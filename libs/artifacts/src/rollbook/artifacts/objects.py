"""Objects under names, over obstore: a folder of this machine, S3, GCS or Azure."""

import asyncio
import os
import re
from collections import deque
from collections.abc import AsyncIterable, AsyncIterator, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final
from urllib.parse import unquote, urlsplit

import obstore
from obstore.exceptions import AlreadyExistsError, BaseError
from obstore.store import AzureStore, GCSStore, LocalStore, ObjectStore, S3Store, from_url

from rollbook.artifacts.errors import Missing, TooLarge, Unreachable
from rollbook.artifacts.held import pieces
from rollbook.artifacts.places import checked_place

PIECE: Final = 8 << 20
"""Bytes that are read or written by one request."""
AHEAD: Final = 3
"""Pieces that are read before they are asked for."""
AT_ONCE: Final = 4
"""Pieces that are written at once."""
MOST_PARTS: Final = 10_000
"""Of one object, by the rules of S3."""

MOST_SMALL: Final = 1 << 20
"""Bytes of an object that is created at once."""

REQUEST: Final = timedelta(seconds=60)
"""How long one request may take; it moves one piece at most."""
RETRIES: Final = 3
TRYING: Final = timedelta(seconds=60)
"""How long one is tried again."""

_TORN: Final = re.compile(r"(?:[a-z0-9]+/)+[0-9a-f.]+#[0-9]+")
"""What obstore writes to until it is whole: the name of the object, `#` and a number."""


@dataclass(frozen=True, slots=True)
class Object:
    """What is known of an object without reading it."""

    name: str
    size: int
    at: datetime


class Objects:
    """The objects below one URL."""

    def __init__(self, url: str, store: ObjectStore, folder: Path | None = None) -> None:
        self.url = url
        self._store = store
        self._folder = folder
        """Of this machine; None of a bucket."""

    @classmethod
    def at(cls, url: str, options: Mapping[str, str] | None = None) -> "Objects":
        """Of `s3://bucket/prefix`, `gs://…`, `az://…`, `file:///folder` or the path of a folder.

        Credentials come as the provider's own tools find them, mostly in the environment.
        """
        parts = urlsplit(checked_place(url))
        if parts.scheme in {"", "file"}:
            folder = Path(unquote(parts.path)).absolute()
            try:
                made = LocalStore(folder, mkdir=True, automatic_cleanup=False)
                return cls(url, made, folder)
            except (BaseError, OSError) as error:
                raise Unreachable(f"{folder} cannot be used: {_said(error)}") from error
        config = dict(options or {})
        # Told here, as obstore leaves the variables for its clients unread once it is told any.
        http = config.pop("allow_http", None) or os.environ.get("AWS_ALLOW_HTTP", "false")
        given: dict[str, Any] = {
            "config": config,
            "client_options": {
                "timeout": REQUEST,
                "connect_timeout": timedelta(seconds=10),
                "allow_http": http,
            },
            "retry_config": {"max_retries": RETRIES, "retry_timeout": TRYING},
        }
        try:
            return cls(url, from_url(url, **given))
        except (BaseError, ValueError) as error:
            raise ValueError(f"{url} is no store: {_said(error)}") from error

    @property
    def signs(self) -> bool:
        """Whether the store itself can let somebody read or write one object."""
        return isinstance(self._store, S3Store | GCSStore | AzureStore)

    @property
    def put_headers(self) -> dict[str, str]:
        """What must go with a PUT to a signed URL."""
        return {"x-ms-blob-type": "BlockBlob"} if isinstance(self._store, AzureStore) else {}

    async def sign(self, method: str, names: Sequence[str], lasting: timedelta) -> Sequence[str]:
        """A URL of the store for each name, which whoever has it may use until it expires."""
        assert isinstance(self._store, S3Store | GCSStore | AzureStore)  # noqa: S101
        with _asked(self.url):
            made = await obstore.sign_async(self._store, method, names, lasting)  # type: ignore[call-overload]  # literal
        return list(made)

    async def head(self, name: str) -> Object | None:
        """What is known of an object; None when there is none."""
        with _asked(self.url):
            try:
                found = await obstore.head_async(self._store, name)
            except (FileNotFoundError, NotADirectoryError):
                return None
        return Object(found["path"], found["size"], found["last_modified"])

    async def list(self, prefix: str) -> AsyncIterator[Object]:
        """The objects whose names begin with `prefix` and a `/`, in no order."""
        stream = obstore.list(self._store, prefix, chunk_size=1000)
        while True:
            with _asked(self.url):
                try:
                    batch = await anext(stream)
                except StopAsyncIteration:
                    return
            for found in batch:
                yield Object(found["path"], found["size"], found["last_modified"])

    async def torn(self) -> Sequence[Object]:
        """What a process that was killed left half written in a folder, where no listing shows it.

        Buckets keep the like to themselves: let them abort incomplete multipart uploads.
        """
        if self._folder is None:
            return []
        return await asyncio.to_thread(_torn, self._folder)

    async def delete_torn(self, name: str) -> None:
        """Remove one of these; quiet when it is gone."""
        if self._folder is not None and _TORN.fullmatch(name) and ".." not in name:
            await asyncio.to_thread((self._folder / name).unlink, missing_ok=True)

    async def delete(self, *names: str) -> None:
        """Remove objects; quiet about those that are not there."""
        for name in names:
            with _asked(self.url), suppress(FileNotFoundError):
                await obstore.delete_async(self._store, name)

    async def get(self, name: str, most: int) -> bytes:
        """A small object as a whole; `Missing`, or `TooLarge` beyond `most` bytes."""
        found = await self.head(name)
        if found is None:
            raise Missing(f"{name} is not there")
        if found.size > most:
            raise TooLarge(f"{name} has {found.size:,} bytes, and at most {most:,} are read")
        return b"".join([piece async for piece in self.read(name, 0, found.size)])

    async def read(self, name: str, start: int, stop: int) -> AsyncIterator[bytes]:
        """The bytes from `start` to before `stop`, in pieces; `Missing` when it is not there."""
        waiting: deque[asyncio.Task[bytes]] = deque()
        wanted = pieces(start, stop, PIECE)
        try:
            for begin, end in wanted:
                waiting.append(asyncio.create_task(self._piece(name, begin, end)))
                if len(waiting) >= AHEAD:
                    yield await waiting.popleft()
            while waiting:
                yield await waiting.popleft()
        finally:
            for task in waiting:
                task.cancel()

    async def _piece(self, name: str, begin: int, end: int) -> bytes:
        with _asked(self.url):
            try:
                found = await obstore.get_range_async(self._store, name, start=begin, end=end)
            except FileNotFoundError as error:
                raise Missing(f"{name} is not there") from error
        if len(found) != end - begin:
            raise Unreachable(f"{name} ended before its byte {end:,}")
        return found.to_bytes()

    async def write(self, name: str, content: bytes) -> None:
        """Write a small object at once."""
        with _asked(self.url):
            await obstore.put_async(self._store, name, content, use_multipart=False)

    async def create(self, name: str, content: bytes) -> bytes:
        """Write a small object unless it is there; what it then is."""
        with _asked(self.url):
            try:
                await obstore.put_async(self._store, name, content, mode="create")
            except AlreadyExistsError:
                return await self.get(name, MOST_SMALL)
        return content

    async def stream(self, name: str, size: int, chunks: AsyncIterable[bytes]) -> None:
        """Write an object of `size` bytes or fewer in pieces; it is there whole or not at all.

        Whatever `chunks` raises passes through, and then nothing is written.
        """
        chunk_size = max(PIECE, -(-size // MOST_PARTS))
        with _asked(self.url):
            if size <= PIECE:
                whole = b"".join([chunk async for chunk in chunks])
                await obstore.put_async(self._store, name, whole, use_multipart=False)
            else:
                await obstore.put_async(
                    self._store, name, chunks, chunk_size=chunk_size, max_concurrency=AT_ONCE
                )


def _torn(folder: Path) -> list[Object]:
    found = []
    for file in folder.rglob("*#*"):
        name = file.relative_to(folder).as_posix()
        if _TORN.fullmatch(name):
            with suppress(FileNotFoundError):
                stat = file.stat()
                found.append(Object(name, stat.st_size, datetime.fromtimestamp(stat.st_mtime, UTC)))
    return found


@contextmanager
def _asked(url: str) -> Iterator[None]:
    try:
        yield
    except BaseError as error:
        raise Unreachable(f"the store {url} does not do it: {_said(error)}") from error
    except (FileNotFoundError, PermissionError) as error:  # no bucket, or not ours
        raise Unreachable(f"the store {url} may not be used so: {_said(error)}") from error


def _said(error: Exception) -> str:
    """What obstore says to people, without what it adds for its own developers."""
    return str(error).partition("\n")[0]
