"""Copies on this disk: only what was read and is right is handed out."""

from pathlib import Path

import pytest

from rollbook.artifacts import folders
from rollbook.artifacts.errors import WrongDigest
from rollbook.artifacts.shelf import Shelf


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "shelf")


def file(tmp_path: Path, content: bytes = b"model") -> str:
    made = tmp_path / "a-file"
    made.write_bytes(content)
    return folders.digest_of(made)


def test_what_was_put_is_found(shelf: Shelf, tmp_path: Path) -> None:
    digest = file(tmp_path)
    assert shelf.found(digest) is None
    place = shelf.put(digest, lambda to: to.write_bytes(b"model"))
    assert shelf.found(digest) == place
    assert place.read_bytes() == b"model"
    assert shelf.put(digest, lambda to: to.write_bytes(b"model")) == place


def test_folders_have_a_place_too(shelf: Shelf, tmp_path: Path) -> None:
    def fill(to: Path) -> None:
        (to / "in").mkdir(parents=True)
        (to / "in" / "weights").write_bytes(b"w")

    fill(tmp_path / "folder")
    digest = folders.digest_of(tmp_path / "folder")
    place = shelf.put(digest, fill)
    assert shelf.put(digest, fill) == place
    assert shelf.found(digest) == place
    (place / "in" / "more").write_bytes(b"planted")
    assert shelf.found(digest) is None


def test_other_bytes_are_not_taken(shelf: Shelf, tmp_path: Path) -> None:
    digest = file(tmp_path)
    with pytest.raises(WrongDigest):
        shelf.put(digest, lambda to: to.write_bytes(b"other"))
    assert shelf.found(digest) is None


def test_damaged_bytes_are_thrown_away(shelf: Shelf, tmp_path: Path) -> None:
    digest = file(tmp_path)
    place = shelf.put(digest, lambda to: to.write_bytes(b"model"))
    place.write_bytes(b"modem")
    assert shelf.found(digest) is None
    assert not place.exists()


def test_what_is_not_kept_goes(shelf: Shelf, tmp_path: Path) -> None:
    digests = []
    for content in (b"1", b"2"):
        digest = file(tmp_path, content)
        shelf.put(digest, lambda to: to.write_bytes(content))  # noqa: B023
        digests.append(digest)
    shelf.keep(digests[:1])
    assert [shelf.found(digest) is not None for digest in digests] == [True, False]
