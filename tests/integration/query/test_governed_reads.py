"""What the reads show of cards, requests, rules, roles and personal data."""

from typing import Any
from uuid import uuid4

import pytest

from rollbook.domain.grants import key_id
from tests.integration.query.system import DIGEST, Caller

PUBLIC_KEY = "11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"
CARD = {"summary": "Finds <script>fraud</script>.", "limitations": "Not for cash."}


@pytest.fixture
def labelled(caller: Caller) -> Caller:
    """A caller whose model has versions 1 (1.0.0) and 2 (1.1.0)."""
    caller.done("RegisterModel", {})
    for change in ("architecture", "retraining"):
        artifact = {"uri": "s3://b/m", "digest": DIGEST}
        caller.done("RegisterVersion", {"artifact": artifact, "change": change})
    return caller


def items(caller: Caller, path: str, **params: Any) -> list[dict[str, Any]]:
    response = caller.read(path, **params)
    assert response.status_code == 200, response.text
    found: list[dict[str, Any]] = response.json()["items"]
    return found


def test_a_version_is_found_by_number_and_by_label(labelled: Caller) -> None:
    position = labelled.done("DescribeModel", {"description": "x"})["position"]
    by_label = labelled.read("/versions/1.1.0", min_position=position)
    assert by_label.json() == labelled.read("/versions/2").json()
    missing = labelled.read("/versions/2.0.0")
    assert (missing.status_code, missing.json()["code"]) == (404, "unknown_version")


def test_versions_can_be_asked_for_by_stage(labelled: Caller) -> None:
    gates = [{"gate": "auc", "outcome": "passed"}]
    done = labelled.done("RecordValidation", {"version": 2, "gates": gates})
    for stage, numbers in (("validated", [2]), ("registered", [1]), ("rejected", [])):
        rows = items(labelled, "/versions", stage=stage, min_position=done["position"])
        assert [row["version"] for row in rows] == numbers
    assert labelled.read("/versions", stage="great").status_code == 422


def test_evaluations_are_found_by_kind_split_and_slice(labelled: Caller) -> None:
    for number, (kind, split, slice_) in enumerate(
        [
            ("offline", "test", {}),
            ("offline", "test", {"country": "DE", "age": "18-25"}),
            ("offline", "validation", {"country": "DE"}),
            ("production", "test", {"country": "AT"}),
        ]
    ):
        evaluation = {
            "kind": kind,
            "split": split,
            "slice": slice_,
            "metrics": {"auc": {"value": number}},
        }
        done = labelled.done("RecordEvaluation", {"version": 2, "evaluation": evaluation})

    def numbers(**params: Any) -> list[int]:
        found = items(labelled, "/versions/2/evaluations", min_position=done["position"], **params)
        return [row["number"] for row in found]

    assert numbers() == [1, 2, 3, 4]
    assert numbers(order="newest") == [4, 3, 2, 1]
    assert numbers(kind="production") == [4]
    assert numbers(split="validation") == [3]
    assert numbers(slice="country=DE") == [2, 3]
    assert numbers(slice=["country=DE", "age=18-25"]) == [2]
    first = labelled.read("/versions/2/evaluations", limit=3).json()
    assert numbers(after=first["next"]) == [4]
    for params in ({"slice": "DE"}, {"after": "x"}, {"kind": "guessed"}):
        assert labelled.read("/versions/2/evaluations", **params).status_code == 422
    assert items(labelled, "/versions/1.0.0/evaluations") == []


def test_documents_and_verdicts_of_a_version_are_told(labelled: Caller) -> None:
    link = {"version": 1, "kind": "risk", "title": "Risks", "uri": "https://h/x"}
    labelled.done("LinkDocument", link)
    for outcome in ("failed", "passed"):
        gates = [{"gate": "auc", "outcome": outcome}]
        done = labelled.done("RecordValidation", {"version": 1, "gates": gates})
    (document,) = items(labelled, "/versions/1/documents", min_position=done["position"])
    assert document["title"] == "Risks"
    stages = [row["stage"] for row in items(labelled, "/versions/1/verdicts")]
    assert stages == ["validated", "rejected"]


