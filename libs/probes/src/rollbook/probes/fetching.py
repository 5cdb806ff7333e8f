"""Brings the bytes of an artifact to this machine: from the store, from a file, or over HTTP."""

import asyncio
from collections.abc import AsyncIterator, Collection
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

import httpx

from rollbook.artifacts.digests import in_uri
from rollbook.artifacts.errors import BadListing, Missing, Unreachable
from rollbook.artifacts.held import Kind
from rollbook.artifacts.listings import checked_path
from rollbook.artifacts.store import Store
from rollbook.probes.addresses import Forbidden, Network, target


class Absent(Exception):
    """It is not where it is said to be."""


class TooMuch(Exception):
    """It is larger than what may be fetched."""


class Elsewhere(Exception):
    """It lies where we cannot or may not look: nothing is known of it."""


@dataclass(frozen=True)
class Sources:
    """Where artifacts may be fetched from."""

    store: Store | None = None
    roots: tuple[Path, ...] = ()
    """Folders below which a `file:` URI may lead."""
    allowed: Collection[Network] = ()
    """Private networks that may be asked."""
    most: int = 50_000_000_000
    """Bytes of one artifact."""


async def fetched(uri: str, sources: Sources, folder: Path) -> Path:
    """Where its bytes lie: in `folder`, or where a `file:` URI says.

    `Absent`, `TooMuch` or `Elsewhere` where they cannot be had.
    """
    parts = urlsplit(uri)
    if (digest := in_uri(uri)) is not None:
        return await _from_store(digest, sources, folder / "artifact")
    if parts.scheme == "file":
        return await asyncio.to_thread(_on_disk, unquote(parts.path), sources.roots)
    if parts.scheme in ("http", "https"):
        return await _over_http(uri, sources, folder / "artifact")
    raise Elsewhere(
        f"its bytes lie at a {parts.scheme}: address, which is not looked at from here:"
        " upload them to the registry's store"
    )


def _on_disk(path: str, roots: Collection[Path]) -> Path:
    real = Path(path).resolve()
    if not any(real.is_relative_to(root.resolve()) for root in roots):
        raise Elsewhere("its bytes lie in a folder that the validator is not allowed to read")
    if not real.exists():
        raise Absent("there is no file where its address leads")
    return real


async def _from_store(digest: str, sources: Sources, place: Path) -> Path:
    store = sources.store
    if store is None:
        raise Elsewhere("its bytes lie in a store, and the validator has none")
    try:
        held = await store.found(digest)
        if held.kind is Kind.FILE:
            await _written(store.read_held(held), place, sources.most)
            return place
        left = sources.most
        for file in await store.listing(digest):
            to = place / checked_path(file.path)
            to.parent.mkdir(parents=True, exist_ok=True)
            left -= await _written(store.read(file.digest), to, left)
    except Missing:
        raise Absent("the store does not hold its bytes") from None
    except BadListing:
        raise Absent("the list of its files in the store cannot be read") from None
    except Unreachable as error:
        raise Elsewhere(f"the store cannot be reached: {error}") from None
    return place


async def _over_http(uri: str, sources: Sources, place: Path) -> Path:
    try:
        to = await target(uri, sources.allowed)
        async with (
            httpx.AsyncClient(trust_env=False, follow_redirects=False) as client,
            client.stream(
                "GET",
                to.url,
                headers={"host": to.host, "accept-encoding": "identity"},
                extensions={"sni_hostname": to.name},
            ) as response,
        ):
            if response.status_code in (404, 410):
                raise Absent(f"its address answers with {response.status_code}")
            if response.status_code != 200:
                raise Elsewhere(f"its address answers with {response.status_code}, not 200")
            await _written(response.aiter_raw(1 << 20), place, sources.most)
    except Forbidden as forbidden:
        raise Elsewhere(f"its address cannot be asked: {forbidden}") from None
    except httpx.HTTPError as error:
        raise Elsewhere(f"its address cannot be reached: {str(error) or repr(error)}") from None
    return place


async def _written(chunks: AsyncIterator[bytes], place: Path, most: int) -> int:
    size = 0
    with place.open("wb") as file:
        async for chunk in chunks:
            size += len(chunk)
            if size > most:
                raise TooMuch(f"it has more than the {most:,} bytes that may be fetched")
            await asyncio.to_thread(file.write, chunk)
    return size
