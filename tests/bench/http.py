"""An HTTP/1.1 client that does so little that it cannot be what a bench measures."""

import asyncio
from typing import Self, cast

END = b"\r\n\r\n"


class Answers(asyncio.Protocol):
    """One kept-alive connection with one request at a time; bodies must have a length."""

    def __init__(self) -> None:
        self._received = b""
        self._waiting: asyncio.Future[tuple[int, bytes]] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)  # uvloop's is of no such class

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(END)
        if not end or self._waiting is None:
            return
        _, found, after = head.lower().partition(b"\r\ncontent-length:")
        assert found, head
        if len(body) >= int(after.partition(b"\r\n")[0]):
            waiting, self._waiting = self._waiting, None
            self._received = b""
            waiting.set_result((int(head[9:12]), body))

    def connection_lost(self, exc: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(exc or ConnectionResetError("the server hung up"))

    async def ask(self, request: bytes) -> tuple[int, bytes]:
        """Status and body of the answer."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    @classmethod
    async def connect(cls, host: str, port: int) -> Self:
        """A new connection."""
        _, connection = await asyncio.get_running_loop().create_connection(cls, host, port)
        return connection

    def close(self) -> None:
        """Hang up."""
        if self._transport is not None:
            self._transport.close()


def get(path: str) -> bytes:
    """A request without a body."""
    return b"GET %b HTTP/1.1\r\nhost: bench\r\n\r\n" % path.encode()


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """A request with a JSON body."""
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nhost: bench\r\ncontent-type: application/json\r\n{lines}"
    return b"%bcontent-length: %d\r\n\r\n%b" % (head.encode(), len(body), body)
