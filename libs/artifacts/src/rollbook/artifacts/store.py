"""The store of artifacts: what is held lies under its digest, and is never another thing."""

import asyncio
from collections.abc import AsyncIterable, AsyncIterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final

from rollbook.artifacts import listings
from rollbook.artifacts.errors import Missing, TooLarge
from rollbook.artifacts.held import ROOTS, Held, Kind, Tier, claims_of, digest_in, name_of
from rollbook.artifacts.listings import MAX_BYTES, Listed
from rollbook.artifacts.objects import Objects
from rollbook.artifacts.verifying import Progress, verified

MOST: Final = 5 << 40
"""Bytes of one artifact, by the rules of S3."""


class Store:
    """Content-addressed, deduplicated, in two tiers; any number of processes may use it at once.

    Two that write the same digest write the same bytes: it does not matter who is last.
    """

    def __init__(self, standard: Objects, archive: Objects, limit: int = MOST) -> None:
        self.objects = standard
        """Where uploads are staged, too."""
        self.limit = limit
        """Bytes of one artifact."""
        self._tiers: Mapping[Tier, Objects] = {Tier.STANDARD: standard, Tier.ARCHIVE: archive}

    @classmethod
    def open(
        cls,
        url: str,
        archive: str | None = None,
        *,
        limit: int = MOST,
        options: Mapping[str, str] | None = None,
    ) -> "Store":
        """The store at a URL, see `Objects.at`; its archive is another one, or a prefix in it."""
        colder = archive or url.rstrip("/") + "/archive"
        return cls(Objects.at(url, options), Objects.at(colder, options), limit)

    async def head(self, digest: str) -> Held | None:
        """What is held under a digest; None when nothing is."""
        for tier, objects in self._tiers.items():
            # A folder first: else who stores its listing as a file would hide it from all.
            found = await asyncio.gather(
                *(objects.head(name_of(digest, kind)) for kind in (Kind.FOLDER, Kind.FILE))
            )
            for kind, there in zip((Kind.FOLDER, Kind.FILE), found, strict=True):
                if there is not None:
                    return Held(digest, there.size, kind, tier, there.at)
        return None

    async def found(self, digest: str) -> Held:
        """What is held under a digest; `Missing` when nothing is."""
        held = await self.head(digest)
        if held is None:
            raise Missing(f"the store does not hold {digest}")
        return held

    async def read(
        self, digest: str, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """Its bytes from `start` to before `stop`, in pieces; `Missing` when it is not held."""
        async for piece in self.read_held(await self.found(digest), start, stop):
            yield piece

    async def read_held(
        self, held: Held, start: int = 0, stop: int | None = None
    ) -> AsyncIterator[bytes]:
        """`read`, of what was found already."""
        end = held.size if stop is None else min(stop, held.size)
        objects = self._tiers[held.tier]
        async for piece in objects.read(name_of(held.digest, held.kind), start, end):
            yield piece

    async def put(
        self,
        digest: str,
        size: int,
        chunks: AsyncIterable[bytes],
        kind: Kind = Kind.FILE,
        seen: Progress | None = None,
    ) -> Held:
        """Take in what has this digest and size, unless it is held already.

        `WrongDigest` or `TooLarge` for what is something else: then nothing is left behind.
        """
        if size > self.limit:
            raise TooLarge(f"{size:,} bytes are more than the {self.limit:,} of an artifact")
        held = await self.head(digest)
        if held is None or not held.serves(kind):
            name = name_of(digest, kind)
            await self.objects.stream(name, size, verified(chunks, digest, size, seen))
            held = await self.found(digest)
        return held

    async def listing(self, digest: str) -> tuple[Listed, ...]:
        """The files of a folder that is held; `Missing` when none is."""
        held = await self.head(digest)
        if held is None or held.kind is not Kind.FOLDER:
            raise Missing(f"the store holds no folder {digest}")
        if held.size > MAX_BYTES:
            raise TooLarge(f"a listing has at most {MAX_BYTES:,} bytes")
        return listings.read(b"".join([piece async for piece in self.read_held(held)]))

    async def list(self) -> AsyncIterator[Held]:
        """All that is held, in both tiers, in no order."""
        for tier, objects in self._tiers.items():
            for kind, root in ROOTS.items():
                async for there in objects.list(root):
                    digest = digest_in(there.name)
                    if digest is not None:
                        yield Held(digest, there.size, kind, tier, there.at)

    async def delete(self, digest: str) -> None:
        """Let go of it, in whichever tier, and of whose it was; quiet when it is gone."""
        for objects in self._tiers.values():
            await objects.delete(*(name_of(digest, kind) for kind in Kind))
        claims = [there.name async for there in self.objects.list(claims_of(digest))]
        await self.objects.delete(*claims)

    async def archive(self, digest: str) -> Held:
        """Move it to the archive; quiet when it lies there, `Missing` when it is not held."""
        return await self._move(digest, Tier.ARCHIVE)

    async def restore(self, digest: str) -> Held:
        """Move it back out of the archive; quiet when it is not there."""
        return await self._move(digest, Tier.STANDARD)

    async def _move(self, digest: str, to: Tier) -> Held:
        held = await self.found(digest)
        if held.tier is to:
            return held
        name = name_of(digest, held.kind)
        content = verified(self.read_held(held), digest, held.size)
        await self._tiers[to].stream(name, held.size, content)
        moved = await self._tiers[to].head(name)
        if moved is None:
            raise Missing(f"{digest} was removed while it was moved")
        await self._tiers[held.tier].delete(name)
        return Held(digest, moved.size, held.kind, to, moved.at)

    async def claim(self, digest: str, namespace: str) -> None:
        """Note that a namespace holds it, from now on; again, that it still does."""
        await self.objects.write(f"{claims_of(digest)}/{namespace}", b"")

    async def claimed(self, digest: str, namespace: str) -> bool:
        """Whether a namespace holds it."""
        return await self.objects.head(f"{claims_of(digest)}/{namespace}") is not None

    async def holders(self, digest: str) -> dict[str, datetime]:
        """The namespaces that hold it, each with when it last said so."""
        claims = self.objects.list(claims_of(digest))
        return {there.name.rpartition("/")[2]: there.at async for there in claims}

    @property
    def signs(self) -> bool:
        """Whether the store itself gives what it holds to whoever has a signed URL."""
        return self.objects.signs

    async def urls(self, held: Sequence[Held], lasting: timedelta) -> Sequence[str]:
        """For each such a URL, of a store that signs."""
        made: dict[str, str] = {}
        for tier, objects in self._tiers.items():
            names = {name_of(each.digest, each.kind) for each in held if each.tier is tier}
            if names:
                ordered = sorted(names)
                urls = await objects.sign("GET", ordered, lasting)
                made.update(zip(ordered, urls, strict=True))
        return [made[name_of(each.digest, each.kind)] for each in held]
