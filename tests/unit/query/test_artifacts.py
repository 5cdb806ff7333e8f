"""Artifacts over HTTP with a store in a folder, by an open registry; no log is asked for them."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from rollbook.artifacts.digests import digest_of
from rollbook.artifacts.listings import text_of
from rollbook.artifacts.store import Store
from rollbook.query import completing
from tests.support.contents import Content
from tests.support.uploading import API, Uploader, uploader

CONTENT = Content(40 << 20)
SMALL = Content(10_000)
HEX = SMALL.digest.removeprefix("sha256:")


@pytest.fixture
async def ann(tmp_path: Path) -> AsyncIterator[Uploader]:
    async with uploader(Store.open(str(tmp_path / "store"))) as made:
        yield made


def problem(response: httpx.Response) -> tuple[int, str]:
    return response.status_code, response.json()["code"]


async def test_what_was_uploaded_is_read_again(ann: Uploader) -> None:
    done = await ann.upload(CONTENT)
    assert (done["done"], done["uri"]) == (True, f"rollbook:{CONTENT.digest}")
    held = (await ann.look(CONTENT.digest)).json()
    assert (held["size"], held["kind"], held["tier"]) == (CONTENT.size, "file", "standard")
    read = await ann.get(held["url"])
    assert read.content == CONTENT.whole
    assert read.headers["etag"] == f'"{CONTENT.digest}"'


async def test_what_is_held_is_not_sent_again(ann: Uploader) -> None:
    await ann.upload(SMALL)
    assert (await ann.begun(SMALL))["done"]
    begun = await ann.begun(SMALL)
    assert (begun["parts"], begun["upload"]) == ([], None)


async def test_an_upload_goes_on_where_it_was_broken_off(ann: Uploader) -> None:
    begun = await ann.begun(CONTENT)
    first, second = begun["parts"]
    cut = begun["part_size"]
    await ann.put(first["url"], CONTENT.whole[:cut])
    assert problem(await ann.put(second["url"], b"too little")) == (422, "incomplete_part")
    assert problem(await ann.complete(begun["upload"])) == (409, "parts_missing")
    again = await ann.begun(CONTENT)
    assert again["upload"] == begun["upload"]
    assert [part["done"] for part in again["parts"]] == [True, False]
    await ann.send(again, CONTENT.whole)
    for _ in range(2):
        assert (await ann.complete(begun["upload"])).json()["done"]


async def test_what_takes_long_goes_on_and_says_how_far_it_is(
    ann: Uploader, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(completing, "WITHIN", 0)
    begun = await ann.begun(CONTENT)
    await ann.send(begun, CONTENT.whole)
    first = await ann.client.post(f"{API}/uploads/{begun['upload']}/complete")
    assert (first.status_code, first.json()["done"]) == (202, False)
    assert 0 <= first.json()["verified"] < CONTENT.size
    assert first.headers["retry-after"]
    assert (await ann.complete(begun["upload"])).json()["verified"] == CONTENT.size


async def test_what_is_something_else_is_refused_and_gone(ann: Uploader, tmp_path: Path) -> None:
    begun = await ann.begun(SMALL)
    await ann.send(begun, Content(SMALL.size, seed=1).whole)
    assert problem(await ann.complete(begun["upload"])) == (409, "wrong_digest")
    assert problem(await ann.complete(begun["upload"])) == (404, "unknown_upload")
    assert problem(await ann.look(SMALL.digest)) == (404, "unknown_artifact")
    left = [file for file in (tmp_path / "store").rglob("*") if file.is_file()]
    assert [file.name for file in left] == ["urls"]


async def test_more_bytes_than_were_said_are_refused(ann: Uploader) -> None:
    begun = await ann.begun(SMALL)
    url = begun["parts"][0]["url"]
    assert problem(await ann.put(url, b"x" * (SMALL.size + 1))) == (413, "oversize")

    async def unsaid() -> AsyncIterator[bytes]:
        yield b"x" * (SMALL.size + 1)

    response = await ann.client.put(url, content=unsaid())
    assert problem(response) in {(413, "oversize"), (422, "incomplete_part")}
    assert not (await ann.begun(SMALL))["parts"][0]["done"]


async def test_an_artifact_has_a_largest_size(tmp_path: Path) -> None:
    async with uploader(Store.open(str(tmp_path), limit=5)) as ann:
        assert problem(await ann.begin(SMALL.digest, SMALL.size)) == (413, "oversize")


async def test_ranges_are_given_and_a_copy_is_not_sent_again(ann: Uploader) -> None:
    await ann.upload(CONTENT)
    url = await ann.url(CONTENT.digest)
    whole, size = CONTENT.whole, CONTENT.size
    part = await ann.get(url, range="bytes=20000000-30000000")
    assert part.status_code == 206
    assert part.headers["content-range"] == f"bytes 20000000-30000000/{size}"
    assert part.content == whole[20_000_000:30_000_001]
    assert (await ann.get(url, range="bytes=-5")).content == whole[-5:]
    beyond = await ann.get(url, range=f"bytes={size}-")
    assert problem(beyond) == (416, "unsatisfiable_range")
    assert beyond.headers["content-range"] == f"bytes */{size}"
    same = await ann.get(url, if_none_match=f'W/"x", "{CONTENT.digest}"')
    assert (same.status_code, same.content) == (304, b"")
    other = await ann.get(url, range="bytes=0-4", if_range='"another"')
    assert (other.status_code, len(other.content)) == (200, size)
    head = await ann.client.head(url)
    assert (head.status_code, head.headers["content-length"]) == (200, str(size))
    assert (await ann.client.head(url, headers={"range": "bytes=0-4"})).status_code == 206


async def test_a_signed_url_is_good_for_nothing_else(ann: Uploader) -> None:
    await ann.upload(SMALL)
    read = await ann.url(SMALL.digest)
    begun = await ann.begun(CONTENT)
    first, second = (part["url"] for part in begun["parts"])
    changed = [
        read.replace("expires=", "expires=9"),
        read.replace(SMALL.digest, CONTENT.digest),
        read.partition("?")[0],
    ]
    for url in changed:
        assert problem(await ann.get(url)) == (403, "bad_signature")
    for url in (first.replace("/parts/1", "/parts/2"), second.replace("size=", "size=9")):
        assert problem(await ann.put(url, b"x")) == (403, "bad_signature")
    assert (await ann.client.put(read, content=b"x")).status_code == 405


async def test_a_signed_url_expires_and_a_new_one_is_given(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path))
    async with uploader(store) as ann:
        await ann.upload(SMALL)
        begun = await ann.begun(CONTENT)
    # One that lasts less than the second in which it is made has expired when it is used.
    async with uploader(store, timedelta(microseconds=1)) as late:
        assert problem(await late.get(await late.url(SMALL.digest))) == (403, "url_expired")
        stale = (await late.begun(CONTENT))["parts"][0]["url"]
        assert problem(await late.put(stale, b"x")) == (403, "url_expired")
    async with uploader(store) as ann:
        assert (await ann.put(begun["parts"][0]["url"], CONTENT.whole[: 32 << 20])).is_success


async def test_all_instances_over_a_store_believe_each_others_urls(tmp_path: Path) -> None:
    stores = [Store.open(str(tmp_path)) for _ in range(2)]
    async with uploader(stores[0]) as one, uploader(stores[1]) as two:
        await one.upload(SMALL)
        assert (await two.get(await one.url(SMALL.digest))).content == SMALL.whole


async def sent(ann: Uploader, listing: bytes, kind: str) -> httpx.Response:
    """What completing the upload of a listing says."""
    begun = (await ann.begin(digest_of(listing), len(listing), kind=kind)).json()
    assert (await ann.put(begun["parts"][0]["url"], listing)).is_success
    return await ann.complete(begun["upload"])


async def test_a_folder_is_its_listing_and_its_files(ann: Uploader) -> None:
    text = text_of([("a/model.bin", HEX), ("z", HEX)])
    digest = digest_of(text)

    async def folder() -> httpx.Response:
        return await sent(ann, text, "folder")

    missing = await folder()
    assert problem(missing) == (409, "files_missing")
    assert "a/model.bin, z" in missing.json()["detail"]
    await ann.upload(SMALL)
    assert (await folder()).json()["kind"] == "folder"
    held = (await ann.look(digest)).json()
    assert (held["kind"], held["size"]) == ("folder", 2 * SMALL.size)
    assert [file["path"] for file in held["files"]] == ["a/model.bin", "z"]
    assert (await ann.get(held["files"][1]["url"])).content == SMALL.whole
    assert (await ann.get(held["url"])).content == text
    assert (await ann.begin(digest, len(text), kind="folder")).json()["done"]


async def test_a_listing_that_was_sent_as_a_file_becomes_a_folder_when_it_is_sent_as_one(
    ann: Uploader,
) -> None:
    text = text_of([("model.bin", HEX)])
    await ann.upload(SMALL)
    for kind in ("file", "folder"):
        assert (await sent(ann, text, kind)).json()["done"]
        assert (await ann.look(digest_of(text))).json()["kind"] == kind


async def test_a_folder_that_leads_out_of_itself_is_refused(ann: Uploader) -> None:
    text = f"{HEX}  ../../etc/cron.d/x\n".encode()
    begun = (await ann.begin(digest_of(text), len(text), kind="folder")).json()
    await ann.put(begun["parts"][0]["url"], text)
    refused = await ann.complete(begun["upload"])
    assert problem(refused) == (422, "invalid")
    assert "leads out" in refused.json()["detail"]
    assert problem(await ann.look(digest_of(text))) == (404, "unknown_artifact")


async def test_somebody_else_does_not_complete_an_upload(ann: Uploader) -> None:
    ann.headers = {"x-actor": "ann"}
    begun = await ann.begun(SMALL)
    await ann.send(begun, SMALL.whole)
    ann.headers = {"x-actor": "bob"}
    assert problem(await ann.complete(begun["upload"])) == (404, "unknown_upload")
    assert (await ann.begun(SMALL))["upload"] != begun["upload"]


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"digest": "sha256:../x", "size": 1, "namespace": "ours"},
        {"digest": SMALL.digest, "size": -1, "namespace": "ours"},
        {"digest": SMALL.digest, "size": 1, "namespace": "../ours"},
        {"digest": SMALL.digest, "size": 1, "namespace": "ours", "kind": "link"},
        {"digest": SMALL.digest, "size": 1, "namespace": "ours", "actor": "bob"},
    ],
)
async def test_a_wrong_wish_is_named(ann: Uploader, body: dict[str, Any]) -> None:
    response = await ann.client.post(f"{API}/uploads", json=body)
    assert problem(response) == (422, "invalid")
    assert response.json()["errors"]


async def test_a_registry_without_a_store_says_so() -> None:
    async with uploader(None) as ann:
        assert problem(await ann.begin(SMALL.digest, SMALL.size)) == (404, "no_store")
        assert problem(await ann.look(SMALL.digest)) == (404, "no_store")
