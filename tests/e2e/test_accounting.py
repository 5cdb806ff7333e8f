"""Why something serves, and the evidence for it, as somebody types it who must account for it."""

import json
from pathlib import Path
from uuid import uuid4

import pytest

from rollbook.cli.exits import Exit
from tests.e2e.conftest import Console, Ended

RULES = """\
environments:
  - name: production
    approvals:
      limited: {ml-ops: 1}
"""


def done(ended: Ended) -> Ended:
    assert ended.code == Exit.DONE, ended
    return ended


@pytest.fixture
def name(console: Console, folder: Path) -> str:
    """A model whose version 1 serves in production, asked for by ann and signed by bob."""
    space = f"n{uuid4().hex[:10]}"
    model, rules = folder / "model.joblib", folder / "rules.yaml"
    model.write_bytes(b"weights")
    rules.write_text(RULES)
    made = f"{space}/churn"
    for actor, *words in (
        ("root", "rules", "set", space, rules),
        ("eve", "register", made, model, "--metric", "auc=0.91", "--licence", "MIT"),
        ("eve", "validate", "record", f"{made}@1", "--passed", "auc"),
        ("ann", "request", made, 1, "--reason", "it is better"),
        ("bob", "approve", made, 1, "--title", "ml-ops"),
        ("ann", "promote", made, 1),
    ):
        done(console(*words, "--actor", actor))
    return made


def test_why_a_version_serves_fits_on_one_screen(console: Console, name: str) -> None:
    shown = done(console("why", name)).out
    for part in (
        "version 1 serves in production because ann promoted it",
        "put there by ann",
        "asked for by ann: request 1",
        "signed by bob: request 1 signed by bob as ml-ops",
        "by the rules of root",
        "judged by eve: version 1 passed auc",
        "registered by eve",
    ):
        assert part in shown, shown
    assert len(shown.splitlines()) < 20
    answer = json.loads(done(console("why", name, "--json")).out)
    first = answer["links"][0]
    assert (answer["version"], first["because"]) == (1, "put there by")
    done(console("clear", name, "production", "-r", "over", "--actor", "joe"))
    assert "joe took version 1 away: over" in console("why", name).out
    then = json.loads(done(console("why", name, "--as-of", first["position"], "--json")).out)
    assert then == answer
    assert "nothing has ever served in shadow" in console("why", name, "-e", "shadow").out


def test_a_timeline_tells_a_version_s_story(console: Console, name: str) -> None:
    shown = done(console("timeline", f"{name}@1")).out
    assert shown.index("registered") < shown.index("passed auc") < shown.index("signed by bob")
    events = json.loads(done(console("timeline", f"{name}@1", "--json")).out)["events"]
    assert events[-1]["type"] == "VersionPromoted"
    assert console("timeline", name).code == Exit.USAGE
    assert console("timeline", f"{name}@7").code == Exit.REFUSED


def test_an_evidence_pack_is_written_for_an_auditor(
    console: Console, name: str, folder: Path
) -> None:
    pack = folder / "pack"
    said = done(console("evidence", name, "-o", pack)).out
    assert "pack.html" in said
    document = json.loads((pack / "pack.json").read_text())
    assert document["chains"][0]["environment"] == "production"
    bom = json.loads((pack / "bom.cdx.json").read_text())
    assert bom["metadata"]["component"]["licenses"] == [{"license": {"id": "MIT"}}]
    assert "it is better" in (pack / "pack.html").read_text()
    done(console("evidence", f"{name}@1", "-o", folder / "alone.html"))
    assert (folder / "alone.html").read_text() == (pack / "pack.html").read_text()
    assert json.loads(done(console("evidence", f"{name}@1", "--json")).out) == document
    assert console("evidence", name).code == Exit.USAGE
    missing = console("evidence", name, "-e", "shadow", "--json")
    assert (missing.code, json.loads(missing.out)["error"]["code"]) == (
        Exit.REFUSED,
        "nothing_serves",
    )
