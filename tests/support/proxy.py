"""A TCP proxy between clients and a broker that can hold or cut the answers to produce requests."""

import asyncio
import struct
from contextlib import suppress
from typing import Self

PRODUCE = 0
"""Kafka's api key of a produce request."""


class Proxy:
    """Forwards whole Kafka frames; faults hit connections whose client id has `victim` in it."""

    def __init__(self, port: int, victim: str) -> None:
        self.port = port
        self.target: tuple[str, int] | None = None
        self._victim = victim.encode()
        self._cut_after_request = 0
        self._hold: asyncio.Event | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.cut = 0
        self.held = 0

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._connection, "127.0.0.1", self.port)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def cut_answers(self, number: int) -> None:
        """Let `number` produce requests reach the broker, but cut the line instead of answering."""
        self._cut_after_request = number

    def hold_answers(self) -> None:
        """Keep every answer to a produce request until `let_go`."""
        self._hold = asyncio.Event()

    def let_go(self) -> None:
        """Deliver what was held."""
        if self._hold is not None:
            self._hold.set()
        self._hold = None

    async def _connection(self, client: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        task = asyncio.current_task()
        assert task is not None
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        assert self.target is not None
        upstream: asyncio.StreamWriter | None = None
        produces: set[int] = set()
        try:
            broker, upstream = await asyncio.open_connection(*self.target)
            async with asyncio.TaskGroup() as group:
                group.create_task(self._requests(client, upstream, produces))
                group.create_task(self._answers(broker, back, produces))
        except* (OSError, EOFError, asyncio.IncompleteReadError):
            pass
        finally:
            for writer in (back, upstream):
                if writer is not None:
                    writer.close()

    async def _requests(
        self, client: asyncio.StreamReader, upstream: asyncio.StreamWriter, produces: set[int]
    ) -> None:
        while True:
            frame = await _frame(client)
            api, _, correlation, length = struct.unpack_from(">hhih", frame, 4)
            name = frame[14 : 14 + max(length, 0)]
            if api == PRODUCE and self._victim in name:
                produces.add(correlation)
            upstream.write(frame)
            await upstream.drain()

    async def _answers(
        self, broker: asyncio.StreamReader, back: asyncio.StreamWriter, produces: set[int]
    ) -> None:
        while True:
            frame = await _frame(broker)
            (correlation,) = struct.unpack_from(">i", frame, 4)
            if correlation in produces:
                produces.discard(correlation)
                if self._cut_after_request:
                    self._cut_after_request -= 1
                    self.cut += 1
                    raise EOFError("cut on purpose")
                if self._hold is not None:
                    self.held += 1
                    await self._hold.wait()
            back.write(frame)
            with suppress(ConnectionError):
                await back.drain()


async def _frame(stream: asyncio.StreamReader) -> bytes:
    head = await stream.readexactly(4)
    return head + await stream.readexactly(struct.unpack(">i", head)[0])
