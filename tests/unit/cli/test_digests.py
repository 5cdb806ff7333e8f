import hashlib
from pathlib import Path

import pytest

from rollbook.cli.digests import CHUNK, digest
from rollbook.cli.exits import Failure


def test_a_file_longer_than_one_piece_has_the_digest_of_all_its_bytes(tmp_path: Path) -> None:
    content = bytes(range(256)) * (CHUNK // 128)
    (tmp_path / "model").write_bytes(content)
    assert digest(tmp_path / "model") == (
        f"sha256:{hashlib.sha256(content).hexdigest()}",
        len(content),
    )


def test_a_folder_is_refused_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Failure, match="is a folder") as failure:
        digest(tmp_path)
    assert "tar" in failure.value.advice


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(Failure, match=r"cannot read .*missing: No such file"):
        digest(tmp_path / "missing")
