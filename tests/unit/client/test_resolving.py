"""Look-ups while nobody answers: from what was known last, and never from what is damaged."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollbook.client import Resolver, Unavailable, lastknown
from rollbook.embedded.ports import remembered

KNOWN = {
    "models:/fraud@production": {
        "model": "default/fraud",
        "version": 3,
        "digest": "sha256:" + "a" * 64,
        "uri": "rollbook:sha256:" + "a" * 64,
        "format": "onnx",
        "stale": False,
    },
    "models:/fraud/3": {
        "model": "default/fraud",
        "version": 3,
        "digest": "sha256:" + "a" * 64,
        "uri": "rollbook:sha256:" + "a" * 64,
        "format": "onnx",
        "stale": False,
    },
}


@pytest.fixture
def away(tmp_path: Path) -> str:
    """Where no registry answers."""
    [port] = remembered(tmp_path / "port", 1)
    return f"http://127.0.0.1:{port}"


@pytest.fixture
def resolver(away: str, tmp_path: Path) -> Iterator[Resolver]:
    with Resolver(away, cache=tmp_path, timeout=0.1) as made:
        yield made


def known_file(resolver: Resolver) -> Path:
    return resolver.file


def test_what_was_known_last_is_answered_and_said_to_be_old(
    resolver: Resolver, away: str, tmp_path: Path
) -> None:
    lastknown.write(known_file(resolver), KNOWN)
    with Resolver(away, cache=tmp_path, timeout=0.1) as again:
        found = again.resolve("models:/fraud@production")
        assert (found.version, found.digest, found.stale) == (3, "sha256:" + "a" * 64, True)
        assert again.ask("models:/fraud@production") == found
        assert again.stale == 2
        assert again.damaged == 0


def test_a_number_stands_for_the_same_bytes_always(
    resolver: Resolver, away: str, tmp_path: Path
) -> None:
    lastknown.write(known_file(resolver), KNOWN)
    with Resolver(away, cache=tmp_path, timeout=0.1) as again:
        assert not again.resolve("models:/fraud/3").stale
        assert again.stale == 0


def test_what_was_never_looked_up_says_that_nobody_answers(resolver: Resolver) -> None:
    with pytest.raises(Unavailable):
        resolver.resolve("models:/fraud@production")
    with pytest.raises(ValueError, match="no reference"):
        resolver.resolve("fraud")


@pytest.mark.parametrize("damage", [b"", b"{}", b"rollbook 1 sha256:0\n{}"])
def test_a_damaged_file_is_not_believed(
    resolver: Resolver, away: str, tmp_path: Path, damage: bytes
) -> None:
    file = known_file(resolver)
    lastknown.write(file, KNOWN)
    file.write_bytes(damage)
    with Resolver(away, cache=tmp_path, timeout=0.1) as again:
        assert again.damaged == 1
        with pytest.raises(Unavailable):
            again.resolve("models:/fraud@production")


def test_one_changed_byte_is_damage(tmp_path: Path) -> None:
    file = tmp_path / "known.json"
    lastknown.write(file, KNOWN)
    whole = file.read_bytes()
    for place in range(0, len(whole), 7):
        file.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(lastknown.Damaged):
            lastknown.read(file)


def test_a_file_that_is_not_there_is_no_damage(tmp_path: Path) -> None:
    assert lastknown.read(tmp_path / "none.json") is None
