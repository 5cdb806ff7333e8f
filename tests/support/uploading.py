"""Somebody who uploads and downloads artifacts over plain HTTP, step by step."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from time import monotonic
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr

from rollbook.artifacts.store import Store
from rollbook.eventlog.topics import LogAddress
from rollbook.query import artifacts, problems, transfers, uploading
from rollbook.query.completing import Completing
from rollbook.query.door import Door
from rollbook.query.reading import Reading
from rollbook.query.shelf import Shelf
from rollbook.query.tables import Tables
from tests.support.contents import Content

API = "/api/v1/artifacts"
HOUR = timedelta(hours=1)


@dataclass
class Uploader:
    """Speaks with the registry through `client`, and with an object store through `bare`."""

    client: httpx.AsyncClient
    bare: httpx.AsyncClient
    namespace: str = "ours"
    headers: dict[str, str] = field(default_factory=dict)

    async def begin(self, digest: str, size: int, **more: Any) -> httpx.Response:
        """Begin an upload, or go on with it."""
        body = {"digest": digest, "size": size, "namespace": self.namespace, **more}
        return await self.client.post(f"{API}/uploads", json=body, headers=self.headers)

    async def begun(self, content: Content, **more: Any) -> dict[str, Any]:
        """What is to be sent."""
        response = await self.begin(content.digest, content.size, **more)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def put(self, url: str, body: bytes) -> httpx.Response:
        """Send bytes to a signed URL, without a token."""
        return await self._of(url).put(url, content=body)

    async def get(self, url: str, **headers: str) -> httpx.Response:
        """Read a signed URL, without a token; `headers` with `_` for `-`."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return await self._of(url).get(url, headers=named)

    async def send(self, begun: dict[str, Any], whole: bytes) -> None:
        """Send every part that is not there."""
        for part in begun["parts"]:
            if not part["done"]:
                start = (part["number"] - 1) * begun["part_size"]
                sent = await self.put(part["url"], whole[start : start + part["size"]])
                assert sent.is_success, sent.text

    async def complete(self, upload: str) -> httpx.Response:
        """Ask until it no longer says that it goes on."""
        began = monotonic()
        while True:
            path = f"{API}/uploads/{upload}/complete"
            response = await self.client.post(path, headers=self.headers, timeout=30)
            if response.status_code != 202:
                return response
            assert monotonic() - began < 60, response.text

    async def upload(self, content: Content, **more: Any) -> dict[str, Any]:
        """All of it."""
        begun = await self.begun(content, **more)
        if begun["done"]:
            return begun
        await self.send(begun, content.whole)
        response = await self.complete(begun["upload"])
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    async def look(self, digest: str) -> httpx.Response:
        """What is held under a digest."""
        return await self.client.get(f"{API}/{digest}", headers=self.headers)

    async def url(self, digest: str) -> str:
        """Where to read it."""
        response = await self.look(digest)
        assert response.status_code == 200, response.text
        return str(response.json()["url"])

    def _of(self, url: str) -> httpx.AsyncClient:
        return self.client if url.startswith("/") else self.bare


@asynccontextmanager
async def uploader(store: Store | None, lasting: timedelta = HOUR) -> AsyncIterator[Uploader]:
    """Somebody before the routes of artifacts of an open registry, in which nothing else is."""
    door = Door(LogAddress("localhost:1"), HOUR)
    tables = Tables(SecretStr("postgresql://localhost:1/x"), "x", within=HOUR, connections=1)
    shelf, completing = Shelf(store, lasting, None), Completing()
    app = FastAPI()
    reading = Reading(door, tables)
    app.include_router(uploading.router(reading, shelf, completing))
    app.include_router(artifacts.router(reading, shelf))
    app.include_router(transfers.router(shelf))
    problems.install(app)
    transport = httpx.ASGITransport(app)
    async with (
        httpx.AsyncClient(transport=transport, base_url="http://test") as client,
        httpx.AsyncClient(timeout=30) as bare,
    ):
        yield Uploader(client, bare)
    await completing.stop()
