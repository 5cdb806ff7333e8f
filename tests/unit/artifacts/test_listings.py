from hashlib import sha256
from pathlib import Path
from subprocess import run

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.artifacts import folders, listings
from rollbook.artifacts.digests import digest_of, in_uri, is_digest, uri_of
from rollbook.artifacts.errors import BadListing
from rollbook.artifacts.held import Kind, name_of

A, B = "a" * 64, "b" * 64
FOLDER = r"find . -type f -printf '%P\n' | LC_ALL=C sort | xargs -d '\n' sha256sum"


def test_a_listing_is_what_sha256sum_prints(tmp_path: Path) -> None:
    for path in ("b", "a/z", "a/b c", "a-x", "é/ä"):
        file = tmp_path / path
        file.parent.mkdir(exist_ok=True)
        file.write_text(path)
    files = [folders.hash_file(file, tmp_path) for file in folders.files_in(tmp_path, tmp_path)]
    text = listings.text_of((file.path, file.sha256) for file in files)
    assert text == run(FOLDER, shell=True, cwd=tmp_path, capture_output=True).stdout  # noqa: S602, PLW1510
    assert folders.of_folder(files) == f"sha256:{sha256(text).hexdigest()}"
    assert [file.path for file in listings.read(text)] == ["a-x", "a/b c", "a/z", "b", "é/ä"]


PATHS = st.from_regex(r"[a-z]{1,3}(/[a-z é]{1,3}){0,2}", fullmatch=True)


@given(st.dictionaries(PATHS, st.just(A), min_size=1))
def test_what_was_listed_is_read_again(files: dict[str, str]) -> None:
    text = listings.text_of(files.items())
    if any(other.startswith(path + "/") for path in files for other in files):
        with pytest.raises(BadListing, match="both a file and a folder"):
            listings.read(text)
    else:
        assert {file.path: file.sha256 for file in listings.read(text)} == files


@pytest.mark.parametrize(
    "path", ["/etc/passwd", "../x", "a/../../x", "a//b", "./a", "a/.", "..", "a\\b", "a\x00", "a\r"]
)
def test_a_path_that_leads_out_is_refused(path: str) -> None:
    with pytest.raises(BadListing):
        listings.read(f"{A}  {path}\n".encode())


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\n",
        f"{A}  a".encode(),
        f"{A} a\n".encode(),
        f"{A[1:]}  a\n".encode(),
        f"{A.upper()}  a\n".encode(),
        f"{A}  b\n{A}  a\n".encode(),
        f"{A}  a\n{B}  a\n".encode(),
        f"{A}  a\n{B}  a/b\n".encode(),
        f"{A}  \xff\n".encode("latin-1"),
    ],
)
def test_another_text_is_no_listing(text: bytes) -> None:
    with pytest.raises(BadListing):
        listings.read(text)


@pytest.mark.parametrize(
    "text", ["", "sha256:", "sha256:" + "A" * 64, A, f"sha256:{A}0", "sha256:../x"]
)
def test_what_is_no_digest_leads_nowhere(text: str) -> None:
    assert not is_digest(text)
    with pytest.raises(ValueError, match="no digest"):
        name_of(text, Kind.FILE)


def test_a_uri_names_its_digest() -> None:
    digest = digest_of(b"x")
    assert uri_of(digest) == f"rollbook:{digest}"
    assert in_uri(uri_of(digest)) == digest
    assert in_uri("s3://bucket/x") is None
    assert in_uri("rollbook:elsewhere") is None
    assert in_uri(digest) is None
