"""Signing, verifying and planning, as people type it."""

import json
from pathlib import Path
from time import monotonic, sleep
from uuid import uuid4

import pytest

from rollbook.cli.exits import Exit
from tests.e2e.conftest import Console
from tests.support.signers import pair


@pytest.fixture
def name() -> str:
    return f"n{uuid4().hex[:10]}/churn"


@pytest.fixture
def model(folder: Path) -> Path:
    file = folder / "model.joblib"
    file.write_bytes(b"weights")
    return file


def test_a_model_is_signed_and_verified_before_it_is_loaded(
    console: Console, name: str, folder: Path, model: Path
) -> None:
    key = pair(folder, "anna")
    assert console("register", name, model).code == Exit.DONE
    unsigned = console("signatures", "verify", f"{name}@1", model, "-t", key.public)
    assert unsigned.code == Exit.ERROR
    assert "nobody has signed it" in unsigned.err
    assert "Nobody has signed it" in console("signatures", "list", f"{name}@1").out
    signed = console("sign", model, "--key", key.private, "--attach", f"{name}@1")
    assert signed.code == Exit.DONE, signed
    verified = console("signatures", "verify", f"{name}@1", model, "-t", key.public, "--json")
    assert verified.code == Exit.DONE, verified
    (signer,) = json.loads(verified.out)["signers"]
    listed = json.loads(console("signatures", "list", f"{name}@1", "--json").out)
    assert [one["signer"] for one in listed["signatures"]] == [signer]
    model.write_bytes(b"evil")
    changed = console("signatures", "verify", f"{name}@1", model, "-t", folder, "--json")
    assert changed.code == Exit.ERROR
    assert json.loads(changed.out)["error"]["code"] == "wrong_bytes"
    other = console("sign", model, "--key", key.private, "--attach", f"{name}@1", "--json")
    assert json.loads(other.out)["error"]["code"] == "bad_signature"


def test_a_signature_is_written_where_it_is_wanted(
    console: Console, folder: Path, model: Path
) -> None:
    key, out = pair(folder, "anna"), folder / "model.sig"
    assert console("sign", model, "-k", key.private, "-o", out).code == Exit.DONE
    assert json.loads(out.read_text())
    assert json.loads(console("sign", model, "-k", key.private).out)
    bad = console("sign", model, "-k", key.public)
    assert bad.code == Exit.USAGE
    assert "openssl" in bad.err


def test_a_verb_says_what_it_would_do_and_does_nothing(
    console: Console, name: str, folder: Path, model: Path
) -> None:
    rules = folder / "rules.yaml"
    rules.write_text("environments: [{name: production, protected: true, card: [summary]}]\n")
    space = name.partition("/")[0]
    assert "would be done" in console("rules", "set", space, rules, "--plan-only").out
    assert console("rules", "set", space, rules).code == Exit.DONE
    entered = console("register", name, model, "--plan-only", "--json")
    assert json.loads(entered.out)["type"] == "ModelRegistered"
    assert console("register", name, model).code == Exit.DONE
    next_ = console("register", name, model, "--plan-only", "--json")
    assert json.loads(next_.out)["version"] == 2
    refused = console("promote", name, 1, "--plan-only")
    assert refused.code == Exit.REFUSED
    for part in ("would be refused (no_card)", "must sign: 1 x approver", "nobody has asked yet"):
        assert part in refused.out
    plan = console("request", name, 1, "-r", "better", "--plan-only", "--json")
    assert plan.code == Exit.DONE
    assert json.loads(plan.out)["type"] == "PromotionRequested"
    assert json.loads(plan.out)["way"]["missing"] == {"approver": 1}
    assert json.loads(console("requests", name, "--json").out)["requests"] == []
    tagged = console("tag", name, "team=risk", "--plan-only")
    assert "would be done" in tagged.out
    assert console("tag", name, "team=risk").code == Exit.DONE
    again = console("tag", name, "team=risk", "--plan-only")
    assert (again.code, "would be done" in again.out) == (Exit.DONE, False)


def test_what_stands_outside_of_the_log_is_not_planned(console: Console, name: str) -> None:
    kept = console("personal", "add", name.partition("/")[0], "Ada Lovelace", "--plan-only")
    assert kept.code == Exit.USAGE
    assert "nothing was sent" in kept.err


def test_a_version_brings_its_signature_and_a_variant_gets_its_own(
    console: Console, name: str, folder: Path, model: Path
) -> None:
    key, out, small = pair(folder, "anna"), folder / "model.sig", folder / "model.int8"
    small.write_bytes(b"smaller")
    assert console("sign", model, "-k", key.private, "-o", out).code == Exit.DONE
    registered = console(
        *("register", name, model, "--bundle", out, "--variant", f"quantised:int8={small}")
    )
    assert registered.code == Exit.DONE, registered
    verify = ("signatures", "verify", f"{name}@1")
    assert console(*verify, model, "-t", key.public).code == Exit.DONE
    of_variant = (*verify, small, "-t", key.public, "--variant", "int8")
    assert "nobody has signed it" in console(*of_variant).err
    attach = ("--attach", f"{name}@1", "--variant", "int8")
    signed = console("sign", small, "-k", key.private, *attach)
    assert signed.code == Exit.DONE, signed
    assert console(*of_variant).code == Exit.DONE
    other = console("register", name, small, "--bundle", out, "--json")
    assert json.loads(other.out)["error"]["code"] == "bad_signature"


def test_a_version_that_has_a_recipe_is_made_again(
    console: Console, name: str, folder: Path, model: Path
) -> None:
    policy, data, code = folder / "policy.yaml", folder / "rows.txt", folder / "training"
    policy.write_text("gates: [{gate: again, kind: reproduction, metrics: [rows]}]\n")
    data.write_text("1\n2\n")
    code.mkdir()
    (code / "train.py").write_text(
        "import json, sys\n"
        "rows = open(sys.argv[1]).read().split()\n"
        "open('model', 'w').write('weights')\n"
        "json.dump({'rows': len(rows)}, open('metrics.json', 'w'))\n"
    )
    assert console("policy", "save", name.partition("/")[0], "release", policy).code == Exit.DONE
    pushed = console("artifact", "push", data, "--namespace", name.partition("/")[0], "--json")
    digest = json.loads(pushed.out)["digest"]
    again = ("--recipe", code, "--rebuild", "train.py {train}")
    registered = console(
        *("register", name, model, "--upload", "--metric", "rows=2"),
        *("--data", f"rollbook:{digest}={digest}", *again),
    )
    assert registered.code == Exit.DONE, registered
    deadline = monotonic() + 90
    while "passed" not in (verdict := console("validate", "show", f"{name}@1").out):
        assert monotonic() < deadline, verdict
        sleep(0.5)
    assert "train.py '{train}' in rollbook:sha256:" in console("show", f"{name}@1").out

    for wrong in (again[:2], (*again[:3], "gone.py"), (*again[:3], "train.py {out}")):
        assert console("register", name, model, *wrong).code == Exit.USAGE
