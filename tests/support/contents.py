"""Contents to store: large without being held, and the same every time."""

from collections.abc import AsyncIterator
from hashlib import sha256
from typing import NamedTuple

CHUNK = 1 << 20


class Content(NamedTuple):
    """Bytes that are made as they are read."""

    size: int
    seed: int = 0

    @property
    def digest(self) -> str:
        sha = sha256()
        for chunk in self._chunks():
            sha.update(chunk)
        return f"sha256:{sha.hexdigest()}"

    @property
    def whole(self) -> bytes:
        return b"".join(self._chunks())

    async def stream(self, stop: int | None = None) -> AsyncIterator[bytes]:
        """All of it, or what stands before `stop`."""
        left = self.size if stop is None else stop
        for chunk in self._chunks():
            if left <= 0:
                return
            yield chunk[:left]
            left -= len(chunk)

    def _chunks(self) -> "list[bytes]":
        block = sha256(str(self.seed).encode()).digest() * (CHUNK // 32)
        whole, rest = divmod(self.size, CHUNK)
        return [block] * whole + ([block[:rest]] if rest else [])


async def collected(stream: AsyncIterator[bytes]) -> bytes:
    """The bytes of a stream."""
    return b"".join([piece async for piece in stream])
