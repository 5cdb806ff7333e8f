"""A file as an artifact."""

import hashlib
from pathlib import Path

import pytest

from rollbook.client import file_artifact


def test_a_file_has_its_digest_size_and_address(tmp_path: Path) -> None:
    file = tmp_path / "a model.skops"
    content = bytes(range(256)) * 20_000
    file.write_bytes(content)
    artifact = file_artifact(file)
    assert artifact.digest == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert artifact.size == len(content)
    assert artifact.uri == file.as_uri()
    assert "%20" in artifact.uri
    assert artifact.format == "skops"


def test_an_empty_file_without_a_name_s_end_is_one_too(tmp_path: Path) -> None:
    file = tmp_path / "model"
    file.touch()
    artifact = file_artifact(str(file), uri="s3://bucket/model")
    assert (artifact.size, artifact.format, artifact.uri) == (0, None, "s3://bucket/model")


def test_a_file_that_is_not_there_is_an_os_error(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        file_artifact(tmp_path / "none")
    with pytest.raises(IsADirectoryError):
        file_artifact(tmp_path)
