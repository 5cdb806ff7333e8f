"""Documents and machines' keys, as far as no registry is needed."""

import json
from pathlib import Path

import pytest

from rollbook.cli.exits import Exit
from rollbook.domain.access import WHO_MAY
from rollbook.identity.accounts import parse
from tests.unit.cli.conftest import Call

RULES = """\
environments:
  - name: staging
  - name: production
    after: staging
    approvals:
      limited: {ml-ops: 1, product: 1}
protected_aliases: [champion]
"""


@pytest.fixture
def rules(tmp_path: Path) -> Path:
    file = tmp_path / "rules.yaml"
    file.write_text(RULES)
    return file


def test_rules_are_said_in_sentences_before_they_are_set(call: Call, rules: Path) -> None:
    shown = call("rules", "check", rules)
    assert shown.code == Exit.DONE
    assert "staging: no conditions" in shown.out
    assert "only after staging; limited risk: 1 x ml-ops, 1 x product must sign" in shown.out
    assert "Only a releaser may move the aliases champion." in shown.out
    assert json.loads(call("rules", "check", rules, "--json").out)["protected_aliases"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("environments:\n  - name: production\n    protekted: true\n", "line 3"),
        ("environments:\n  - name: production\n    after: staging\n", "unknown"),
        ("environments: [\n", "not YAML"),
        ("naming: '['\n", "regular expression"),
    ],
)
def test_what_is_wrong_with_rules_is_said_with_its_line(
    call: Call, rules: Path, text: str, said: str
) -> None:
    rules.write_text(text)
    ended = call("rules", "check", rules)
    assert ended.code == Exit.USAGE
    assert said in ended.err
    assert "rules.yaml" in ended.err


def test_every_command_has_somebody_who_may_send_it(call: Call) -> None:
    found = json.loads(call("access", "who", "--json").out)
    assert all(found[command.__name__] for command in WHO_MAY)
    only = call("access", "who", "PromoteVersion")
    assert "releaser" in only.out
    assert "RegisterModel" not in only.out


def test_a_card_is_checked_and_rendered_without_a_registry(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "card.yaml"
    file.write_text("summary: It orders a list.\nlicence: MIT\n")
    thin = call("card", "check", file, "--json")
    assert thin.code == Exit.ERROR
    assert {"intended_use", "review_by"} <= {f["field"] for f in json.loads(thin.out)["lacks"]}
    assert "It orders a list." in call("card", "render", file).out
    assert "<html" in call("card", "render", file, "--html").out
    again = call("card", "render", file, "--yaml")
    assert "summary: It orders a list." in again.out
    assert "\nlimitations:" in again.out  # and a place for what is missing


def test_a_card_that_breaks_a_rule_is_named_with_its_line(call: Call, tmp_path: Path) -> None:
    file = tmp_path / "card.yaml"
    file.write_text("summary: x\nlimitation: y\n")
    ended = call("card", "check", file)
    assert ended.code == Exit.USAGE
    assert "line 2" in ended.err
    assert "limitations" in ended.err  # what was meant


def test_a_token_can_be_made_before_there_is_a_registry(call: Call) -> None:
    made = json.loads(call("key", "make", "rollbook", "admin", "--json").out)
    held = parse(made["token"])
    assert (held.subject, held.public_key) == ("account:rollbook/admin", made["public_key"])
    shown = call("key", "make", "rollbook", "admin")
    assert parse(shown.out.strip()).public_key in shown.err
    assert shown.out.strip() not in shown.err


def test_a_token_is_in_no_message(call: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_TOKEN", "se cret")
    ended = call("show", "--url", "http://127.0.0.1:1")
    assert ended.code == Exit.USAGE
    assert "cret" not in ended.out + ended.err
