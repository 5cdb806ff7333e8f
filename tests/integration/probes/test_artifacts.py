"""The bytes of a version, and the data that it was made from, where they are said to lie."""

from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

from rollbook.artifacts.digests import digest_of, uri_of
from rollbook.artifacts.held import Kind
from rollbook.artifacts.listings import text_of
from rollbook.artifacts.store import Store
from rollbook.domain.gates import DataGate
from rollbook.domain.lineage import Artifact, Dataset
from rollbook.probes.artifact import artifact
from rollbook.probes.data import data
from rollbook.probes.fetching import Sources
from tests.integration.probes.subjects import PATIENT

CONTENT = b"a model"


def given(uri: str, content: bytes = CONTENT) -> Artifact:
    return Artifact(uri=uri, digest=digest_of(content))


async def chunks(content: bytes) -> AsyncIterator[bytes]:
    yield content


def file(tmp_path: Path, content: bytes = CONTENT) -> str:
    (tmp_path / "m").write_bytes(content)
    return (tmp_path / "m").as_uri()


async def test_a_file_with_the_right_digest_is_found_and_right(tmp_path: Path) -> None:
    measured, path = await artifact(given(file(tmp_path)), Sources(roots=(tmp_path,)), tmp_path)
    assert path == tmp_path / "m"
    assert measured.numbers == {
        "artifact.found": 1,
        "artifact.right": 1,
        "artifact.size": 7,
        "artifact.files": 1,
    }


async def test_other_bytes_than_were_registered_are_not_handed_on(tmp_path: Path) -> None:
    uri = file(tmp_path, b"another")
    measured, path = await artifact(given(uri), Sources(roots=(tmp_path,)), tmp_path)
    assert (measured.numbers["artifact.right"], path) == (0, None)
    assert measured.said.endswith(f"{digest_of(CONTENT)} was registered")


async def test_a_file_that_is_gone_is_not_found(tmp_path: Path) -> None:
    sources = Sources(roots=(tmp_path,))
    measured, path = await artifact(given((tmp_path / "gone").as_uri()), sources, tmp_path)
    assert (measured.numbers, path) == ({"artifact.found": 0}, None)


async def test_of_what_lies_elsewhere_nothing_is_known(tmp_path: Path) -> None:
    for uri in (
        "s3://bucket/m",
        "file:///etc/hostname",
        (tmp_path / "roots" / ".." / "m").as_uri(),
        "http://127.0.0.1:1/m",
        uri_of(digest_of(CONTENT)),
    ):
        measured, path = await artifact(given(uri), Sources(roots=(tmp_path / "roots",)), tmp_path)
        assert (measured.numbers, path) == ({}, None)
        assert measured.said


async def test_a_folder_of_the_store_is_brought_file_by_file(tmp_path: Path) -> None:
    store = Store.open(f"file://{tmp_path}/store")
    files = {"MLmodel": b"flavors: {}", "data/model.onnx": b"onnx"}
    for content in files.values():
        await store.put(digest_of(content), len(content), chunks(content))
    listing = text_of((path, sha256(content).hexdigest()) for path, content in files.items())
    await store.put(digest_of(listing), len(listing), chunks(listing), Kind.FOLDER)
    uri = uri_of(digest_of(listing))
    measured, path = await artifact(given(uri, listing), Sources(store=store), tmp_path)
    assert measured.said == ""
    assert measured.numbers["artifact.files"] == 2
    assert path is not None
    assert (path / "data" / "model.onnx").read_bytes() == b"onnx"


async def test_what_is_larger_than_may_be_fetched_is_left(tmp_path: Path) -> None:
    store = Store.open(f"file://{tmp_path}/store")
    await store.put(digest_of(CONTENT), len(CONTENT), chunks(CONTENT))
    sources = Sources(store=store, most=3)
    measured, path = await artifact(given(uri_of(digest_of(CONTENT))), sources, tmp_path)
    assert (measured.numbers, path) == ({"artifact.found": 1, "artifact.size": 4}, None)
    assert measured.said == "it has more than the 3 bytes that may be fetched"


async def test_the_data_for_validation_is_held_against_that_for_training(tmp_path: Path) -> None:
    train = "age,city\n" + "".join(f"{20 + n % 40},Bern\n" for n in range(400))
    test = "age,city\n" + "".join(f"{60 + n % 40},\n" for n in range(400))
    datasets = []
    for role, text in (("train", train), ("test", test)):
        (tmp_path / role).write_text(text)
        uri, digest = (tmp_path / role).as_uri(), digest_of(text.encode())
        datasets.append(Dataset.model_validate({"uri": uri, "digest": digest, "role": role}))
    (tmp_path / "scratch").mkdir()
    gate = DataGate(kind="data", gate="drift", timeout=PATIENT)
    measured = await data(gate, datasets, Sources(roots=(tmp_path,)), tmp_path / "scratch")
    assert measured.said == ""
    assert measured.numbers.keys() == {"data.psi.age", "data.nulls.age", "data.nulls.city"}
    assert measured.numbers["data.psi.age"] > 1
    assert measured.numbers["data.nulls.city"] == 1


async def test_a_version_without_data_sets_lacks_what_is_looked_at(tmp_path: Path) -> None:
    gate = DataGate(kind="data", gate="drift")
    measured = await data(gate, (), Sources(), tmp_path)
    assert measured.numbers == {"data.lacking": 1}
