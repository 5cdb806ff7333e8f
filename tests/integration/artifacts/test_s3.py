"""The store over a server that speaks S3: all that a folder does not show."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from uuid import uuid4

import httpx
import pytest

from rollbook.artifacts import uploads
from rollbook.artifacts.errors import Unreachable, WrongDigest
from rollbook.artifacts.held import Tier
from rollbook.artifacts.objects import PIECE
from rollbook.artifacts.store import Store
from tests.support.contents import Content, collected
from tests.support.cutting import Cutting
from tests.support.s3 import S3, serving
from tests.support.service import until
from tests.support.uploading import uploader

LARGE = Content(2 * PIECE + 54_321)
PARTED = Content(uploads.PART + 1_000_000)


@pytest.fixture(scope="module")
def s3() -> Iterator[S3]:
    with serving() as started:
        yield started


@pytest.fixture
def bucket(s3: S3) -> str:
    name = f"b{uuid4().hex}"
    s3.make(name)
    return name


@pytest.fixture
def store(s3: S3, bucket: str) -> Store:
    return Store.open(f"s3://{bucket}/models", options=s3.options())


async def test_what_is_put_in_pieces_is_read_whole_and_in_ranges(store: Store) -> None:
    held = await store.put(LARGE.digest, LARGE.size, LARGE.stream())
    assert held.size == LARGE.size
    assert await collected(store.read(LARGE.digest)) == LARGE.whole
    start, stop = PIECE - 5, 2 * PIECE + 5
    assert await collected(store.read(LARGE.digest, start, stop)) == LARGE.whole[start:stop]


async def test_another_digest_leaves_neither_an_object_nor_an_upload(
    s3: S3, bucket: str, store: Store
) -> None:
    other = Content(LARGE.size, seed=1)
    with pytest.raises(WrongDigest):
        await store.put(LARGE.digest, LARGE.size, other.stream())
    assert [held async for held in store.list()] == []
    # What was on its way when the upload was aborted may arrive after it.
    await until(lambda: s3.unfinished(bucket) == 0)


async def test_the_archive_is_a_prefix_or_another_bucket(s3: S3, bucket: str) -> None:
    s3.make(f"{bucket}-cold")
    for archive in (None, f"s3://{bucket}-cold"):
        store = Store.open(f"s3://{bucket}", archive, options=s3.options())
        await store.put(LARGE.digest, LARGE.size, LARGE.stream())
        moved = await store.archive(LARGE.digest)
        assert moved.tier is Tier.ARCHIVE
        assert [held async for held in store.list()] == [moved]
        assert await collected(store.read(LARGE.digest)) == LARGE.whole
        assert (await store.restore(LARGE.digest)).tier is Tier.STANDARD
        await store.claim(LARGE.digest, "ours")
        for _ in range(2):
            await store.delete(LARGE.digest)
        assert await store.head(LARGE.digest) is None
        assert await store.holders(LARGE.digest) == {}


async def test_parts_go_to_s3_itself_and_are_read_from_it(store: Store) -> None:
    async with uploader(store) as ann:
        begun = await ann.begun(PARTED)
        assert all(part["url"].startswith("http://") for part in begun["parts"])
        await ann.send(begun, PARTED.whole)
        assert (await ann.complete(begun["upload"])).json()["done"]
        url = await ann.url(PARTED.digest)
        assert url.startswith("http://")
        assert (await ann.get(url)).content == PARTED.whole
        part = await ann.get(url, range="bytes=5-9")
        assert (part.status_code, part.content) == (206, PARTED.whole[5:10])
    names = [there.name async for there in store.objects.list("uploads")]
    assert len(names) == 1
    assert names[0].endswith("about.json")


async def test_a_url_of_s3_expires_and_allows_nothing_else(store: Store) -> None:
    await store.put(LARGE.digest, LARGE.size, LARGE.stream())
    async with uploader(store, timedelta(seconds=1)) as ann:
        url = await ann.url(LARGE.digest)

        async def refused() -> bool:
            return (await ann.get(url, range="bytes=0-1")).status_code == 403

        await until(refused)
    async with uploader(store) as ann:
        url = await ann.url(LARGE.digest)
        assert (await ann.get(url, range="bytes=0-1")).status_code == 206
        longer = url.replace("X-Amz-Expires=3600", "X-Amz-Expires=9999")
        assert longer != url
        assert (await ann.get(longer)).status_code == 403
        assert (await ann.put(url, b"other")).status_code == 403


async def test_a_part_of_another_size_does_not_count(store: Store) -> None:
    async with uploader(store) as ann:
        begun = await ann.begun(LARGE)
        assert (await ann.put(begun["parts"][0]["url"], b"short")).is_success
        assert [part["done"] for part in (await ann.begun(LARGE))["parts"]] == [False]
        assert (await ann.complete(begun["upload"])).json()["code"] == "parts_missing"


@pytest.mark.parametrize("changes", [{"aws_access_key_id": "nobody"}, {"aws_endpoint": ""}])
async def test_a_store_that_denies_or_is_gone_is_unavailable(
    s3: S3, bucket: str, changes: dict[str, str]
) -> None:
    async with await asyncio.start_server(lambda _, line: line.close(), "127.0.0.1", 0) as gone:
        url = f"http://127.0.0.1:{gone.sockets[0].getsockname()[1]}"
        told = {name: value or url for name, value in changes.items()}
        store = Store.open(f"s3://{bucket}", options=s3.options(**told))
        with pytest.raises(Unreachable):
            await store.put(LARGE.digest, LARGE.size, LARGE.stream())
        async with uploader(store) as ann:
            response = await ann.begin(LARGE.digest, LARGE.size)
            assert (response.status_code, response.json()["code"]) == (503, "unavailable")
            assert response.headers["retry-after"]


async def test_a_bucket_that_does_not_exist_takes_nothing(s3: S3) -> None:
    store = Store.open("s3://no-such-bucket", options=s3.options())
    with pytest.raises(Unreachable):
        await store.put(LARGE.digest, LARGE.size, LARGE.stream())


async def test_a_connection_that_breaks_within_a_part_is_gone_on_with(s3: S3, bucket: str) -> None:
    async with Cutting(s3.endpoint) as line:
        options = s3.options(aws_endpoint=line.url)
        store = Store.open(f"s3://{bucket}", options=options)
        async with uploader(store) as ann:
            begun = await ann.begun(PARTED)
            line.cut_after(uploads.PART // 2)
            with suppress(httpx.TransportError):
                await ann.send(begun, PARTED.whole)
            assert line.cut == 1
            again = await ann.begun(PARTED)
            assert again["upload"] == begun["upload"]
            assert not again["parts"][0]["done"]
            await ann.send(again, PARTED.whole)
            line.cut_after(PIECE // 2, times=2)
            # What breaks between the service and S3 is tried again by the service.
            assert (await ann.complete(begun["upload"])).json()["done"]
            assert line.cut == 3
            assert (await ann.get(await ann.url(PARTED.digest))).content == PARTED.whole
