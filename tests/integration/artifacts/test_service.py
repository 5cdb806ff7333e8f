"""Artifacts in a secured registry that runs: who may send and see them, over lines that break."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from functools import partial

import httpx
import pytest

from rollbook.artifacts import uploads
from tests.integration.access.secured import ADMIN, Secured, person, secured
from tests.integration.query.system import until
from tests.support.contents import Content
from tests.support.cutting import Cutting
from tests.support.stack import Cluster
from tests.support.uploading import Uploader

NOBODY = "sha256:" + "0" * 64


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Two tenants: Ann publishes in one and Bob in the other, where Cid looks at some models."""
    folder = tmp_path_factory.mktemp("artifacts")
    with secured(cluster, folder, artifacts=str(folder / "store")) as started:
        started.grant("ours", "ann", "publisher")
        started.grant("theirs", "bob", "publisher")
        started.grant("ours", "cid", "viewer", models="fr*")
        for who in ("ann", "bob", "cid"):
            with started.client(person(who)) as client:
                until(partial(known, client))
        yield started


def known(client: httpx.Client) -> bool:
    """Whether their roles have come as far as the query service."""
    return bool(client.get("/api/v1/me").json()["roles"])


@asynccontextmanager
async def called(guarded: Secured, who: str, namespace: str = "ours") -> AsyncIterator[Uploader]:
    """Somebody; without a token where it is not needed."""
    url = guarded.system.url
    async with (
        httpx.AsyncClient(base_url=url, timeout=30) as client,
        httpx.AsyncClient(base_url=url, timeout=30) as bare,
    ):
        token = ADMIN.reveal() if who == "admin" else person(who, lives=3600)
        yield Uploader(client, bare, namespace, {"authorization": f"Bearer {token}"})


async def may_read(guarded: Secured, who: str, digest: str) -> bool:
    async with called(guarded, who) as made:
        response = await made.look(digest)
    assert response.status_code in {200, 404}, response.text
    return response.status_code == 200


def registered(guarded: Secured, model: str, digest: str, **more: object) -> str:
    """Register a version; its position."""
    guarded.done(model, "RegisterModel", {})
    artifact = {"uri": f"rollbook:{digest}", "digest": digest}
    return str(guarded.done(model, "RegisterVersion", {"artifact": artifact, **more})["position"])


async def test_who_publishes_sends_and_reads(guarded: Secured) -> None:
    content = Content(1000, seed=1)
    async with called(guarded, "cid") as cid:
        refused = await cid.begin(content.digest, content.size)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
    async with called(guarded, "ann") as ann:
        await ann.upload(content)
        assert (await ann.get(await ann.url(content.digest))).content == content.whole
    async with called(guarded, "ann", "theirs") as elsewhere:
        assert (await elsewhere.begin(content.digest, content.size)).status_code == 403
    async with called(guarded, "ann") as nobody:
        nobody.headers = {}
        assert (await nobody.look(content.digest)).status_code == 401


async def test_who_may_see_a_version_reads_what_it_names(guarded: Secured) -> None:
    content, variant = Content(1000, seed=2), Content(1000, seed=3)
    async with called(guarded, "ann") as ann:
        for each in (content, variant):
            await ann.upload(each)
    assert not await may_read(guarded, "cid", content.digest)
    uri = f"rollbook:{variant.digest}"
    named = {"name": "q8", "kind": "quantised", "uri": uri, "digest": variant.digest}
    place = registered(guarded, "ours/fraud", content.digest, variants=[named])
    async with called(guarded, "cid") as cid:
        for digest in (content.digest, variant.digest):
            path = f"/api/v1/artifacts/{digest}"
            found = await cid.client.get(path, params={"min_position": place}, headers=cid.headers)
            assert found.status_code == 200, found.text


async def test_who_does_not_see_a_version_does_not_read_what_it_names(guarded: Secured) -> None:
    content = Content(1000, seed=4)
    async with called(guarded, "ann") as ann:
        await ann.upload(content)
    registered(guarded, "ours/churn", content.digest)
    async with called(guarded, "cid") as cid:
        hidden, missing = await cid.look(content.digest), await cid.look(NOBODY)
    assert hidden.status_code == missing.status_code == 404
    assert hidden.json()["code"] == missing.json()["code"] == "unknown_artifact"


async def test_knowing_a_digest_is_not_having_it(guarded: Secured) -> None:
    content = Content(1000, seed=5)
    async with called(guarded, "ann") as ann:
        await ann.upload(content)
    # Bob names it, as his own; he must send it though the store holds it, and cannot.
    registered(guarded, "theirs/copy", content.digest)
    assert not await may_read(guarded, "bob", content.digest)
    async with called(guarded, "bob", "theirs") as bob:
        begun = await bob.begun(content)
        assert not begun["done"]
        await bob.send(begun, Content(1000, seed=6).whole)
        assert (await bob.complete(begun["upload"])).json()["code"] == "wrong_digest"
        assert not await may_read(guarded, "bob", content.digest)
        await bob.upload(content)
    assert await may_read(guarded, "bob", content.digest)


async def read_into(got: bytearray, client: httpx.AsyncClient, url: str) -> None:
    async with client.stream("GET", url) as response:
        async for piece in response.aiter_raw():
            got += piece


async def test_a_line_that_breaks_is_gone_on_with(guarded: Secured) -> None:
    content = Content(uploads.PART + 5_000_000, seed=7)
    whole = content.whole
    async with Cutting(guarded.system.url) as line, called(guarded, "ann") as ann:
        ann.client = httpx.AsyncClient(base_url=line.url, timeout=30)
        begun = await ann.begun(content)
        line.cut_after(uploads.PART // 2)
        with pytest.raises(httpx.TransportError):
            await ann.send(begun, whole)
        again = await ann.begun(content)
        assert [part["done"] for part in again["parts"]] == [False, False]
        await ann.send(again, whole)
        assert (await ann.complete(begun["upload"])).json()["done"]
        url = await ann.url(content.digest)
        line.cut_after(content.size // 2)
        got = bytearray()
        with pytest.raises(httpx.TransportError):
            await read_into(got, ann.client, url)
        assert got
        rest = await ann.get(url, range=f"bytes={len(got)}-", if_range=f'"{content.digest}"')
        assert rest.status_code == 206
        assert bytes(got) + rest.content == whole
        assert line.cut == 2
        await ann.client.aclose()
