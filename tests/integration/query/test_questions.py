"""Named questions over HTTP and by the SDK: what each caller may see, as of any moment."""

import json
from collections.abc import Iterator
from typing import Any

import pytest

from rollbook.client import Invalid, Refused, Registry
from rollbook.readmodel.questions.catalogue import QUESTIONS
from tests.integration.access.secured import ADMIN, Secured, person, secured
from tests.integration.query.system import DIGEST, Caller, System, until
from tests.support.stack import Cluster

Row = dict[str, Any]


def ask(caller: Caller, question: str, **params: Any) -> dict[str, Any]:
    params = {"namespace": caller.namespace, **params}
    response = caller.client.get(f"/api/v1/questions/{question}", params=params)
    assert response.status_code == 200, response.text
    found: dict[str, Any] = response.json()
    return found


def served(caller: Caller) -> list[str]:
    """Two versions, of which the second one is rolled back; the positions of what was done."""
    caller.done("RegisterModel", {})
    for auc in (0.9, 0.8):
        artifact = {"uri": "s3://b/m", "digest": DIGEST}
        caller.done("RegisterVersion", {"artifact": artifact, "metrics": {"auc": auc}})
    did = [caller.done("PromoteVersion", {"version": version}) for version in (1, 2)]
    did.append(caller.done("RollBackVersion", {"reason": "declines doubled"}))
    return [answer["position"] for answer in did]


def test_the_catalogue_says_what_each_question_takes_and_tells(caller: Caller) -> None:
    found = caller.client.get("/api/v1/questions").json()["items"]
    assert [row["question"] for row in found] == list(QUESTIONS)
    by_name = {row["question"]: row for row in found}
    (date,) = (p for p in by_name["trained-before"]["parameters"] if p["name"] == "date")
    assert (date["type"], date["required"]) == ("time", True)
    for row in found:
        assert row["meaning"].endswith("."), row
        assert all(part["means"] for part in row["parameters"]), row


def test_what_serves_is_told_as_of_any_moment(caller: Caller) -> None:
    first, second, third = served(caller)
    newest = {"order": "newest", "limit": 1, "min_position": third}
    (event,) = caller.read("/history", **newest).json()["items"]
    versions = [
        [row["version"] for row in ask(caller, "serving", as_of=as_of)["items"]]
        for as_of in (first, second, third, event["time"], event["id"], "2020-01-01T00:00:00Z")
    ]
    assert versions == [[1], [2], [1], [1], [1], []]
    now = ask(caller, "serving", min_position=third)
    (row,) = now["items"]
    assert (row["version"], row["reason"], row["position"]) == (1, "declines doubled", third)
    assert now["parameters"] == {"namespace": caller.namespace, "environment": None}
    assert [column["name"] for column in now["columns"]] == list(row)


def test_a_regression_and_its_roll_back_are_found(caller: Caller) -> None:
    *_, last = served(caller)
    (worse,) = ask(caller, "regressed", min_position=last)["items"]
    assert (worse["metric"], worse["before"], worse["after"]) == ("auc", 0.9, 0.8)
    assert ask(caller, "regressed", direction="lower", min_position=last)["items"] == []
    (back,) = ask(caller, "rolled-back", min_position=last)["items"]
    assert (back["version"], back["restored"], back["reason"]) == (2, 1, "declines doubled")
    everything, *_ = ask(caller, "slo-m1", min_position=last)["items"]
    assert (everything["numerator"], everything["denominator"]) == (1, 2)