def test_a_card_is_shown_as_json_markdown_or_a_page(labelled: Caller) -> None:
    labelled.done("WriteCard", {"version": 2, "card": {"summary": "draft"}})
    labelled.done("WriteCard", {"version": 2, "card": CARD})
    review = {"version": 2, "review_by": "2100-01-01T00:00:00Z", "note": "holds"}
    position = labelled.done("ReviewCard", review)["position"]
    path = f"{labelled.path}/versions/1.1.0/card"

    def card(accept: str = "*/*", **params: Any) -> Any:
        headers = {"accept": accept}
        return labelled.client.get(path, params=params, headers=headers)

    as_json = card(min_position=position)
    assert as_json.json()["card"]["summary"] == CARD["summary"]
    assert as_json.json()["revision"] == 2
    assert card(revision=1).json()["card"]["summary"] == "draft"
    as_text = card("text/markdown")
    assert as_text.headers["content-type"] == "text/markdown; charset=utf-8"
    assert "Not for cash." in as_text.text
    as_page = card("text/html,*/*;q=0.8")
    assert as_page.headers["content-type"] == "text/html; charset=utf-8"
    policy = as_page.headers["content-security-policy"]
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "<script" not in as_page.text
    assert card("text/html", format="markdown").text == as_text.text
    assert card("image/png").json()["code"] == "not_acceptable"
    assert card(format="pdf").status_code == 422
    assert (card(revision=3).status_code, card(revision=3).json()["code"]) == (404, "no_card")
    revisions = items(labelled, "/versions/2/card/revisions")
    assert [row["revision"] for row in revisions] == [2, 1]
    (reviewed,) = items(labelled, "/versions/2/card/reviews")
    assert reviewed["note"] == "holds"


def test_two_versions_are_compared_by_number_or_label(labelled: Caller) -> None:
    position = labelled.done("DescribeVersion", {"version": 2, "description": "x"})["position"]
    shown = labelled.read("/versions/1/diff/1.1.0", min_position=position).json()
    assert (shown["old"], shown["new"]) == (1, 2)
    assert shown["description"] == {"old": "", "new": "x"}
    assert shown["label"] == {"old": "1.0.0", "new": "1.1.0"}
    assert labelled.read("/versions/1/diff/9").json()["code"] == "unknown_version"
    assert labelled.read("/versions/1/diff/x").json()["errors"][0]["field"] == "version"


def test_the_inbox_shows_open_requests_by_title_age_and_person(labelled: Caller) -> None:
    for number, reviewers in ((1, {"legal": 1}), (2, {"product": 1})):
        body = {"version": number, "reason": "better", "reviewers": reviewers}
        done = labelled.done("RequestPromotion", body, X_Actor="rex")

    def inbox(actor: str = "abe", **params: Any) -> list[int]:
        where = {"namespace": labelled.namespace, "min_position": done["position"]}
        response = labelled.client.get(
            "/api/v1/requests", params={**where, **params}, headers={"x-actor": actor}
        )
        assert response.status_code == 200, response.text
        return [row["request"] for row in response.json()["items"]]

    assert inbox() == [1, 2]
    assert inbox(title="legal") == [1]
    assert inbox(requested_before="2020-01-01T00:00:00Z") == []
    assert inbox("rex", mine="asked") == [1, 2]
    assert inbox("abe", mine="asked") == []
    assert inbox("rex", mine="to-sign") == []
    assert inbox("anonymous", mine="to-sign") == []  # who registered the versions
    assert inbox("abe", mine="to-sign") == [1, 2]
    done = labelled.done("ApprovePromotion", {"request": 1}, X_Actor="abe")
    assert inbox("eva", mine="to-sign") == [2]
    assert inbox(title="legal") == []
    assert inbox(limit=1) == [1]
    assert inbox(after=f"{labelled.model}/1") == [2]
    done = labelled.done("RejectPromotion", {"request": 2, "reason": "no"})
    assert inbox() == [1]
    assert inbox(state="rejected") == [2]
    states = {row["request"]: row["state"] for row in items(labelled, "/requests")}
    assert states == {2: "rejected", 1: "open"}
    assert [row["request"] for row in items(labelled, "/requests", state="rejected")] == [2]
    closed = labelled.read("/requests/2").json()
    assert closed["now"] is None
    assert closed["request"]["closed_reason"] == "no"
    unknown = labelled.read("/requests/3")
    assert (unknown.status_code, unknown.json()["code"]) == (404, "unknown_request")
    for params in (
        {"after": "x"},
        {"requested_before": "long ago"},
        {"state": "lost"},
        {"namespace": "A"},
    ):
        assert labelled.client.get("/api/v1/requests", params=params).status_code == 422


