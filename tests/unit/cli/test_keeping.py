"""`rollbook log` and `rollbook vault` where they need neither Kafka nor Postgres."""

import gzip
import tarfile
from pathlib import Path

import pytest

from rollbook.cli.exits import Exit
from tests.unit.cli.conftest import Call


@pytest.mark.parametrize(
    "arguments",
    [
        ["log", "export", "there", "--kafka", "127.0.0.1:1"],
        ["log", "export", "to", "--as-of", "yesterday", "--kafka", "127.0.0.1:1"],
        ["log", "export", "to", "--as-of", "0b8f0b8f-0b8f-4b8f-8b8f-0b8f0b8f0b8f"],
        ["log", "import", "nothing"],
        ["log", "import", "there"],
        ["log", "import", "no.tar"],
        ["log", "clone", "there", "--kafka", "127.0.0.1:1"],
        ["vault", "export", "there"],
        [
            "audit",
            "export",
            "to.tar",
            "--model=churn",
            "--checkpoints=there",
            "--kafka=127.0.0.1:1",
        ],
    ],
)
def test_what_cannot_be_meant_is_bad_usage(call: Call, arguments: list[str]) -> None:
    Path("there").mkdir()
    Path("there/something").touch()
    with tarfile.open("no.tar", "w") as empty:
        empty.add("there")
    ended = call(*arguments)
    assert ended.code == Exit.USAGE, ended.err
    assert ended.err
    assert not Path("to").exists()


@pytest.mark.parametrize(
    "arguments",
    [
        ["log", "export", "to"],
        ["log", "digest"],
        ["log", "clone", "to"],
        ["vault", "export", "to"],
        ["vault", "import", "to"],
    ],
)
def test_where_nothing_runs_it_says_so(call: Call, arguments: list[str]) -> None:
    ended = call(*arguments)
    assert ended.code == Exit.UNAVAILABLE, ended.err
    assert not list(Path().iterdir())


def test_a_file_that_is_no_vault_is_told_by_what_is_wrong(call: Call) -> None:
    Path("no.gz").write_bytes(gzip.compress(b"{}\n"))
    ended = call("vault", "import", "no.gz", "--postgres", "postgresql://nobody@127.0.0.1:1/x")
    assert ended.code == Exit.UNAVAILABLE
    ended = call("vault", "import", "missing", "--postgres", "postgresql://nobody@127.0.0.1:1/x")
    assert ended.code == Exit.USAGE