def test_an_answer_comes_in_pages(caller: Caller) -> None:
    caller.done("RegisterModel", {})
    last = [caller.version() for _ in range(5)][-1]["position"]
    params: Row = {"date": "2999-01-01", "limit": 2, "min_position": last}
    found: list[int] = []
    after: str | None = None
    while True:
        more = {"after": after} if after else {}
        page = ask(caller, "trained-before", **params, **more)
        found += [row["version"] for row in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert found == [1, 2, 3, 4, 5]


@pytest.mark.parametrize(
    ("question", "params", "field"),
    [
        ("serving", {"colour": "blue"}, "colour"),
        ("serving", {"environment": "No Such"}, "environment"),
        ("serving", {"environment": ["a", "b"]}, "environment"),
        ("serving", {"after": "x"}, "after"),
        ("serving", {"after": '["a"]'}, "after"),
        ("serving", {"as_of": "yesterday"}, "as_of"),
        ("serving", {"limit": "0"}, "limit"),
        ("trained-before", {}, "date"),
        ("trained-before", {"date": "2026-03-15T09:00"}, "date"),
        ("trained-before", {"date": "5"}, "date"),
        ("regressed", {"days": "0"}, "days"),
        ("regressed", {"direction": "up"}, "direction"),
        ("depends-on", {"dataset": "a\x00b"}, "dataset"),
        ("slo-m1", {"since": "soon"}, "since"),
    ],
)
def test_a_bad_parameter_is_named(caller: Caller, question: str, params: Row, field: str) -> None:
    response = caller.client.get(f"/api/v1/questions/{question}", params=params)
    assert response.status_code == 422, response.text
    assert [error["field"] for error in response.json()["errors"]] == [field]


def test_nobody_can_ask_what_has_no_name(caller: Caller) -> None:
    response = caller.client.get("/api/v1/questions/why")
    assert (response.status_code, response.json()["code"]) == (404, "unknown_question")


def test_the_sdk_asks_for_all_pages(system: System, caller: Caller) -> None:
    caller.done("RegisterModel", {})
    for _ in range(3):
        caller.version()
    with Registry(system.url) as registry:
        registry.wait(caller.version()["position"])
        assert "serving" in [question.question for question in registry.questions()]
        space = caller.namespace
        found = registry.ask("trained-before", date="2999-01-01", namespace=space)
        assert [row["version"] for row in found] == [1, 2, 3, 4]
        few = registry.ask("trained-before", date="2999-01-01", namespace=space, limit=2)
        assert [row["version"] for row in few] == [1, 2]
        with pytest.raises(Invalid, match="colour"):
            registry.ask("serving", colour="blue")
        with pytest.raises(Refused, match="nobody has named"):
            registry.ask("why")
        levels = registry.service_levels(namespace=space)
        assert [row["slo"] for row in levels if row["part"] in ("all", "automatic")] == [
            "M1", "M1", *(f"M{n}" for n in range(2, 11)),
        ]  # fmt: skip


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Two tenants: what serves there was promoted twice, and was denied once."""
    with secured(cluster, tmp_path_factory.mktemp("idp")) as started:
        started.grant("ours", "ann", "viewer")
        started.grant("ours", "group:lookers", "viewer", models="fr*")
        for stream in ("ours/fraud", "ours/churn", "theirs/fraud"):
            started.done(stream, "RegisterModel", {})
            artifact = {"artifact": {"uri": "s3://b/m", "digest": DIGEST}}
            started.done(stream, "RegisterVersion", artifact)
            started.done(stream, "PromoteVersion", {"version": 1})
        yield started


def shown(guarded: Secured, token: str, question: str, **params: Any) -> list[Row]:
    with guarded.client(token) as client:
        response = client.get(f"/api/v1/questions/{question}", params=params)
    assert response.status_code == 200, response.text
    found: list[Row] = response.json()["items"]
    return found


def test_answers_and_figures_are_of_what_may_be_seen(guarded: Secured) -> None:
    def models(token: str, **params: Any) -> list[str]:
        return [row["model"] for row in shown(guarded, token, "serving", **params)]

    def promotions(token: str) -> int:
        found: int = shown(guarded, token, "slo-m1")[0]["denominator"]
        return found

    until(lambda: len(models(ADMIN.reveal())) == 3)
    lookers = person("bob", groups=["lookers"])
    assert models(person()) == ["ours/churn", "ours/fraud"]
    assert models(lookers) == ["ours/fraud"]
    assert models(lookers, limit=1) == ["ours/fraud"]
    assert models(person(), namespace="theirs") == []
    assert models(ADMIN.reveal(), namespace="theirs") == ["theirs/fraud"]
    assert models(person("eve")) == []
    assert [promotions(token) for token in (ADMIN.reveal(), person(), lookers)] == [3, 2, 1]


def test_who_may_not_read_gets_no_catalogue_without_a_token(guarded: Secured) -> None:
    with guarded.client(None) as client:
        assert client.get("/api/v1/questions").status_code == 401
        assert client.get("/api/v1/questions/serving").status_code == 401


def test_a_page_says_where_it_goes_on(caller: Caller) -> None:
    served(caller)
    after = json.dumps([caller.model, "production"])
    assert ask(caller, "serving", after=after)["items"] == []