def test_what_the_inbox_says_of_evidence_is_what_a_signature_takes(labelled: Caller) -> None:
    document = {"version": 1, "kind": "risk", "title": "Risks", "uri": "https://h/x"}
    labelled.done("LinkDocument", document)
    body = {"version": 1, "reason": "better", "reviewers": {"legal": 1}}
    asked = labelled.done("RequestPromotion", body)
    shown = labelled.read("/requests/1", min_position=asked["position"]).json()
    (row,) = items(labelled, "/requests")
    evidence = asked["event"]["data"]["evidence"]
    assert row["evidence_now"] == shown["now"]["evidence"] == evidence
    assert row["missing_now"] == shown["now"]["missing"] == {"legal": 1}


def test_overdue_requests_say_what_is_due(labelled: Caller) -> None:
    labelled.done("SetRules", {"rules": {"request_escalates": "PT0.001S"}})
    body = {"version": 1, "reason": "better", "reviewers": {"legal": 1}}
    labelled.done("RequestPromotion", body)
    labelled.done("SetRules", {"rules": {"request_expires": "PT0.001S"}})
    position = labelled.done("RequestPromotion", {**body, "version": 2})["position"]
    params: dict[str, Any] = {"min_position": position, "limit": 1000}
    rows = labelled.client.get("/api/v1/requests/overdue", params=params).json()["items"]
    due = {
        row["request"]["request"]: row["due"]
        for row in rows
        if row["request"]["model"] == labelled.model
    }
    assert due == {1: "escalate", 2: "expire"}
    expired = labelled.read("/requests/2").json()["now"]["objections"]
    assert [objection["code"] for objection in expired] == ["expired"]


def test_a_request_for_what_cannot_serve_says_why(labelled: Caller) -> None:
    labelled.done("RequestPromotion", {"version": 1, "reason": "better"})
    failed = {"version": 1, "gates": [{"gate": "auc", "outcome": "failed"}]}
    position = labelled.done("RecordValidation", failed)["position"]
    now = labelled.read("/requests/1", min_position=position).json()["now"]
    assert [objection["code"] for objection in now["objections"]] == ["rejected"]


def test_a_request_for_where_a_gate_bars_it_says_which(labelled: Caller) -> None:
    labelled.done("RequestPromotion", {"version": 1, "reason": "better"})
    slow = [{"gate": "auc", "outcome": "passed"}, {"gate": "quick", "outcome": "failed"}]
    body = {"version": 1, "gates": slow, "bound": {"quick": ["production"]}}
    position = labelled.done("RecordValidation", body)["position"]
    now = labelled.read("/requests/1", min_position=position).json()["now"]
    assert [objection["code"] for objection in now["objections"]] == ["barred"]
    verdict = labelled.read("/versions/1/verdicts", min_position=position).json()["items"][0]
    assert verdict["stage"] == "validated"
    assert verdict["barred"] == {"production": ["quick"]}


