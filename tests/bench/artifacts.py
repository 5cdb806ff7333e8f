"""artifact.up, artifact.down and artifact.http: bytes in and out of a store on this disk."""

import hashlib
import shutil
import time
from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable
from pathlib import Path

import httpx
import obstore
from obstore.store import LocalStore

from rollbook.artifacts.held import pieces
from rollbook.artifacts.objects import PIECE
from rollbook.artifacts.store import Store
from rollbook.artifacts.verifying import verified
from tests.bench import services
from tests.bench.figure import Figure, middle
from tests.bench.process import Failed
from tests.bench.stage import Stage
from tests.support.contents import CHUNK, Content

NAMES = ("artifact.up", "artifact.down", "artifact.http")
API = "/api/v1/artifacts"

Taken = dict[str, list[float]]
"""What was measured -> MB/s, round by round."""


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """First the library, then the whole way through a query service of its own."""
    if stage.wants("artifact.up") or stage.wants("artifact.down"):
        taken: Taken = {}
        for nth in range(stage.sizes.rounds):
            await _round(stage.folder / "store", Content(stage.sizes.artifact, nth), taken)
        yield _figure("artifact.up", taken, "up", "put")
        yield _figure("artifact.down", taken, "down", "get")
    if stage.wants("artifact.http"):
        yield await _http(stage)


def _figure(name: str, taken: Taken, ours: str, raw: str) -> Figure:
    speeds = {each: middle(found) for each, found in taken.items()}
    slower = min(("sha256", raw), key=speeds.__getitem__)
    return Figure(
        name,
        speeds[ours],
        "MB/s",
        f"{'SHA-256 alone' if slower == 'sha256' else 'obstore alone'}, the slower",
        speeds[ours] / speeds[slower],
        {"sha256_mb_s": speeds["sha256"], "obstore_mb_s": speeds[raw]},
    )


async def _round(folder: Path, content: Content, taken: Taken) -> None:
    size, digest = content.size, content.digest
    raw, store = LocalStore(folder / "raw", mkdir=True), Store.open(str(folder / "ours"))

    async def timed(name: str, work: Callable[[], Awaitable[object]]) -> None:
        began = time.perf_counter()
        await work()
        taken.setdefault(name, []).append(size / 1e6 / (time.perf_counter() - began))

    async def sha256() -> None:
        sha = hashlib.sha256()
        async for chunk in content.stream():
            sha.update(chunk)

    async def get() -> None:
        for start, end in pieces(0, size, PIECE):
            await obstore.get_range_async(raw, "x", start=start, end=end)

    await timed("sha256", sha256)
    await timed("put", lambda: obstore.put_async(raw, "x", content.stream(), chunk_size=PIECE))
    await timed("up", lambda: store.put(digest, size, content.stream()))
    await timed("get", get)
    await timed("down", lambda: _drained(verified(store.read(digest), digest, size)))
    shutil.rmtree(folder)


async def _drained(stream: AsyncIterable[object]) -> None:
    async for _ in stream:
        pass


async def _http(stage: Stage) -> Figure:
    """Parts sent one after the other, put into place, and read again."""
    taken: Taken = {"up": [], "down": [], "sha256": []}
    where = {"artifacts": str(stage.folder.absolute() / "http")}
    log = stage.log()
    async with services.command(stage, log), services.query(stage, log, **where) as service:
        with service.awake():
            url = f"http://127.0.0.1:{service.port}"
            async with httpx.AsyncClient(base_url=url, timeout=120) as client:
                for nth in range(stage.sizes.rounds):
                    content = Content(stage.sizes.artifact, nth)
                    began = time.perf_counter()
                    digest = content.digest
                    marks = [began, time.perf_counter()]
                    await _up(client, content, digest)
                    marks.append(time.perf_counter())
                    await _down(client, digest)
                    marks.append(time.perf_counter())
                    for name, start, end in zip(
                        ("sha256", "up", "down"), marks, marks[1:], strict=False
                    ):
                        taken[name].append(content.size / 1e6 / (end - start))
    speeds = {name: middle(found) for name, found in taken.items()}
    return Figure(
        "artifact.http",
        speeds["up"],
        "MB/s sent and put into place",
        "SHA-256 alone",
        speeds["up"] / speeds["sha256"],
        {"down_mb_s": speeds["down"], "down_ratio": speeds["down"] / speeds["sha256"]},
    )


async def _up(client: httpx.AsyncClient, content: Content, digest: str) -> None:
    body = {"digest": digest, "size": content.size, "namespace": "bench"}
    begun = _done(await client.post(f"{API}/uploads", json=body)).json()
    stream = content.stream()
    for part in begun["parts"]:
        sized = {"content-length": str(part["size"])}
        _done(await client.put(part["url"], content=_part(stream, part["size"]), headers=sized))
    while True:
        answer = _done(await client.post(f"{API}/uploads/{begun['upload']}/complete"))
        if answer.status_code == 200:
            return


async def _part(stream: AsyncIterator[bytes], size: int) -> AsyncIterator[bytes]:
    for _ in range(-(-size // CHUNK)):  # parts are whole chunks
        yield await anext(stream)


async def _down(client: httpx.AsyncClient, digest: str) -> None:
    url = _done(await client.get(f"{API}/{digest}")).json()["url"]
    async with client.stream("GET", url) as response:
        async for _ in response.aiter_raw():
            pass


def _done(response: httpx.Response) -> httpx.Response:
    if not response.is_success:
        raise Failed(f"{response.request.url}: {response.status_code} {response.text}")
    return response
