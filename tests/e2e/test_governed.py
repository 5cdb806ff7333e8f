"""A governed namespace, as the people in it live with it: asked for, signed, broken, reviewed."""

import json
from collections.abc import Callable
from pathlib import Path
from time import monotonic, sleep
from typing import Any
from uuid import uuid4

import pytest

from rollbook.cli.exits import Exit
from tests.e2e.conftest import Console, Ended

RULES = """\
environments:
  - name: staging
  - name: production
    protected: true
    after: staging
    card: [summary]
    approvals:
      limited: {ml-ops: 1, product: 1}
"""
README = """\
---
license: apache-2.0
model-index:
- name: churn
  results:
  - task: {type: tabular-classification}
    dataset: {name: holdout, type: holdout}
    metrics:
    - {type: auc, value: 0.94}
---
# Churn

## Model Description

Says who is about to leave.

## Uses

### Direct Use

For letters to customers.
"""

As = Callable[..., Ended]


@pytest.fixture
def as_(console: Console) -> As:
    """What somebody types; an open registry believes them."""

    def typed(actor: str, *arguments: object) -> Ended:
        return console(*arguments, "--actor", actor)

    return typed


@pytest.fixture
def space() -> str:
    """A namespace of its own for each test."""
    return f"n{uuid4().hex[:10]}"


@pytest.fixture
def model(folder: Path) -> Path:
    file = folder / "model.joblib"
    file.write_bytes(b"weights")
    return file


def done(ended: Ended) -> Ended:
    assert ended.code == Exit.DONE, ended
    return ended


def found(ended: Ended) -> Any:
    return json.loads(done(ended).out)


def refused(ended: Ended, code: str) -> None:
    assert ended.code == Exit.REFUSED, ended
    assert json.loads(ended.out)["error"]["code"] == code


