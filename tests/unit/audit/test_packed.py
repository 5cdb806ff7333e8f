"""Bundles of the second form, compressed: verified as the others are, and with a digest."""

import json
from pathlib import Path
from random import Random

import pytest

from rollbook.audit.bundle import MANIFEST, Archive, Folder, Writer, leaves_file, pack, records_file
from rollbook.audit.entry import Unreadable, canonical
from rollbook.audit.manifest import PACKED, Manifest
from rollbook.audit.merkle import Tree
from rollbook.audit.verification import verify
from tests.unit.audit.logs import APP, KEY, Log, honest_log, published


@pytest.fixture(scope="module")
def log() -> Log:
    return honest_log()


def written(log: Log, folder: Path) -> Manifest:
    with Writer(folder, APP, len(log), PACKED) as writer:
        for partition, entries in enumerate(log):
            for entry in entries:
                writer.add(partition, entry)
        return writer.finish(published(log), [KEY.verifier], made="2026-03-01T09:00:00+00:00")


def test_it_is_verified_packed_twice_over(log: Log, tmp_path: Path) -> None:
    made = written(log, tmp_path / "bundle")
    assert made.roots == tuple(
        Tree(b"".join(entry.leaf() for entry in entries)).root() for entries in log
    )
    assert verify(Folder(tmp_path / "bundle"), [KEY.verifier]).findings == []
    pack(tmp_path / "bundle", tmp_path / "bundle.tar")
    archive = Archive(tmp_path / "bundle.tar")
    assert verify(archive, [KEY.verifier]).clean
    archive.close()


def test_the_same_log_makes_the_same_bytes(log: Log, tmp_path: Path) -> None:
    for name in ("one", "two"):
        written(log, tmp_path / name)
        pack(tmp_path / name, tmp_path / f"{name}.tar")
    assert (tmp_path / "one.tar").read_bytes() == (tmp_path / "two.tar").read_bytes()


def test_a_flipped_bit_of_any_file_is_found(log: Log, tmp_path: Path) -> None:
    folder, random = tmp_path / "bundle", Random(1)
    written(log, folder)
    names = [records_file(1, PACKED), leaves_file(1), MANIFEST]
    for number in range(60):
        file = folder / names[number % 3]
        genuine = file.read_bytes()
        raw = bytearray(genuine)
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
        file.write_bytes(raw)
        found = verify(Folder(folder), [KEY.verifier]).findings
        if not found:  # bits of gzip's own header that change nothing of what is in it
            assert names[number % 3] == records_file(1, PACKED)
            assert next(i for i, (a, b) in enumerate(zip(raw, genuine, strict=True)) if a != b) < 10
        file.write_bytes(genuine)


def test_a_manifest_is_taken_in_one_form_only() -> None:
    made = Manifest(PACKED, APP, (3, 0), (bytes(32), bytes(32)), "2026-03-01T09:00:00Z", None)
    assert Manifest.parse(made.line()) == made
    about = json.loads(made.line())
    wrongs: tuple[dict[str, object], ...] = (
        {"sizes": [3]},
        {"sizes": [3, -1]},
        {"sizes": [3, True]},
        {"sizes": []},
        {"roots": ["00", "00"]},
        {"roots": ["zz" * 32, "00" * 32]},
        {"format": "rollbook-audit-bundle/3"},
        {"more": 1},
        {"made": None},
    )
    for wrong in wrongs:
        with pytest.raises(Unreadable):
            Manifest.parse(canonical(about | wrong))
    with pytest.raises(Unreadable):
        Manifest.parse(json.dumps(about).encode())
