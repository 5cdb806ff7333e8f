"""Files and folders go into the registry's store and come out as they were, past every break."""

import hashlib
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest

from rollbook.client import Corrupt, Moved, Refused, Registry
from rollbook.client.downloading import PART
from tests.integration.query.system import System
from tests.support.cutting import Cutting

LARGE = PART + 6_543_210
"""Two parts."""


class Broke(Exception):
    """Somebody pressed Ctrl-C."""


class Watch:
    """Remembers what it was told, and breaks off when a stage has come so far."""

    def __init__(self, stage: str = "", at: int = 0) -> None:
        self._stage, self._at = stage, at
        self.told: list[Moved] = []

    def __call__(self, moved: Moved) -> None:
        self.told.append(moved)
        if moved.stage == self._stage and moved.done >= self._at:
            raise Broke

    def of(self, stage: str) -> list[int]:
        return [moved.done for moved in self.told if moved.stage == stage]


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Random bytes, so that nothing else has the same."""
    file = tmp_path_factory.mktemp("large") / "model.bin"
    file.write_bytes(Random(file.as_posix()).randbytes(LARGE))
    return file


@pytest.fixture
def cutting(system: System) -> Iterator[Cutting]:
    """A way to the registry that can be cut."""
    made = Cutting(system.url)
    system.run(made.__aenter__())
    yield made
    system.run(made.__aexit__(None, None, None))


def folder_at(place: Path, seed: str) -> Path:
    """A folder with folders in it, an empty file, and the same bytes twice."""
    for name, content in {
        "MLmodel": f"flavors: {seed}".encode(),
        "data/model.bin": Random(seed).randbytes(300_000),
        "data/again.bin": Random(seed).randbytes(300_000),
        "data/deep er/ä b.txt": seed.encode(),
        "empty": b"",
    }.items():
        (place / name).parent.mkdir(parents=True, exist_ok=True)
        (place / name).write_bytes(content)
    return place


def contents(folder: Path) -> dict[str, bytes]:
    files = [file for file in folder.rglob("*") if file.is_file()]
    return {file.relative_to(folder).as_posix(): file.read_bytes() for file in files}


def test_a_file_comes_back_and_is_sent_once(
    registry: Registry, namespace: str, large: Path, tmp_path: Path
) -> None:
    watch = Watch()
    made = registry.upload(large, namespace=namespace, progress=watch)
    with large.open("rb") as content:
        digest = f"sha256:{hashlib.file_digest(content, 'sha256').hexdigest()}"
    assert (made.uri, made.digest) == (f"rollbook:{digest}", digest)
    assert (made.size, made.format) == (LARGE, "bin")
    for stage in ("reading", "sending", "checking"):
        assert watch.of(stage)[-1] == LARGE

    again = Watch()
    assert registry.upload(large, namespace=namespace, progress=again) == made
    assert again.of("sending") == [LARGE]

    back = Watch()
    to = registry.download(made, tmp_path / "back" / "model.bin", progress=back)
    assert to.read_bytes() == large.read_bytes()
    assert back.of("fetching")[-1] == LARGE
    assert [file.name for file in to.parent.iterdir()] == ["model.bin"]
    assert registry.stored(digest).kind == "file"


def test_a_folder_comes_back_with_all_its_files(
    registry: Registry, namespace: str, tmp_path: Path
) -> None:
    folder = folder_at(tmp_path / "model", namespace)
    made = registry.upload(folder, namespace=namespace, format="mlflow")
    assert (made.size, made.format) == (sum(map(len, contents(folder).values())), "mlflow")
    to = registry.download(made.uri, tmp_path / "back")
    assert contents(to) == contents(folder)
    assert registry.download(made.digest, to) == to
    (to / "MLmodel").write_text("something else")
    with pytest.raises(FileExistsError, match="MLmodel"):
        registry.download(made.digest, to)


def test_an_upload_that_was_broken_off_goes_on_where_it_was(
    registry: Registry, namespace: str, tmp_path: Path
) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(Random(namespace).randbytes(LARGE))
    with pytest.raises(Broke):
        registry.upload(
            file, namespace=namespace, parallel=1, progress=Watch("sending", PART + (1 << 20))
        )
    watch = Watch()
    made = registry.upload(file, namespace=namespace, parallel=1, progress=watch)
    assert watch.of("sending")[0] == PART
    assert registry.download(made, tmp_path / "back").read_bytes() == file.read_bytes()


def test_a_download_that_was_broken_off_goes_on_where_it_was(
    registry: Registry, namespace: str, large: Path, tmp_path: Path
) -> None:
    made = registry.upload(large, namespace=namespace)
    to = tmp_path / "model.bin"
    with pytest.raises(Broke):
        registry.download(made, to, parallel=1, progress=Watch("fetching", PART + (1 << 20)))
    assert not to.exists()
    watch = Watch()
    registry.download(made, to, parallel=1, progress=watch)
    # The parts that were there are read again for the digest, none is fetched twice.
    assert watch.of("fetching")[-1] == LARGE
    assert to.read_bytes() == large.read_bytes()
    assert [file.name for file in tmp_path.iterdir()] == ["model.bin"]


def test_connections_that_break_are_made_anew(
    cutting: Cutting, namespace: str, tmp_path: Path
) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(Random(namespace).randbytes(LARGE))
    with Registry(cutting.url, actor="ann") as registry:
        cutting.cut_after(5 << 20, times=2)
        made = registry.upload(file, namespace=namespace, parallel=2)
        assert cutting.cut == 2
        cutting.cut_after(5 << 20, times=2)
        to = registry.download(made, tmp_path / "back", parallel=2)
        assert cutting.cut == 4
    assert to.read_bytes() == file.read_bytes()


def test_what_was_changed_in_the_store_is_not_put_into_place(
    registry: Registry, namespace: str, stored: Path, tmp_path: Path
) -> None:
    file = tmp_path / "model.bin"
    file.write_bytes(namespace.encode())
    made = registry.upload(file, namespace=namespace)
    digits = made.digest.removeprefix("sha256:")
    (stored / "sha256" / digits[:2] / digits).write_bytes(namespace[::-1].encode())
    back = tmp_path / "new" / "back"
    with pytest.raises(Corrupt, match=made.digest):
        registry.download(made, back)
    assert list(back.parent.iterdir()) == []


def test_of_a_folder_the_file_that_is_wrong_is_named(
    registry: Registry, namespace: str, stored: Path, tmp_path: Path
) -> None:
    folder = folder_at(tmp_path / "model", namespace)
    made = registry.upload(folder, namespace=namespace)
    digits = hashlib.sha256((folder / "MLmodel").read_bytes()).hexdigest()
    (stored / "sha256" / digits[:2] / digits).write_bytes((folder / "MLmodel").read_bytes()[::-1])
    with pytest.raises(Corrupt, match="MLmodel"):
        registry.download(made, tmp_path / "back")
    assert not (tmp_path / "back" / "MLmodel").exists()


def test_what_is_not_there_is_refused(registry: Registry, tmp_path: Path) -> None:
    with pytest.raises(Refused, match="unknown_artifact"):
        registry.download("sha256:" + "0" * 64, tmp_path / "back")
    with pytest.raises(FileNotFoundError):
        registry.upload(tmp_path / "nothing", namespace="tests")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="has no files"):
        registry.upload(tmp_path / "folder", namespace="tests")
