"""One model's whole governed life, through HTTP alone."""

from typing import Any

from tests.integration.query.system import Caller

RULES = {
    "environments": [
        {"name": "staging"},
        {
            "name": "production",
            "after": "staging",
            "validated": True,
            "metadata": True,
            "card": ["summary", "limitations"],
            "licences": ["Apache-2.0"],
            "approvals": {"high": {"ml-ops": 1, "product": 1}},
        },
    ],
    "default_risk": "high",
}
SCHEMA = {"required": ["code_commit", "owner"]}


def registration(digit: str, commit: str, auc: float) -> dict[str, Any]:
    return {
        "artifact": {"uri": f"s3://m/{digit}", "digest": f"sha256:{digit * 64}", "size": 1000},
        "change": "retraining",
        "metrics": {"auc": auc},
        "params": {"depth": digit},
        "lineage": {"code_commit": commit, "environment": {"numpy": f"2.{digit}"}},
        "terms": {"licence": "Apache-2.0", "pii": "none"},
    }


class Life:
    """What several people do to one model."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller
        self.model = caller.model

    def act(self, actor: str, command: str, body: dict[str, Any]) -> dict[str, Any]:
        """The answer to a command that must be done."""
        return self._caller.done(command, body, X_Actor=actor)

    def refused(self, actor: str, command: str, body: dict[str, Any], code: str) -> str:
        """What is said of a command that must be refused."""
        response = self._caller.send(command, body, X_Actor=actor)
        assert response.json()["code"] == code, response.text
        return str(response.json()["detail"])

    def review(self, after: dict[str, Any]) -> dict[str, Any]:
        """What a reviewer sees of request 1 after an answer."""
        return self.read("/requests/1", after)

    def read(self, path: str, after: dict[str, Any]) -> dict[str, Any]:
        """What is shown below the model after an answer."""
        return self._shown(self._caller.path + path, after)

    def look(self, path: str, after: dict[str, Any]) -> dict[str, Any]:
        """What is shown below the namespace after an answer."""
        return self._shown(self._caller.space + path, after)

    def anywhere(self, path: str, after: dict[str, Any]) -> dict[str, Any]:
        """What is shown of all models after an answer."""
        return self._shown(f"/api/v1{path}", after)

    def _shown(self, path: str, after: dict[str, Any]) -> dict[str, Any]:
        params = {"min_position": after["position"], "limit": 1000}
        response = self._caller.client.get(path, params=params)
        assert response.status_code == 200, response.text
        shown: dict[str, Any] = response.json()
        return shown


def test_from_rules_to_a_roll_back(caller: Caller) -> None:
    life = Life(caller)
    rules_and_a_version_that_stood_before_them(life)
    asked = the_next_version_is_validated_and_asked_for(life)
    evidence = the_reviewer_sees_what_it_is_about(life, asked)
    others_sign(life, evidence)
    the_facts_change_under_the_signatures(life, evidence)
    the_glass_is_broken_and_looked_at(life)
    and_back(life)


def rules_and_a_version_that_stood_before_them(life: Life) -> None:
    life.act("pia", "RegisterModel", {})
    life.act("pia", "RegisterVersion", registration("1", "aaa", 0.90))
    life.act("rex", "PromoteVersion", {"version": 1})
    life.act("ada", "SetRules", {"rules": RULES})
    life.act("ada", "SetMetadataSchema", {"metadata": SCHEMA})
    life.act("pia", "AssignOwner", {"owner": "pia"})


def the_next_version_is_validated_and_asked_for(life: Life) -> dict[str, Any]:
    second = life.act("pia", "RegisterVersion", registration("2", "bbb", 0.95))
    assert second["event"]["data"]["label"] == "1.1.0"
    measured = {"metrics": {"auc": {"value": 0.94}}, "slice": {"country": "DE"}}
    life.act("pia", "RecordEvaluation", {"version": 2, "evaluation": measured})
    life.act("rex", "PromoteVersion", {"version": 2, "environment": "staging"})
    detail = life.refused("rex", "PromoteVersion", {"version": 2}, "not_validated")
    assert "no card" in detail
    assert "1 x ml-ops, 1 x product must sign" in detail
    card = {"summary": "Finds fraud.", "limitations": "Not for cash."}
    life.act("pia", "WriteCard", {"version": 2, "card": card})
    gates = [{"gate": "auc", "outcome": "passed", "measured": {"latency_ms": 3.0}}]
    life.act("val", "RecordValidation", {"version": 2, "gates": gates})

    body = {"version": 2, "reason": "better", "rollback_plan": "back to 1"}
    return life.act("rex", "RequestPromotion", body)


def the_reviewer_sees_what_it_is_about(life: Life, asked: dict[str, Any]) -> str:
    shown = life.review(asked)
    evidence = shown["now"]["evidence"]
    assert evidence == asked["event"]["data"]["evidence"] == shown["request"]["evidence"]
    assert shown["now"]["missing"] == {"ml-ops": 1, "product": 1}
    assert shown["now"]["objections"] == []
    assert shown["now"]["lacks"] == []
    assert shown["verdict"]["gates"][0]["gate"] == "auc"
    assert shown["card"]["card"]["summary"] == "Finds fraud."
    against = shown["diff"]
    assert (against["old"], against["new"]) == (1, 2)
    (auc,) = against["metrics"]
    assert (auc["name"], auc["old"], auc["new"]) == ("auc", 0.90, 0.95)
    assert round(auc["delta"], 6) == 0.05
    assert against["params"] == {"depth": {"old": "1", "new": "2"}}
    assert against["code"] == {"code_commit": {"old": "aaa", "new": "bbb"}}
    assert against["packages"] == {"numpy": {"old": "2.1", "new": "2.2"}}
    assert [figure["new"] for figure in against["latency"]] == [3.0]
    assert against["card"]["summary"] == {"old": None, "new": "Finds fraud."}

    return str(evidence)


def others_sign(life: Life, evidence: str) -> None:
    product = {"request": 1, "title": "product", "evidence": evidence}
    life.refused("rex", "ApprovePromotion", product, "own_work")
    life.refused("pia", "ApprovePromotion", product, "own_work")
    life.refused("rex", "PromoteVersion", {"version": 2}, "needs_approval")
    life.act("paul", "ApprovePromotion", product)
    signed = life.act("olga", "ApprovePromotion", {**product, "title": "ml-ops"})
    assert life.review(signed)["now"]["missing"] == {}


def the_facts_change_under_the_signatures(life: Life, evidence: str) -> None:
    worse = {"metrics": {"auc": {"value": 0.5}}, "slice": {"country": "AT"}}
    changed = life.act("pia", "RecordEvaluation", {"version": 2, "evaluation": worse})
    shown = life.review(changed)
    assert shown["now"]["changed"] is True
    assert shown["now"]["evidence"] != evidence
    assert shown["now"]["missing"] == {"ml-ops": 1, "product": 1}
    assert [s["counts"] for s in shown["now"]["signatures"]] == [False, False]
    life.refused("rex", "PromoteVersion", {"version": 2}, "needs_approval")
    stale = {"request": 1, "title": "product", "evidence": evidence}
    life.refused("paul", "ApprovePromotion", stale, "evidence_changed")
    now = {"request": 1, "evidence": shown["now"]["evidence"]}
    life.act("paul", "CommentOnPromotion", {"request": 1, "comment": "Austria is small."})
    life.act("paul", "ApprovePromotion", {**now, "title": "product"})
    linked = {
        "version": 2,
        "kind": "risk",
        "title": "Why Austria may be worse",
        "uri": "https://wiki.example.org/at",
    }
    position = life.act("pia", "LinkDocument", linked)
    shown = life.review(position)  # a document is a fact, too
    now["evidence"] = shown["now"]["evidence"]
    life.act("paul", "ApprovePromotion", {**now, "title": "product"})
    life.act("olga", "ApprovePromotion", {**now, "title": "ml-ops"})
    promoted = life.act("rex", "PromoteVersion", {"version": 2})
    assert promoted["event"]["data"]["request"] == 1
    assert sorted(promoted["event"]["data"]["approved_by"]) == ["olga", "paul"]
    shown = life.review(promoted)
    assert shown["request"]["state"] == "promoted"
    assert shown["now"] is None
    assert shown["diff"]["old"] == 1
    assert [d["kind"] for d in shown["discussion"]].count("comment") == 1


def the_glass_is_broken_and_looked_at(life: Life) -> None:
    life.act("pia", "RegisterVersion", registration("3", "ccc", 0.96))
    broken = life.act("olga", "BreakGlass", {"version": 3, "reason": "version 2 declines all"})
    assert "not_validated" in broken["event"]["data"]["bypassed"]
    waiting = life.anywhere("/breaks", broken)["items"]
    assert life.model in {row["model"] for row in waiting}
    justified = {"number": 1, "verdict": "justified", "note": "it ended the outage"}
    life.refused("olga", "ReviewBreakGlass", justified, "own_work")
    reviewed = life.act("abe", "ReviewBreakGlass", justified)
    row = life.read("/breaks/1", reviewed)
    assert (row["verdict"], row["reviewed_by"]) == ("justified", "abe")


def and_back(life: Life) -> None:
    back = life.act("rex", "RollBackVersion", {"reason": "mended"})
    assert back["version"] == 2
    stays = life.read("/environments/production", back)["items"]
    assert [(stay["version"], stay["action"]) for stay in stays] == [
        (2, "VersionRolledBack"),
        (3, "GlassBroken"),
        (2, "VersionPromoted"),
        (1, "VersionPromoted"),
    ]
    figures = life.look("/completeness", back)
    assert (figures["environments"], figures["serving"]) == (["production"], 1)
    assert (figures["complete"], figures["share"]) == (1, 1.0)
