"""A TCP proxy that lets some bytes of a connection through, and then cuts it."""

import asyncio
from contextlib import suppress
from typing import Self
from urllib.parse import urlsplit


class Cutting:
    """Stands before the server at `url`; cuts as many connections as it was told to."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        self._target = (parts.hostname or "", parts.port or 80)
        self._left = 0
        self._after = 0
        self._told = 0
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut = 0
        """Connections that were cut."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def cut_after(self, count: int, times: int = 1) -> None:
        """Cut the next connections over which, from now on, more than `count` bytes go one way."""
        self._after, self._left = count, times
        self._told += 1

    async def _connection(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        upstream: asyncio.StreamWriter | None = None
        try:
            server, upstream = await asyncio.open_connection(*self._target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(client, upstream))
                group.create_task(self._pump(server, back))
        except* OSError:
            pass
        finally:
            for writer in (back, upstream):
                if writer is not None:
                    writer.transport.abort()

    async def _pump(self, source: asyncio.StreamReader, sink: asyncio.StreamWriter) -> None:
        count, told = 0, self._told
        while piece := await source.read(64 << 10):
            if told != self._told:
                count, told = 0, self._told
            count += len(piece)
            if self._left and count > self._after:
                self._left -= 1
                self.cut += 1
                raise ConnectionError("cut on purpose")
            sink.write(piece)
            await sink.drain()
        with suppress(OSError):
            sink.write_eof()
