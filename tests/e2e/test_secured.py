"""A registry that believes nobody: machines prove who they are, and may do what was granted."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from time import monotonic, sleep
from typing import Any

import pytest

from rollbook.cli.__main__ import run
from rollbook.cli.exits import Exit
from rollbook.client import Refused, Registry
from rollbook.identity.accounts import mint
from tests.e2e.conftest import Ended
from tests.e2e.program import started

SECRET = "a secret that only our own services share"
ADMIN = mint("rollbook", "admin")


class Door:
    """Types `rollbook …` with a token, as its holder would."""

    def __init__(
        self, url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        self.url, self._capsys, self._monkeypatch = url, capsys, monkeypatch

    def __call__(self, token: str | None, *arguments: object) -> Ended:
        self._monkeypatch.setenv("ROLLBOOK_URL", self.url)
        if token is None:
            self._monkeypatch.delenv("ROLLBOOK_TOKEN", raising=False)
        else:
            self._monkeypatch.setenv("ROLLBOOK_TOKEN", token)
        code = run([str(argument) for argument in (*arguments, "--json")])
        written = self._capsys.readouterr()
        if token is not None:
            assert token.split("_", 3)[3] not in written.out + written.err
        return Ended(code, written.out, written.err)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One secured `rollbook up`."""
    secured = {
        "ROLLBOOK_TOKEN_SECRET": SECRET,
        "ROLLBOOK_ADMIN_PUBLIC_KEY": ADMIN.public_key,
    }
    with started(tmp_path_factory.mktemp("secured"), "up", environment=secured) as program:
        yield program.wait_for(r"API, to try out +(http://\S+)/docs")[1]


@pytest.fixture
def door(url: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Door:
    return Door(url, capsys, monkeypatch)


def found(ended: Ended) -> Any:
    assert ended.code == Exit.DONE, ended
    return json.loads(ended.out)


def code(ended: Ended) -> str:
    assert ended.code == Exit.REFUSED, ended
    return str(json.loads(ended.out)["error"]["code"])


def test_a_machine_may_do_what_it_was_granted_and_nothing_else(door: Door, tmp_path: Path) -> None:
    model = tmp_path / "model.bin"
    model.write_bytes(b"weights")
    admin = ADMIN.reveal()
    assert code(door(None, "register", "team-a/churn", model)) == "unauthenticated"
    assert found(door(admin, "whoami"))["everything"] is True

    machine = "account:team-a/nightly"
    found(door(admin, "access", "grant", "team-a", machine, "publisher", "-r", "trains"))
    made = found(door(admin, "key", "new", "team-a", "nightly", "--until", "1h"))
    token = made["token"]
    me = found(door(token, "whoami"))
    assert me["subject"] == machine
    assert [(role["namespace"], role["role"]) for role in me["roles"]] == [("team-a", "publisher")]

    registered = found(door(token, "register", "team-a/churn", model))
    assert registered["event"]["actor"] == machine
    assert code(door(token, "promote", "team-a/churn", 1)) == "forbidden"
    assert code(door(token, "register", "team-b/churn", model)) != ""
    # Whoever may not see a tenant does not learn that it is there.
    found(door(admin, "register", "team-b/secret", model))
    assert code(door(token, "show", "team-b/secret")) == "unknown_model"
    assert {m["key"] for m in found(door(token, "show"))["models"]} == {"team-a/churn"}

    found(door(admin, "key", "revoke", "team-a", made["key"], "-r", "printed"))
    assert code(door(token, "show", "team-a/churn")) == "unauthenticated"


def test_what_is_overdue_is_put_on_record_without_a_grant(door: Door, tmp_path: Path) -> None:
    model, card = tmp_path / "model.bin", tmp_path / "card.yaml"
    model.write_bytes(b"weights")
    due = datetime.now(UTC) + timedelta(seconds=1)
    card.write_text(f"summary: It sorts.\nreview_by: {due.isoformat()}\n")
    admin = ADMIN.reveal()
    found(door(admin, "register", "team-c/churn", model))
    found(door(admin, "card", "write", "team-c/churn@1", card))
    deadline = monotonic() + 30
    while not found(door(admin, "show", "team-c/churn@1"))["card_stale"]:
        assert monotonic() < deadline
        sleep(0.2)


def test_a_token_of_another_registry_proves_nothing(url: str) -> None:
    stranger = mint("team-a", "nightly").reveal()
    with Registry(url, token=stranger) as registry, pytest.raises(Refused) as refused:
        registry.model("team-a/churn")
    assert refused.value.code == "unauthenticated"
    assert stranger.split("_", 3)[3] not in str(refused.value)