def test_an_environment_tells_who_stood_there_also_past_the_rules(labelled: Caller) -> None:
    labelled.done("PromoteVersion", {"version": 1})
    labelled.done("BreakGlass", {"version": 2, "reason": "fire"})
    labelled.done("ClearEnvironment", {"environment": "production", "reason": "over"})
    position = labelled.done("PromoteVersion", {"version": 1})["position"]
    rows = items(labelled, "/environments/production", min_position=position)
    assert [(row["version"], row["action"]) for row in rows] == [
        (1, "VersionPromoted"),
        (2, "GlassBroken"),
        (1, "VersionPromoted"),
    ]
    assert rows[1]["until"] < rows[0]["since"]
    assert items(labelled, "/environments/staging") == []
    (broken,) = items(labelled, "/breaks")
    assert (broken["number"], broken["verdict"]) == (1, None)
    assert labelled.read("/breaks/2").json()["code"] == "unknown_break"


def unreviewed(caller: Caller, **params: Any) -> list[str]:
    response = caller.client.get("/api/v1/breaks", params={"limit": 1000, **params})
    return [row["model"] for row in response.json()["items"]]


def test_broken_glasses_wait_until_they_are_reviewed(labelled: Caller) -> None:
    broken = labelled.done("BreakGlass", {"version": 2, "reason": "fire"}, X_Actor="eva")
    assert labelled.model in unreviewed(labelled, min_position=broken["position"])
    body = {"number": 1, "verdict": "unjustified", "note": "it was a candle"}
    reviewed = labelled.done("ReviewBreakGlass", body, X_Actor="abe")
    assert labelled.model not in unreviewed(labelled, min_position=reviewed["position"])


def test_rules_and_schemas_are_told_as_they_are_and_as_they_were(caller: Caller) -> None:
    assert caller.look().json()["code"] == "unknown_namespace"
    for count in (1, 2):
        rules = {"environments": [{"name": f"e{n}"} for n in range(count)]}
        caller.done("SetRules", {"rules": rules}, X_Actor=f"ann{count}")
    done = caller.done("SetMetadataSchema", {"metadata": {"required": ["owner"]}})
    now = caller.look(min_position=done["position"])
    assert now.headers["etag"] == '"3"'
    assert (now.json()["rules_version"], now.json()["schema_version"]) == (2, 1)
    assert len(now.json()["rules"]["environments"]) == 2
    past = caller.look("/rules/1").json()
    assert (past["version"], past["set_by"]) == (1, "ann1")
    assert [rule["name"] for rule in past["rules"]["environments"]] == ["e0"]
    assert caller.look("/schemas/1").json()["metadata"]["required"] == ["owner"]
    for path in ("/rules/3", "/schemas/2"):
        assert caller.look(path).json()["code"] == "unknown_version"
    assert caller.look("/rules/0").status_code == 422
    history = caller.look("/history").json()["items"]
    assert [row["type"] for row in history] == ["RulesSet", "RulesSet", "MetadataSchemaSet"]
    names = caller.client.get("/api/v1/namespaces", params={"limit": 1000}).json()["items"]
    assert caller.namespace in {row["namespace"] for row in names}
    after = caller.client.get("/api/v1/namespaces", params={"after": caller.namespace}).json()
    assert all(row["namespace"] > caller.namespace for row in after["items"])
    assert caller.client.get("/api/v1/namespaces", params={"after": "A"}).status_code == 422


