"""`rollbook audit` where it needs no log: keys, and what cannot be meant."""

import json
import stat
from pathlib import Path

import pytest

from rollbook.audit.note import SigningKey, VerifierKey
from rollbook.cli.exits import Exit
from tests.unit.cli.conftest import Call


def test_a_key_is_made_once_and_only_its_public_half_is_shown(call: Call) -> None:
    first = call("audit", "key", "signer.key", "--name", "example.org/book")
    secret = SigningKey.parse(Path("signer.key").read_text().strip())
    assert VerifierKey.parse(first.out.strip()) == secret.verifier
    assert stat.S_IMODE(Path("signer.key").stat().st_mode) == 0o600
    again = call("audit", "key", "signer.key", "--json")
    assert json.loads(again.out)["verifier"] == first.out.strip()
    assert "PRIVATE" not in first.out + first.err + again.out + again.err


def test_a_key_is_never_replaced(call: Call) -> None:
    call("audit", "key", "signer.key", "--name", "example.org/book")
    before = Path("signer.key").read_text()
    assert call("audit", "key", "signer.key", "--name", "example.org/other").code == Exit.USAGE
    assert Path("signer.key").read_text() == before
    assert call("audit", "key", "new.key", "--name", "two words").code == Exit.USAGE
    assert not Path("new.key").exists()


def test_a_file_that_holds_no_key_is_not_repeated(call: Call) -> None:
    Path("signer.key").write_text("PRIVATE+KEY+something+secret")
    ended = call("audit", "checkpoint", "to", "--key", "signer.key", "--kafka", "127.0.0.1:1")
    assert ended.code == Exit.USAGE
    assert "something" not in ended.err


@pytest.mark.parametrize(
    "arguments",
    [
        ["verify", "nothing", "--key", "no+key"],
        ["verify", "nothing", "--key", "no-file"],
        ["prove", "here", "--checkpoints", "nothing"],
        ["prove", "0:0", "--checkpoints", "nothing", "--kafka", "127.0.0.1:1"],
        ["export", "to", "--checkpoints", "nothing", "--kafka", "127.0.0.1:1"],
        ["checkpoint", "to", "--key", "nothing", "--kafka", "127.0.0.1:1"],
    ],
)
def test_what_cannot_be_meant_is_bad_usage(call: Call, arguments: list[str]) -> None:
    ended = call("audit", *arguments)
    assert ended.code == Exit.USAGE, ended.err
    assert ended.err
    assert not Path("to").exists()


def test_where_no_kafka_is_known_it_says_so(call: Call) -> None:
    call("audit", "key", "signer.key")
    ended = call("audit", "checkpoint", "to", "--key", "signer.key")
    assert ended.code == Exit.UNAVAILABLE
    assert "no Kafka is known" in ended.err
