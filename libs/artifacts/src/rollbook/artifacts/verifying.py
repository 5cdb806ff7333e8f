"""Streams that are hashed on their way, beside whatever is done with them."""

import asyncio
import hashlib
from collections.abc import AsyncIterable, AsyncIterator
from dataclasses import dataclass
from typing import Final

from rollbook.artifacts.digests import PREFIX
from rollbook.artifacts.errors import TooLarge, WrongDigest

INLINE: Final = 128 << 10
"""Bytes up to which hashing is quicker done than handed to a thread."""


@dataclass(slots=True)
class Progress:
    """How far a content was taken in."""

    count: int = 0
    """Bytes."""


async def verified(
    chunks: AsyncIterable[bytes], digest: str, size: int, seen: Progress | None = None
) -> AsyncIterator[bytes]:
    """The chunks as they come; at their end `WrongDigest` if they are not what they should be."""
    sha, count = hashlib.sha256(), 0
    loop = asyncio.get_running_loop()
    hashing: asyncio.Future[None] | None = None
    async for chunk in chunks:
        count += len(chunk)
        if count > size:
            raise TooLarge(f"there are more than the {size:,} bytes that were said")
        if hashing is not None:
            await hashing
            hashing = None
        if len(chunk) > INLINE:  # beside the writing of the same bytes
            hashing = loop.run_in_executor(None, sha.update, chunk)
        else:
            sha.update(chunk)
        yield chunk
        if seen is not None:
            seen.count = count
    if hashing is not None:
        await hashing
    found = PREFIX + sha.hexdigest()
    if (found, count) != (digest, size):
        raise WrongDigest(
            f"these are {count:,} bytes with the digest {found}, not {size:,} with {digest}"
        )