def test_grants_keys_and_collections_are_told(caller: Caller) -> None:
    grant = {"subject": "ann", "role": "approver", "title": "legal", "reason": "law"}
    caller.done("GrantRole", grant)
    caller.done("GrantRole", {"subject": "bob", "role": "viewer", "reason": "looks"})
    caller.done("RevokeRole", {"grant": 2, "reason": "left"})
    key = {"account": "ci", "public_key": PUBLIC_KEY, "until": "2100-01-01T00:00:00Z"}
    caller.done("IssueKey", key)
    caller.done("SetCollection", {"collection": "checkout", "models": ["b", "a"]})
    done = caller.done("SetCollection", {"collection": "search", "models": []})
    grants = caller.look("/grants", min_position=done["position"]).json()["items"]
    assert [(row["subject"], row["revoked_reason"]) for row in grants] == [
        ("ann", None),
        ("bob", "left"),
    ]
    first = caller.look("/grants", limit=1).json()
    assert caller.look("/grants", after=first["next"]).json()["items"] == grants[1:]
    (issued,) = caller.look("/keys").json()["items"]
    assert (issued["key"], issued["account"]) == (key_id(PUBLIC_KEY), "ci")
    collections = caller.look("/collections").json()["items"]
    assert [row["collection"] for row in collections] == ["checkout", "search"]
    assert caller.look("/collections/checkout").json()["models"] == ["a", "b"]
    assert caller.look("/collections/none").json()["code"] == "unknown_collection"
    assert caller.look("/keys", after="zz").status_code == 422
    assert caller.client.get("/api/v1/namespaces/A/grants").status_code == 422


def test_completeness_is_a_share_and_a_list_of_what_is_lacking(caller: Caller) -> None:
    metadata = {
        "required": ["code_commit", "owner"],
        "properties": {"required": ["framework"]},
    }
    caller.done("SetMetadataSchema", {"metadata": metadata})
    nothing = caller.look("/completeness").json()
    assert (nothing["serving"], nothing["share"]) == (0, None)
    caller.done("RegisterModel", {})
    caller.version()
    done = caller.done("PromoteVersion", {"version": 1})
    shown = caller.look("/completeness", min_position=done["position"]).json()
    assert (shown["serving"], shown["complete"], shown["share"]) == (1, 0, 0.0)
    (row,) = shown["lacking"]
    assert (row["model"], row["environment"]) == (caller.model, "production")
    assert len(row["lacks"]) == 3
    caller.done("AssignOwner", {"owner": "ann"})
    artifact = {"uri": "s3://b/m", "digest": DIGEST}
    full = {
        "artifact": artifact,
        "properties": {"framework": "x"},
        "lineage": {"code_commit": "abc"},
    }
    caller.done("RegisterVersion", full)
    done = caller.done("PromoteVersion", {"version": 2})
    shown = caller.look("/completeness", min_position=done["position"]).json()
    assert (shown["share"], shown["lacking"]) == (1.0, [])
    shares = {field["field"]: field["share"] for field in shown["fields"]}
    assert shares == {"code_commit": 1.0, "owner": 1.0}
    elsewhere = caller.look("/completeness", environment=["staging", "shadow"]).json()
    assert (elsewhere["environments"], elsewhere["serving"]) == (["staging", "shadow"], 0)


def test_an_open_registry_says_that_everybody_may_do_everything(caller: Caller) -> None:
    me = caller.client.get("/api/v1/me", headers={"x-actor": "ann"}).json()
    assert (me["subject"], me["everything"], me["roles"]) == ("ann", True, [])


def test_personal_data_is_kept_read_and_erased_for_ever(caller: Caller) -> None:
    kept = caller.client.post(
        f"{caller.space}/personal", json={"content": "Ada L."}, headers={"x-actor": "pia"}
    )
    assert kept.status_code == 201
    reference = kept.json()["reference"]
    found = caller.look(f"/personal/{reference}")
    assert (found.json()["content"], found.json()["created_by"]) == ("Ada L.", "pia")
    assert found.headers["cache-control"] == "no-store"
    elsewhere = caller.client.get(f"/api/v1/namespaces/elsewhere/personal/{reference}")
    assert (elsewhere.status_code, elsewhere.json()["code"]) == (404, "unknown_reference")
    erased = caller.done("ErasePersonalData", {"references": [reference], "reason": "she asked"})
    gone = caller.look(f"/personal/{reference}", min_position=erased["position"])
    assert (gone.status_code, gone.json()["code"]) == (410, "erased")
    assert "she asked" in gone.json()["detail"]
    never = caller.look(f"/personal/personal:{uuid4()}")
    assert (never.status_code, never.json()["code"]) == (404, "unknown_reference")


