"""The store in a folder; what holds for S3 too stands in tests/integration/artifacts."""

import json
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import psutil
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from rollbook.artifacts import uploads
from rollbook.artifacts.digests import digest_of
from rollbook.artifacts.errors import Missing, TooLarge, Unreachable, WrongDigest
from rollbook.artifacts.held import Kind, name_of
from rollbook.artifacts.listings import text_of
from rollbook.artifacts.objects import PIECE, Object
from rollbook.artifacts.store import Store
from rollbook.artifacts.uploads import Upload
from rollbook.artifacts.verifying import Progress
from tests.support.contents import Content, collected

SMALL = Content(100_000)
LARGE = Content(2 * PIECE + 12_345)
LISTED = text_of([("a/b", SMALL.digest.removeprefix("sha256:"))])


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store.open(str(tmp_path / "store"))


def files(store: Store) -> list[str]:
    """Every file on the disk."""
    folder = Path(store.objects.url)
    return sorted(str(file.relative_to(folder)) for file in folder.rglob("*") if file.is_file())


def test_what_keeps_nothing_is_no_store() -> None:
    for url in ("memory:///", "ftp://x/y", "s3://", ""):
        with pytest.raises(ValueError, match="must"):
            Store.open(url)


async def test_azure_and_google_sign_urls_of_their_own(tmp_path: Path) -> None:
    key = tmp_path / "key.json"
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    written = private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    account = {"client_email": "a@b", "private_key": written, "private_key_id": "x"}
    key.write_text(json.dumps({"type": "service_account", **account}))
    azure = {"azure_storage_account_name": "us", "azure_storage_account_key": "c2VjcmV0"}
    google = {"google_service_account": str(key)}
    for url, options, header, mark in (
        ("az://models/x", azure, {"x-ms-blob-type": "BlockBlob"}, "sig="),
        ("gs://models/x", google, {}, "X-Goog-Signature="),
    ):
        objects = Store.open(url, options=options).objects
        assert (objects.signs, objects.put_headers) == (True, header)
        (signed,) = await objects.sign("PUT", ["a/b"], timedelta(hours=1))
        assert "models" in signed
        assert "x/a/b?" in signed
        assert mark in signed


def test_a_folder_that_cannot_be_made_is_out_of_reach(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unreachable):
        Store.open(str(tmp_path / "file" / "store"))


async def test_it_is_found_only_under_its_digest(store: Store) -> None:
    await store.put(SMALL.digest, SMALL.size, SMALL.stream())
    digits = SMALL.digest.removeprefix("sha256:")
    assert files(store) == [f"sha256/{digits[:2]}/{digits}"]
    with pytest.raises(Missing):
        await store.found("sha256:" + "0" * 64)
    with pytest.raises(ValueError, match="no digest"):
        await store.head("sha256:../../etc/passwd")


async def test_what_is_larger_than_the_store_takes_is_not_read(tmp_path: Path) -> None:
    store = Store.open(str(tmp_path), limit=SMALL.size - 1)
    with pytest.raises(TooLarge):
        await store.put(SMALL.digest, SMALL.size, SMALL.stream())
    assert files(store) == []


@pytest.mark.parametrize("content", [SMALL, LARGE])
async def test_a_stream_that_breaks_leaves_nothing(store: Store, content: Content) -> None:
    async def breaking() -> AsyncIterator[bytes]:
        async for chunk in content.stream(content.size // 2):
            yield chunk
        raise ConnectionError("gone")

    with pytest.raises(ConnectionError):
        await store.put(content.digest, content.size, breaking())
    assert files(store) == []


async def test_a_part_of_another_size_leaves_nothing(store: Store) -> None:
    upload = Upload(LARGE.digest, LARGE.size, Kind.FILE, "ours", "ann", LARGE.size)
    (part,) = upload.parts
    for stop in (0, LARGE.size - 1):
        with pytest.raises(WrongDigest, match="ended after"):
            await uploads.take(store, upload, part, LARGE.stream(stop))
    with pytest.raises(WrongDigest, match="more than"):
        await uploads.take(store, upload, part, Content(LARGE.size + 1).stream())
    assert files(store) == []


async def test_a_digest_that_is_held_is_not_a_proof_of_having_it(store: Store) -> None:
    await store.put(LARGE.digest, LARGE.size, LARGE.stream())
    upload = Upload(LARGE.digest, LARGE.size, Kind.FILE, "ours", "ann", LARGE.size)
    other = Content(LARGE.size, seed=1)
    await uploads.take(store, upload, upload.parts[0], other.stream())
    with pytest.raises(WrongDigest):
        await uploads.complete(store, upload, Progress())


async def test_a_folder_is_not_hidden_by_a_file_of_the_same_bytes(store: Store) -> None:
    async def listed() -> AsyncIterator[bytes]:
        yield LISTED

    digest = digest_of(LISTED)
    assert (await store.put(digest, len(LISTED), listed())).kind is Kind.FILE
    assert (await store.put(digest, len(LISTED), listed(), Kind.FOLDER)).kind is Kind.FOLDER
    assert (await store.put(digest, len(LISTED), listed())).kind is Kind.FOLDER
    assert [file.path for file in await store.listing(digest)] == ["a/b"]


async def test_memory_stays_flat(store: Store) -> None:
    content = Content(300 << 20)
    digest = content.digest
    process = psutil.Process()
    before = process.memory_info().rss
    most = 0

    async def watched(stream: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        nonlocal most
        async for piece in stream:
            most = max(most, process.memory_info().rss - before)
            yield piece

    await store.put(digest, content.size, watched(content.stream()))
    async for _ in watched(store.read(digest)):
        pass
    assert most < 150 << 20


async def test_what_is_being_written_is_half_written_until_it_is_whole(store: Store) -> None:
    seen: set[Object] = set()

    async def watched() -> AsyncIterator[bytes]:
        async for chunk in LARGE.stream():
            yield chunk
            seen.update(await store.objects.torn())

    await store.put(LARGE.digest, LARGE.size, watched())
    assert {each.name.partition("#")[0] for each in seen} == {name_of(LARGE.digest, Kind.FILE)}
    assert await store.objects.torn() == []


async def test_what_a_killed_process_was_writing_is_swept(store: Store) -> None:
    folder = Path(store.objects.url)
    for name in ("sha256/ab/abcd#1", "uploads/abcd/00001#12", "archive/sha256/ab/abcd#1"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(b"half")
    await store.put(SMALL.digest, SMALL.size, SMALL.stream())
    left = [each async for each in uploads.left(store)]
    assert [each.bytes for each in left] == [4, 4, 4]
    for each in left:
        await uploads.discard(store, each.upload)
    assert len(files(store)) == 1
    await uploads.discard(store, "../../etc/passwd#1")


def test_parts_are_never_more_than_an_object_store_takes() -> None:
    for size, expected in ((1, 32 << 20), (280 * 10**9, 32 << 20), (5 << 40, 525 << 20)):
        cut = uploads.part_size(size)
        assert cut == expected
        assert -(-size // cut) <= 10_000


async def test_a_key_is_made_once(store: Store) -> None:
    assert await store.objects.create("keys/x", b"one") == b"one"
    assert await store.objects.create("keys/x", b"two") == b"one"


async def test_an_empty_content_is_one(store: Store) -> None:
    empty = Content(0)
    held = await store.put(empty.digest, 0, empty.stream())
    assert held.size == 0
    assert await collected(store.read(empty.digest)) == b""
