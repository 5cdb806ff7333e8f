"""Putting uploads into place beside the requests for it: however long it takes, nobody waits."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, NamedTuple, TypeVar

from rollbook.artifacts import uploads
from rollbook.artifacts.errors import BadListing, Missing, TooLarge, WrongDigest
from rollbook.artifacts.held import Held, Kind
from rollbook.artifacts.listings import MAX_BYTES, Listed
from rollbook.artifacts.store import Store
from rollbook.artifacts.uploads import Upload
from rollbook.artifacts.verifying import Progress
from rollbook.query.problems import Problem

T = TypeVar("T")

AT_ONCE: Final = 4
"""Uploads that are read at once; each takes some 60 MB of memory, whatever its size."""
FILES_AT_ONCE: Final = 32
"""Files of a listing that are seen to at once."""
WITHIN: Final = 5.0
"""Seconds after which the answer is that it goes on."""
KEPT: Final = 1000
"""Results that nobody has asked for yet."""


class Completion(NamedTuple):
    """One that was begun."""

    task: asyncio.Task[Held]
    seen: Progress


class Completing:
    """What this instance puts into place; another one may do the same at the same time."""

    def __init__(self) -> None:
        self._begun: dict[str, Completion] = {}
        self._room = asyncio.Semaphore(AT_ONCE)

    async def complete(self, store: Store, upload: Upload) -> Held | Progress:
        """What is held now, or how far it is; `Problem` for what is not what it was called."""
        if await store.claimed(upload.digest, upload.namespace):
            held = await store.head(upload.digest)
            if held is not None and held.serves(upload.kind) and upload.id not in self._begun:
                return held
        begun = self._begun.get(upload.id)
        if begun is None:
            seen = Progress()
            task = asyncio.create_task(self._put(store, upload, seen), name="completing")
            begun = self._begun[upload.id] = Completion(task, seen)
            self._forget()
        await asyncio.wait([begun.task], timeout=WITHIN)
        if not begun.task.done():
            return begun.seen
        self._begun.pop(upload.id, None)
        return begun.task.result()

    async def stop(self) -> None:
        """Leave what is not in place; it is begun again by whoever asks again."""
        tasks = [begun.task for begun in self._begun.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        self._begun.clear()

    async def _put(self, store: Store, upload: Upload, seen: Progress) -> Held:
        async with self._room:
            try:
                if upload.kind is Kind.FOLDER:
                    await _check(store, upload)
                held = await uploads.complete(store, upload, seen)
                await store.claim(upload.digest, upload.namespace)
                if await store.head(upload.digest) is None:  # swept before we claimed it
                    held = await uploads.complete(store, upload, seen)
            except Missing as error:
                raise Problem(409, "parts_missing", str(error)) from error
            except (WrongDigest, TooLarge) as error:
                await uploads.discard(store, upload.id)
                raise Problem(409, "wrong_digest", str(error)) from error
            await uploads.drop_parts(store, upload)
            return held

    def _forget(self) -> None:
        if len(self._begun) > KEPT:
            done = [id_ for id_, begun in self._begun.items() if begun.task.done()]
            for id_ in done:
                self._begun.pop(id_).task.exception()


async def _check(store: Store, upload: Upload) -> None:
    """Refuse a folder of which not every file is held by the same namespace."""
    try:
        if upload.size > MAX_BYTES:
            raise BadListing(f"a listing has at most {MAX_BYTES:,} bytes")
        files = await uploads.listed(store, upload)
    except BadListing as error:
        await uploads.discard(store, upload.id)
        raise Problem(
            422, "invalid", str(error), errors=[{"field": "listing", "rule": str(error)}]
        ) from error
    held = await of_each(files, lambda file: _held(store, file, upload.namespace))
    absent = [file.path for file, there in zip(files, held, strict=True) if not there]
    if absent:
        shown = ", ".join(absent[:10]) + (" …" if len(absent) > 10 else "")
        raise Problem(
            409,
            "files_missing",
            f"{len(absent):,} files of the folder were not uploaded to {upload.namespace}: {shown}",
        )


async def of_each(files: Sequence[Listed], do: Callable[[Listed], Awaitable[T]]) -> list[T]:
    """What comes of it for each file of a folder, some at once."""
    found: list[T] = []
    for start in range(0, len(files), FILES_AT_ONCE):
        found += await asyncio.gather(*map(do, files[start : start + FILES_AT_ONCE]))
    return found


async def _held(store: Store, file: Listed, namespace: str) -> bool:
    if not await store.claimed(file.digest, namespace):
        return False
    # It may have come days ago, and a sweep that has begun does not know the folder yet.
    await store.claim(file.digest, namespace)
    return await store.head(file.digest) is not None