@pytest.mark.parametrize("body", [{}, {"content": ""}, {"content": "a\x00"}, {"text": "x"}, [1]])
def test_what_cannot_be_kept_is_refused_by_its_field(caller: Caller, body: object) -> None:
    response = caller.client.post(f"{caller.space}/personal", json=body)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")


def test_personal_data_must_come_as_json_and_not_be_endless(caller: Caller) -> None:
    path = f"{caller.space}/personal"
    as_text = caller.client.post(path, content=b'{"content": "x"}')
    assert (as_text.status_code, as_text.json()["code"]) == (415, "not_json")
    json = {"content-type": "application/json"}
    noise = b'{"content": "' + b"x" * 5_000_000 + b'"}'
    endless = caller.client.post(path, content=noise, headers=json)
    assert (endless.status_code, endless.json()["code"]) == (413, "oversize")


def test_a_bad_reference_and_an_unknown_person_are_problems(caller: Caller) -> None:
    for reference in ("x", "personal:7", f"personal:{str(uuid4()).upper()}"):
        assert caller.look(f"/personal/{reference}").status_code == 422
    person = caller.client.get("/api/v1/people/account:team/ci")
    assert (person.status_code, person.json()["code"]) == (404, "unknown_person")


@pytest.mark.parametrize(
    "path",
    [
        "/requests",
        "/requests/1",
        "/breaks",
        "/breaks/1",
        "/environments/production",
        "/versions/1.0.0",
        "/versions/1/card",
        "/versions/1/card/revisions",
        "/versions/1/card/reviews",
        "/versions/1/evaluations",
        "/versions/1/documents",
        "/versions/1/verdicts",
        "/versions/1/diff/2",
    ],
)
def test_nothing_is_shown_of_an_unknown_model(caller: Caller, path: str) -> None:
    response = caller.read(path)
    assert (response.status_code, response.json()["code"]) == (404, "unknown_model")


NUL = "%00"


@pytest.mark.parametrize(
    "path",
    [
        f"/requests?title={NUL}",
        f"/requests?after=a{NUL}/b/1",
        f"/requests?namespace={NUL}",
        f"/requests?mine={NUL}",
        f"/breaks?after=a{NUL}/b/1",
        f"/namespaces?after={NUL}",
        f"/namespaces/a/collections?after={NUL}",
        f"/namespaces/a/completeness?environment={NUL}",
        f"/namespaces/{NUL}/grants",
        f"/namespaces/a/personal/{NUL}",
        f"/models/a/b/versions/{NUL}",
        f"/models/a/b/versions?stage={NUL}",
        f"/models/a/b/versions/1/evaluations?after={NUL}",
        f"/models/a/b/requests?state={NUL}",
    ],
)
def test_what_no_table_can_hold_is_refused_before_one_is_asked(caller: Caller, path: str) -> None:
    response = caller.client.get(f"/api/v1{path}")
    assert (response.status_code, response.json()["code"]) == (422, "invalid"), response.text


@pytest.mark.parametrize(
    "path",
    [
        f"/people/{NUL}",
        f"/namespaces/a/collections/{NUL}",
        f"/models/a/b/environments/{NUL}",
        f"/models/a/b/versions/1/evaluations?split={NUL}",
        f"/models/a/b/versions/1/evaluations?slice=a={NUL}",
    ],
)
def test_what_no_table_can_hold_is_not_there(caller: Caller, path: str) -> None:
    assert caller.client.get(f"/api/v1{path}").status_code == 404
