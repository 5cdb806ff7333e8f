"""Bundles as a whole: packed or not, with strange files, other keys, other checkpoints."""

import json
import shutil
from pathlib import Path

import pytest

from rollbook.audit.__main__ import main
from rollbook.audit.bundle import Archive, Folder, pack
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.note import SigningKey
from rollbook.audit.verification import verify
from tests.unit.audit.logs import APP, KEY, Log, bundled, honest_log, published

STRANGER = SigningKey("example.org/rollbook", bytes(32))


@pytest.fixture(scope="module")
def log() -> Log:
    return honest_log()


@pytest.fixture
def bundle(log: Log, tmp_path: Path) -> Path:
    folder = tmp_path / "bundle"
    bundled(log, folder, published(log))
    return folder


def codes(folder: Path, *held: str) -> set[str]:
    return {finding.what for finding in verify(Folder(folder), [KEY.verifier], held).findings}


def test_a_packed_bundle_is_verified_without_unpacking_it(bundle: Path, tmp_path: Path) -> None:
    pack(bundle, tmp_path / "bundle.tar")
    archive = Archive(tmp_path / "bundle.tar")
    assert verify(archive, [KEY.verifier]).clean
    archive.close()


def test_a_key_that_signed_nothing_trusts_nothing(bundle: Path) -> None:
    found = verify(Folder(bundle), [STRANGER.verifier]).findings
    assert {"signature", "unsigned"} <= {finding.what for finding in found}


def test_a_bundle_signed_by_two_keys_is_verified_with_either(log: Log, tmp_path: Path) -> None:
    notes = {checkpoint: checkpoint.signed([KEY, STRANGER]) for checkpoint in published(log)}
    bundled(log, tmp_path / "both", notes)
    for key in (KEY, STRANGER):
        assert verify(Folder(tmp_path / "both"), [key.verifier]).clean


@pytest.mark.parametrize("name", ["manifest.json", "consistency.json", "keys.txt", "leaves-1.bin"])
def test_a_file_that_is_missing_or_no_file_is_found(bundle: Path, name: str) -> None:
    (bundle / name).unlink()
    assert "missing" in codes(bundle)
    (bundle / name).mkdir()
    assert "missing" in codes(bundle)


def test_a_file_that_does_not_belong_there_is_found(bundle: Path) -> None:
    (bundle / "records-3.jsonl").write_text("")
    assert codes(bundle) == {"unexpected"}


def test_a_missing_partition_is_found(log: Log, bundle: Path, tmp_path: Path) -> None:
    smaller = tmp_path / "smaller"
    notes = {c: note for c, note in published(log).items() if c.partition < 2}
    bundled(log[:2], smaller, notes)
    last = next(note for c, note in published(log).items() if c.partition == 2)
    assert "truncated" in codes(smaller, last)
    assert "partition" in codes(smaller)  # streams live elsewhere in a log of two partitions


def test_records_behind_the_last_checkpoint_are_not_taken_for_signed(
    log: Log, tmp_path: Path
) -> None:
    bundled(log, tmp_path / "early", published(log, (2, 5)))
    assert codes(tmp_path / "early") == {"unsigned"}


def test_a_partition_emptied_with_its_checkpoints_is_found(log: Log, tmp_path: Path) -> None:
    notes = {c: note for c, note in published(log).items() if c.partition != 1}
    bundled([log[0], [], log[2]], tmp_path / "emptied", notes)
    assert codes(tmp_path / "emptied") == {"unsigned"}


def test_two_signed_histories_are_found_whichever_one_is_shown(bundle: Path, log: Log) -> None:
    genuine = max(published(log), key=lambda c: (c.partition, c.size))
    other = Checkpoint(APP, genuine.partition, genuine.size, bytes(32))
    assert "forked" in codes(bundle, other.signed([KEY]))
    assert codes(bundle, Checkpoint("other", 0, 1, bytes(32)).signed([KEY])) == {"origin"}


def test_the_command_says_where_and_ends_with_one(
    bundle: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    key = ["--key", str(KEY.verifier)]
    assert main(["verify", str(bundle), *key]) == 0
    assert "name a --checkpoint" in capsys.readouterr().out
    kept = tmp_path / "kept"
    kept.mkdir()
    for note in bundle.glob("*.note"):
        shutil.copy(note, kept)
    assert main(["verify", str(bundle), *key, "--checkpoint", str(kept)]) == 0
    assert "what you hold is part of it" in capsys.readouterr().out
    file = bundle / "records-0.jsonl"
    lines = file.read_bytes().splitlines(keepends=True)
    file.write_bytes(b"".join(lines[:4] + lines[5:]))
    assert main(["verify", str(bundle), *key, "--json"]) == 1
    found = json.loads(capsys.readouterr().out)
    assert (0, 4, "dropped") in {
        (f["partition"], f["offset"], f["what"]) for f in found["findings"]
    }
    assert main(["verify", str(tmp_path / "nothing"), *key]) == 2
    assert main(["verify", str(bundle), "--key", "no+key"]) == 2


def test_what_a_forger_wrote_does_not_steer_the_terminal(
    bundle: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = bundle / "\x1b[2J"
    file.write_text("")
    assert main(["verify", str(bundle), "--key", str(KEY.verifier)]) == 1
    assert "\x1b" not in capsys.readouterr().out