def test_two_titles_must_sign_and_nobody_signs_their_own_work(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name = f"{space}/churn"
    rules, card = folder / "rules.yaml", folder / "card.yaml"
    rules.write_text(RULES)
    card.write_text("summary: Says who is about to leave.\n")

    changes = as_("root", "rules", "diff", space, rules, "--json")
    assert changes.code == Exit.ERROR  # something would change
    assert "environments.production.protected" in changes.out
    done(as_("root", "rules", "set", space, rules))
    assert as_("root", "rules", "diff", space, rules).code == Exit.DONE
    assert "after: staging" in as_("root", "rules", "show", space).out

    for auc in ("0.91", "0.94"):
        done(as_("ann", "register", name, model, "--metric", f"auc={auc}", "--change", "tweak"))
    done(as_("ann", "evaluate", f"{name}@2", "--metric", "auc=0.93:0.91..0.95"))
    done(as_("ann", "promote", name, 2, "-e", "staging"))
    refused(as_("ann", "promote", name, 2, "--json"), "no_card")
    done(as_("ann", "card", "write", f"{name}@2", card))
    done(as_("eve", "validate", "record", f"{name}@2", "--passed", "auc"))
    refused(as_("ann", "promote", name, 2, "--json"), "needs_request")

    asked = done(as_("ann", "request", name, 2, "--reason", "better", "--plan", "back to 1"))
    assert f"rollbook review {name} 1" in asked.out
    inbox = found(as_("bob", "requests", "--namespace", space, "--title", "ml-ops", "--json"))
    assert [(r["version"], r["requested_by"]) for r in inbox["requests"]] == [(2, "ann")]
    assert "ml-ops, product" in as_("bob", "requests", name).out

    page = done(as_("bob", "review", name, 1)).out
    for part in (
        "version 2 (1.0.1) into production",
        "asked for by ann",
        "back to 1",
        "still to sign: ml-ops, product",
        "auc (offline, test)",
        "0.93 (0.91 to 0.95)",
        "Gates: validated",
        "rollbook approve",
    ):
        assert part in page, page
    seen = page.partition("--evidence ")[2].split()[0]
    assert "auc 0.93 (0.91 to 0.95)" in as_("bob", "evaluate", f"{name}@2").out
    assert "passed" in as_("bob", "validate", "show", f"{name}@2").out

    refused(as_("ann", "approve", name, 1, "--title", "ml-ops", "--json"), "own_work")
    done(as_("bob", "comment", name, 1, "What about Austria?"))
    done(as_("bob", "approve", name, 1, "--title", "ml-ops", "--evidence", seen))
    refused(as_("ann", "promote", name, 2, "--json"), "needs_approval")
    done(as_("ann", "evaluate", f"{name}@2", "--metric", "auc=0.8", "--slice", "country=AT"))
    refused(as_("cyd", "approve", name, 1, "--evidence", seen, "--json"), "evidence_changed")
    assert "on facts that have changed since" in as_("cyd", "review", name, 1).out
    for who, title in (("bob", "ml-ops"), ("cyd", "product")):
        done(as_(who, "approve", name, 1, "--title", title))
    page = done(as_("ann", "review", name, 1)).out
    assert "everything is there: it may be promoted" in page
    assert "What about Austria?" in page
    promoted = found(as_("ann", "promote", name, 2, "--json"))
    assert sorted(promoted["event"]["data"]["approved_by"]) == ["bob", "cyd"]
    assert "promoted" in as_("ann", "review", name, 1).out
    assert found(as_("ann", "requests", name, "--json"))["requests"][0]["state"] == "promoted"
    assert "auc" in done(as_("ann", "diff", name, 1, 2)).out


def test_a_broken_glass_is_loud_and_is_reviewed_by_somebody_else(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name, rules = f"{space}/churn", folder / "rules.yaml"
    rules.write_text(RULES)
    done(as_("root", "rules", "set", space, rules))
    done(as_("ann", "register", name, model))
    loud = done(as_("ann", "break-glass", name, 1, "--reason", "outage"))
    assert "GLASS 1 BROKEN" in loud.out
    assert "This is on record." in loud.out
    waiting = found(as_("bob", "breaks", "list", "--json"))["breaks"]
    (mine,) = [broken for broken in waiting if broken["model"] == name]
    assert {"needs_request", "wrong_order", "no_card"} <= set(mine["bypassed"])
    review = ("breaks", "review", name, 1, "justified", "--note", "it ended the outage")
    refused(as_("ann", *review, "--json"), "own_work")
    done(as_("bob", *review))
    assert "justified (bob: it ended the outage)" in as_("bob", "breaks", "list", name).out


def test_a_request_can_be_refused_and_taken_back(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name, rules = f"{space}/churn", folder / "rules.yaml"
    rules.write_text("environments: [{name: production, protected: true}]\n")
    done(as_("root", "rules", "set", space, rules))
    done(as_("ann", "register", name, model))
    done(as_("ann", "request", name, 1, "-r", "first"))
    done(as_("bob", "reject", name, 1, "-r", "no figures"))
    done(as_("ann", "request", name, 1, "-r", "second"))
    done(as_("ann", "withdraw", name, 2, "-r", "later"))
    states = found(as_("ann", "requests", name, "--json"))["requests"]
    assert [r["state"] for r in states] == ["withdrawn", "rejected"]
    assert "no figures" in as_("ann", "history", name).out


def test_a_request_that_nobody_decides_on_is_escalated_by_itself(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name, rules = f"{space}/churn", folder / "rules.yaml"
    rules.write_text(
        "environments: [{name: production, protected: true}]\n"
        "request_escalates: PT1S\nescalate_to: head-of-ml\n"
    )
    done(as_("root", "rules", "set", space, rules))
    done(as_("ann", "register", name, model))
    done(as_("ann", "request", name, 1, "-r", "better"))
    deadline = monotonic() + 30
    while (row := found(as_("bob", "requests", name, "--json"))["requests"][0])[
        "escalated_to"
    ] != "head-of-ml":
        assert monotonic() < deadline, row
        sleep(0.2)
    assert row["state"] == "open"


def test_a_version_says_all_that_is_known_of_it(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name, evaluation = f"{space}/churn", folder / "evaluation.yaml"
    evaluation.write_text("metrics: {auc: {value: 0.9}}\nslice: {country: DE}\n")
    done(
        as_(
            "ann",
            *("register", name, model, "--change", "architecture", "--variant"),
            *(f"quantised:int8={model}", "--property", "layers=12", "--evaluation", evaluation),
            *("--licence", "MIT", "--pii", "none", "--feature", "age=feast:x/age"),
            *("--base-model", f"{space}/base@3=distilled"),
        )
    )
    shown = found(as_("ann", "show", f"{name}@1", "--json"))
    assert shown["label"] == "1.0.0"
    assert shown["variants"][0]["name"] == "int8"
    assert shown["properties"] == {"layers": 12}
    assert shown["terms"] == {"licence": "MIT", "pii": "none"} | {
        key: value for key, value in shown["terms"].items() if key not in ("licence", "pii")
    }
    assert shown["lineage"]["features"][0]["name"] == "age"
    assert shown["lineage"]["parents"][0]["relation"] == "distilled"
    done(as_("ann", "properties", f"{name}@1", "framework=torch", "--remove", "layers"))
    assert found(as_("ann", "properties", f"{name}@1", "--json")) == {"framework": "torch"}
    done(as_("ann", "link", f"{name}@1", "https://x/y", "--title", "Fair", "--kind", "fairness"))
    assert "Fair" in as_("ann", "link", f"{name}@1").out
    done(as_("ann", "own", name, "ada", "--team", "risk"))
    done(as_("ann", "classify", name, "high", "--reason", "it decides about people"))
    assert "owner=ada, team=risk, risk=high" in as_("ann", "show", name).out
    done(as_("ann", "retire", f"{name}@1", "-r", "old"))
    refused(as_("ann", "promote", name, 1, "--json"), "archived")
    done(as_("ann", "restore", f"{name}@1", "-r", "needed"))
    done(as_("ann", "promote", name, 1, "-e", "shadow"))
    done(as_("ann", "clear", name, "shadow", "-r", "over"))
    done(as_("ann", "retire", name, "-r", "another does its work"))
    assert "retired: another does its work" in as_("ann", "show", name).out
    done(as_("ann", "restore", name, "-r", "needed"))


def test_a_card_comes_from_hugging_face_and_goes_to_a_page(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name, readme, page = f"{space}/churn", folder / "README.md", folder / "card.yaml"
    readme.write_text(README)
    done(as_("ann", "register", name, model))
    refused(as_("ann", "card", "show", f"{name}@1", "--json"), "no_card")
    done(as_("ann", "card", "import", f"{name}@1", readme))
    shown = found(as_("ann", "card", "show", f"{name}@1", "--json"))
    assert shown["card"]["licence"] == "Apache-2.0"
    assert "letters" in as_("ann", "card", "show", f"{name}@1").out
    assert "<html" in as_("ann", "card", "render", f"{name}@1", "--html").out
    page.write_text(as_("ann", "card", "render", f"{name}@1", "--yaml").out)
    done(as_("ann", "card", "write", f"{name}@1", page))  # nothing is lost on the way
    assert found(as_("ann", "card", "show", f"{name}@1", "--json"))["revision"] == 1
    done(as_("bob", "card", "review", f"{name}@1", "--until", "180d", "--note", "holds"))
    assert found(as_("ann", "show", f"{name}@1", "--json"))["review_by"]
    assert as_("ann", "card", "check", f"{name}@1").code == Exit.ERROR  # much is missing


def test_a_card_is_edited_and_what_breaks_a_rule_is_kept(
    as_: As, space: str, folder: Path, model: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"{space}/churn"
    done(as_("ann", "register", name, model))
    monkeypatch.setenv("TMPDIR", str(folder))
    monkeypatch.delenv("VISUAL", raising=False)
    monkeypatch.setenv("EDITOR", "sed -i 's/^summary:.*/summary: It sorts./'")
    done(as_("ann", "card", "edit", f"{name}@1"))
    assert (
        found(as_("ann", "card", "show", f"{name}@1", "--json"))["card"]["summary"] == "It sorts."
    )
    monkeypatch.setenv("EDITOR", "sed -i 's/^summary:/sumary:/'")
    ended = as_("ann", "card", "edit", f"{name}@1")
    assert ended.code == Exit.USAGE
    kept = ended.err.partition("is kept: ")[2].splitlines()[0]
    assert "It sorts." in Path(kept).read_text()


def test_a_folder_of_models_is_imported_once(as_: As, space: str, folder: Path) -> None:
    tree = folder / "models"
    version = tree / "churn" / "v1"
    version.mkdir(parents=True)
    (version / "model.bin").write_bytes(b"weights")
    (version / "README.md").write_text(README)
    (version / "rollbook.yaml").write_text(
        "registered_at: 2024-03-01T09:00:00Z\nmetrics: {auc: 0.9}\n"
    )
    importing = ("import", "directory", tree, "--namespace", space)
    dry = done(as_("ann", *importing, "--dry-run"))
    assert "RegisterVersion of version v1, 2024-03-01" in dry.out
    assert as_("ann", "show", f"{space}/churn").code == Exit.REFUSED  # nothing was sent
    first = as_("ann", *importing, "--json")
    assert first.code in (Exit.DONE, Exit.ERROR)
    assert json.loads(first.out)["versions"] == [
        {"model": f"{space}/churn", "theirs": "v1", "ours": 1}
    ]
    shown = found(as_("ann", "show", f"{space}/churn@1", "--json"))
    assert shown["origin_time"].startswith("2024-03-01T09:00:00")
    assert shown["origin"].startswith("directory:models/churn")
    again = as_("ann", *importing, "--json")
    assert json.loads(again.out)["imported"] == []
    assert found(as_("ann", "show", f"{space}/churn", "--json"))["versions"] == 1


def test_who_may_do_what_is_granted_listed_and_revoked(as_: As, space: str) -> None:
    until = ("--until", "90d")
    done(as_("root", "access", "grant", space, "ada", "approver", "--title", "ml-ops", "-r", "x"))
    done(as_("root", "access", "grant", space, "group:risk", "viewer", *until, "-r", "audit"))
    listed = found(as_("root", "access", "list", space, "--json"))["grants"]
    assert [(g["subject"], g["role"]) for g in listed] == [
        ("ada", "approver"),
        ("group:risk", "viewer"),
    ]
    done(as_("root", "access", "revoke", space, 1, "-r", "moved on"))
    assert "ada" not in as_("root", "access", "list", space).out
    assert "moved on" in as_("root", "access", "list", space, "--all").out
    assert "grant 1: ada is approver for ml-ops" in as_("root", "rules", "history", space).out
    assert found(as_("ada", "whoami", "--json"))["everything"] is True


def test_a_machine_s_token_is_shown_once_and_its_key_can_be_revoked(as_: As, space: str) -> None:
    made = found(as_("root", "key", "new", space, "nightly", "--role", "publisher", "--json"))
    assert made["token"].startswith(f"rbk_{space}_nightly_")
    listed = as_("root", "key", "list", space, "--json")
    assert [key["key"] for key in found(listed)["keys"]] == [made["key"]]
    seed = made["token"].rpartition("_nightly_")[2]
    assert seed not in listed.out
    done(as_("root", "key", "revoke", space, made["key"], "-r", "printed"))
    assert "revoked: printed" in as_("root", "key", "list", space).out
    shown = done(as_("root", "key", "new", space, "weekly"))
    assert shown.out.startswith(f"rbk_{space}_weekly_")
    assert shown.out.strip() not in shown.err


def test_personal_data_is_gone_when_it_is_erased(as_: As, space: str) -> None:
    reference = done(as_("ann", "personal", "add", space, "Ada Lovelace")).out.strip()
    assert done(as_("ann", "personal", "show", space, reference)).out == "Ada Lovelace\n"
    done(as_("root", "personal", "erase", space, reference, "-r", "she asked for it"))
    refused(as_("ann", "personal", "show", space, reference, "--json"), "erased")


def test_a_namespace_asks_for_metadata_and_says_what_is_lacking(
    as_: As, space: str, folder: Path, model: Path
) -> None:
    name, schema = f"{space}/churn", folder / "schema.yaml"
    schema.write_text(
        "required: [licence]\nproperties:\n  type: object\n  required: [framework]\n"
        "  properties: {framework: {enum: [sklearn, torch]}}\n"
    )
    assert "asks for nothing" in as_("root", "schema", "show", space).out
    done(as_("root", "schema", "set", space, schema))
    assert "framework" in as_("root", "schema", "show", space).out
    done(as_("ann", "register", name, model))
    done(as_("ann", "promote", name, 1))
    report = found(as_("ann", "completeness", space, "--json"))
    assert (report["serving"], report["complete"]) == (1, 0)
    assert "licence is missing" in as_("ann", "completeness", space).out


def test_models_are_gathered_under_a_name(as_: As, space: str) -> None:
    done(as_("ann", "collection", "set", space, "checkout", "fraud", f"{space}/limits"))
    (one,) = found(as_("ann", "collection", "list", space, "--json"))["collections"]
    assert one["models"] == ["fraud", "limits"]
    done(as_("ann", "collection", "remove", space, "checkout"))
    assert "no collections" in as_("ann", "collection", "list", space).out
