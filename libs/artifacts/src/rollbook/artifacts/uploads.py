"""Uploads: parts that are staged beside what is held, until they are whole and verified."""

import hashlib
import json
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Final

from rollbook.artifacts import listings
from rollbook.artifacts.errors import Missing, WrongDigest
from rollbook.artifacts.held import Held, Kind, pieces
from rollbook.artifacts.objects import MOST_PARTS, Objects
from rollbook.artifacts.store import Store
from rollbook.artifacts.verifying import Progress, verified

ROOT: Final = "uploads"
PART: Final = 32 << 20
"""Bytes of a part, unless there were too many of them."""
MOST_ABOUT: Final = 10_000
"""Bytes of what is noted about an upload."""


@dataclass(frozen=True, slots=True)
class Part:
    """A part of what is uploaded."""

    number: int
    """From 1."""
    size: int


@dataclass(frozen=True, slots=True)
class Upload:
    """What somebody has begun to upload."""

    digest: str
    size: int
    kind: Kind
    namespace: str
    actor: str
    part_size: int

    @property
    def id(self) -> str:
        """The same for whoever begins the same again."""
        said = json.dumps([self.digest, self.size, self.kind, self.namespace, self.actor])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def parts(self) -> list[Part]:
        """All of them, in order."""
        ranges = pieces(0, self.size, self.part_size)
        return [Part(nth, end - begin) for nth, (begin, end) in enumerate(ranges, 1)]

    def part(self, number: int) -> str:
        """The name of the object that a part becomes."""
        return f"{ROOT}/{self.id}/{number:05}"


@dataclass(frozen=True, slots=True)
class Left:
    """What an upload has left in the store so far."""

    upload: str
    bytes: int
    at: datetime
    """When its newest object came there."""


def part_size(size: int) -> int:
    """Bytes of each part of `size` bytes, whole mebibytes: there are at most 10,000 parts."""
    least = -(-size // MOST_PARTS)
    return max(PART, -(-least // (1 << 20)) << 20)


async def begin(store: Store, upload: Upload) -> Upload:
    """Note an upload, or go on with it: then with the parts as they were cut first."""
    known = await find(store, upload.id)
    if known is None:
        name = f"{ROOT}/{upload.id}/about.json"
        await store.objects.write(name, json.dumps(asdict(upload)).encode())
    return known or upload


async def find(store: Store, id_: str) -> Upload | None:
    """The upload of this id; None when nobody began it, or it was discarded."""
    try:
        noted = await store.objects.get(f"{ROOT}/{id_}/about.json", MOST_ABOUT)
    except Missing:
        return None
    fields = json.loads(noted)
    return Upload(**{**fields, "kind": Kind(fields["kind"])})


async def there(store: Store, upload: Upload) -> frozenset[int]:
    """The numbers of the parts that are there, whole."""
    sizes = {upload.part(part.number): part for part in upload.parts}
    found: set[int] = set()
    async for staged in store.objects.list(f"{ROOT}/{upload.id}"):
        part = sizes.get(staged.name)
        if part is not None and part.size == staged.size:
            found.add(part.number)
    return frozenset(found)


async def take(store: Store, upload: Upload, part: Part, chunks: AsyncIterable[bytes]) -> None:
    """Stage a part; `WrongDigest` for one of another size, of which nothing stays."""
    await store.objects.stream(upload.part(part.number), part.size, _of_size(chunks, part.size))


async def complete(store: Store, upload: Upload, seen: Progress) -> Held:
    """Put the parts into place as one, verified; again, it is quiet.

    `Missing` when parts are not there. After `WrongDigest` or `BadListing` nothing of it is.
    """
    absent = sorted({part.number for part in upload.parts} - await there(store, upload))
    if absent:
        shown = ", ".join(map(str, absent[:10])) + (" …" if len(absent) > 10 else "")
        raise Missing(f"{len(absent):,} of {len(upload.parts):,} parts are not there: {shown}")
    content = _content(store.objects, upload)
    held = await store.put(upload.digest, upload.size, content, upload.kind, seen)
    if seen.count < upload.size:  # it was held: whoever sends it must still have had it
        async for piece in verified(content, upload.digest, upload.size):
            seen.count += len(piece)
    return held


async def listed(store: Store, upload: Upload) -> tuple[listings.Listed, ...]:
    """The files of the folder whose listing was uploaded; `BadListing` for another text."""
    text = b"".join([piece async for piece in _content(store.objects, upload)])
    return listings.read(text)


async def drop_parts(store: Store, upload: Upload) -> None:
    """Remove the parts of what is in place; the note stays, so that who asks again is told so."""
    names = [upload.part(number) for number in await there(store, upload)]
    await store.objects.delete(*names)


async def discard(store: Store, id_: str) -> None:
    """Remove what `left` names; of an upload the note comes last, so that it is found till then."""
    if "#" in id_:
        await store.objects.delete_torn(id_)
        return
    names = [staged.name async for staged in store.objects.list(f"{ROOT}/{id_}")]
    await store.objects.delete(*sorted(names))


async def left(store: Store) -> AsyncIterator[Left]:
    """Every upload that was not discarded, with its parts if they are not in place yet.

    In a folder also what a process that was killed was writing, under a name with a `#`.
    """
    found: dict[str, Left] = {}
    async for staged in store.objects.list(ROOT):
        id_ = staged.name.split("/")[1]
        old = found.get(id_)
        found[id_] = Left(
            id_,
            staged.size + (old.bytes if old else 0),
            max(staged.at, old.at) if old else staged.at,
        )
    for each in found.values():
        yield each
    for torn in await store.objects.torn():
        yield Left(torn.name, torn.size, torn.at)


async def _content(objects: Objects, upload: Upload) -> AsyncIterator[bytes]:
    for part in upload.parts:
        async for piece in objects.read(upload.part(part.number), 0, part.size):
            yield piece


async def _of_size(chunks: AsyncIterable[bytes], size: int) -> AsyncIterator[bytes]:
    count = 0
    async for chunk in chunks:
        count += len(chunk)
        if count > size:
            raise WrongDigest(f"the part has more than its {size:,} bytes")
        yield chunk
    if count != size:
        raise WrongDigest(f"the part ended after {count:,} of its {size:,} bytes")
