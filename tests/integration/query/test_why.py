"""Why something serves, what happened to a version, and its evidence pack, over HTTP."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator

from tests.integration.query.system import DIGEST, Caller

RULES = {
    "environments": [
        {"name": "staging"},
        {"name": "production", "after": "staging", "approvals": {"limited": {"ml-ops": 1}}},
    ]
}


@pytest.fixture
def served(caller: Caller) -> Caller:
    """A caller whose version 1 serves in production, signed by mary."""
    caller.done("SetRules", {"rules": RULES}, X_Actor="grace")
    caller.done("RegisterModel", {}, X_Actor="ann")
    artifact = {"uri": "s3://b/m", "digest": DIGEST}
    caller.done("RegisterVersion", {"artifact": artifact, "change": "architecture"}, X_Actor="ann")
    card = {"version": 1, "card": {"summary": "Finds <script>fraud</script>."}}
    caller.done("WriteCard", card, X_Actor="ann")
    gates = [{"gate": "auc", "outcome": "passed"}]
    caller.done("RecordValidation", {"version": 1, "gates": gates}, X_Actor="ci")
    caller.done("PromoteVersion", {"version": 1, "environment": "staging"}, X_Actor="hedy")
    caller.done("RequestPromotion", {"version": 1, "reason": "better"}, X_Actor="joan")
    caller.done("ApprovePromotion", {"request": 1, "title": "ml-ops"}, X_Actor="mary")
    caller.done("PromoteVersion", {"version": 1}, X_Actor="hedy")
    return caller


def asked(caller: Caller, environment: str = "production", **params: Any) -> dict[str, Any]:
    response = caller.read(f"/environments/{environment}/why", **params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def said(answer: dict[str, Any]) -> list[tuple[str, str]]:
    return [(link["because"], link["actor"]) for link in answer["links"]]


def newest(caller: Caller) -> str:
    return str(caller.done("DescribeModel", {"description": f"{datetime.now(UTC)}"})["position"])


CHAIN = [
    ("put there by", "hedy"),
    ("asked for by", "joan"),
    ("signed by", "mary"),
    ("by the rules of", "grace"),
    ("judged by", "ci"),
    ("described in a card by", "ann"),
    ("let in elsewhere before by", "hedy"),
    ("registered by", "ann"),
]


def test_one_call_says_why_a_version_serves(served: Caller) -> None:
    answer = asked(served, min_position=newest(served))
    assert said(answer) == CHAIN
    assert (answer["version"], answer["label"]) == (1, "1.0.0")
    assert answer["summary"].startswith("version 1 serves in production because hedy promoted it")
    for link in answer["links"]:
        event = served.client.get(f"/api/v1/events/{link['position']}").json()
        assert (event["id"], event["prev"]) == (link["id"], link["prev"])
        assert len(link["digest"]) == 64


def test_as_of_a_moment_the_chain_is_what_it_was_then(served: Caller) -> None:
    before = newest(served)
    promoted = asked(served, min_position=before)["links"][0]
    served.version()
    done = served.done("BreakGlass", {"version": 2, "reason": "x"}, X_Actor="eve")
    after = asked(served, min_position=done["position"])
    assert (after["version"], after["links"][0]["type"]) == (2, "GlassBroken")
    assert ("in place of what was put there by", "hedy") in said(after)
    for moment in (promoted["position"], promoted["id"]):
        then = asked(served, as_of=moment)
        assert said(then) == CHAIN
    assert asked(served, as_of="2020-01-01T00:00:00Z")["version"] is None
    assert "never" not in asked(served)["summary"]
    assert asked(served, "nowhere")["summary"] == "nothing has ever served in nowhere"
    unknown = served.client.get("/api/v1/models/no/such/environments/production/why")
    assert unknown.json()["code"] == "unknown_model"


def test_a_timeline_tells_everything_about_a_version_page_by_page(served: Caller) -> None:
    last = newest(served)
    whole = served.read("/versions/1/timeline", min_position=last).json()
    assert whole["next"] is None
    assert [event["type"] for event in whole["items"]] == [
        "VersionRegistered",
        "CardWritten",
        "VersionValidated",
        "VersionPromoted",
        "PromotionRequested",
        "PromotionApproved",
        "VersionPromoted",
    ]
    assert whole["items"][-2]["sentence"] == (
        "request 1 signed by mary as ml-ops; nobody is missing"
    )
    pages, after = [], None
    while True:
        page = served.read(
            "/versions/1.0.0/timeline", limit=3, **({"after": after} if after else {})
        )
        pages += page.json()["items"]
        after = page.json()["next"]
        if after is None:
            break
    assert pages == whole["items"]
    early = served.read("/versions/1/timeline", as_of=pages[2]["position"]).json()["items"]
    assert early == pages[:3]
    assert served.read("/versions/9/timeline").json()["code"] == "unknown_version"


def pack(caller: Caller, accept: str = "*/*", **params: Any) -> httpx.Response:
    path = f"{caller.path}/versions/1/evidence-pack"
    return caller.client.get(path, params=params, headers={"accept": accept})


def test_an_evidence_pack_is_a_document_a_page_or_a_valid_bom(served: Caller) -> None:
    document = pack(served, min_position=newest(served)).json()
    assert document["format"] == "rollbook-evidence-pack/1"
    (chain,) = [c for c in document["chains"] if c["environment"] == "production"]
    assert said(chain) == CHAIN
    assert document["requests"][0]["state"] == "promoted"
    assert document["remarks"][0]["said_by"] == "mary"
    assert document["governance"]["rules_version"] == 1
    (rules,) = document["rules"]
    assert (rules["version"], rules["set_by"]) == (1, "grace")
    assert {stay["environment"] for stay in document["stays"]} == {"staging", "production"}
    head = served.read("").json()
    assert document["model"]["head"] == head["head"]
    page = pack(served, "text/html")
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.headers["content-security-policy"].startswith("default-src 'none'")
    assert "<script" not in page.text
    assert "signed by mary" in page.text
    bom = pack(served, "application/vnd.cyclonedx+json")
    assert bom.headers["content-type"].startswith("application/vnd.cyclonedx+json")
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(bom.text) is None
    assert pack(served, "text/html", format="cyclonedx").text == bom.text
    assert pack(served, "image/png").json()["code"] == "not_acceptable"
    assert pack(served).json() == document, "the same log makes the same pack"


def test_an_evidence_pack_of_the_past_is_what_it_would_have_been_then(served: Caller) -> None:
    last = newest(served)
    now = pack(served, min_position=last).json()
    later = served.done("ClearEnvironment", {"environment": "production", "reason": "over"})
    then = pack(served, as_of=last, min_position=later["position"]).json()
    assert json.dumps(then) == json.dumps(now)
    changed = pack(served).json()
    assert [c["environment"] for c in changed["chains"]] == ["staging"]
    assert changed["stays"][0]["until"] is not None


def test_what_stands_behind_a_reference_is_in_no_chain_timeline_or_pack(served: Caller) -> None:
    kept = served.client.post(f"{served.space}/personal", json={"content": "Ada Lovelace, 36"})
    assert kept.is_success, kept.text
    reference = kept.json()["reference"]
    served.version()
    broken = served.done("BreakGlass", {"version": 2, "reason": f"{reference} called"})
    params = {"min_position": broken["position"]}
    shown = [
        served.read("/environments/production/why", **params).text,
        served.read("/versions/2/timeline", **params).text,
        *(
            served.read("/versions/2/evidence-pack", format=form, **params).text
            for form in ("json", "html")
        ),
    ]
    assert all(reference in text and "Lovelace" not in text for text in shown)
