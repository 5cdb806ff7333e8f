"""A thousand changes of an exported log: each is found, and found where it is."""

import shutil
from pathlib import Path
from random import Random

import pytest

from rollbook.audit.bundle import Folder
from rollbook.audit.finding import Finding
from rollbook.audit.verification import verify
from tests.unit.audit.logs import KEY, Log, bundled, honest_log, published
from tests.unit.audit.mutations import (
    Change,
    change_records,
    checkpoints_of,
    flip_a_bit_of_a_proof,
    flip_a_bit_of_the_file,
    hash_leaves_anew,
    sign_a_suffix_anew,
)

WAYS = (
    flip_a_bit_of_the_file,
    change_records,
    change_records,
    hash_leaves_anew,
    sign_a_suffix_anew,
)


@pytest.fixture(scope="module")
def log() -> Log:
    return honest_log()


@pytest.fixture(scope="module")
def bundle(log: Log, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("audit") / "bundle"
    bundled(log, folder, published(log))
    return folder


def covers(finding: Finding, change: Change) -> bool:
    if finding.partition != change.partition or finding.offset is None:
        return False
    until = finding.offset + 1 if finding.until is None else finding.until
    return finding.offset <= change.offset < until


def test_an_honest_bundle_has_no_findings(log: Log, bundle: Path) -> None:
    report = verify(Folder(bundle), [KEY.verifier], checkpoints_of(log))
    assert report.findings == []
    assert (report.records, report.partitions) == (sum(map(len, log)), 3)
    assert (report.streams, report.held) == (16, 6)


@pytest.mark.parametrize("hundred", range(10))
def test_each_of_a_hundred_changes_is_found_where_it_is(
    hundred: int, log: Log, bundle: Path, tmp_path: Path
) -> None:
    held = checkpoints_of(log)
    for number in range(hundred * 100, hundred * 100 + 100):
        random = Random(number)
        copy = tmp_path / str(number)
        shutil.copytree(bundle, copy)
        change = WAYS[number % len(WAYS)](log, copy, random)
        found = verify(Folder(copy), [KEY.verifier], held).findings
        said = f"{number}: {change}\n" + "\n".join(map(str, found))
        located = [finding for finding in found if covers(finding, change)]
        assert located, said
        assert change.model is None or any(change.model in f.models for f in located), said
        shutil.rmtree(copy)


def test_without_the_key_a_change_is_found_to_the_record(
    log: Log, bundle: Path, tmp_path: Path
) -> None:
    for number in range(100):
        copy = tmp_path / str(number)
        shutil.copytree(bundle, copy)
        change = change_records(log, copy, Random(number))
        found = verify(Folder(copy), [KEY.verifier]).findings
        first = min(f.offset for f in found if f.offset is not None)
        said = f"{number}: {change}\n" + "\n".join(map(str, found))
        assert first <= change.offset, said
        exact = [f for f in found if f.until is None or f.what == "truncated"]
        assert any(covers(f, change) for f in exact), said


def test_a_changed_proof_is_found(log: Log, bundle: Path, tmp_path: Path) -> None:
    for number in range(100):
        copy = tmp_path / str(number)
        shutil.copytree(bundle, copy)
        change = flip_a_bit_of_a_proof(log, copy, Random(number))
        assert verify(Folder(copy), [KEY.verifier]).findings, change
