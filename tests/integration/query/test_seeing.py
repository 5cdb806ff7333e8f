"""What lists of all models show in a secured registry: to each one what they may see."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.integration.access.secured import ADMIN, Secured, person, secured
from tests.integration.query.system import DIGEST, until
from tests.support.stack import Cluster


@pytest.fixture(scope="module")
def guarded(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    """Two tenants with an open request, a broken glass and a legal hold each."""
    with secured(cluster, tmp_path_factory.mktemp("idp")) as started:
        started.grant("ours", "ann", "approver", title="legal")
        started.grant("ours", "group:lookers", "viewer", models="fr*")
        for stream in ("ours/fraud", "ours/churn", "theirs/fraud"):
            started.done(stream, "RegisterModel", {})
            artifact = {"artifact": {"uri": "s3://b/m", "digest": DIGEST}}
            started.done(stream, "RegisterVersion", artifact)
            started.done(stream, "HoldVersion", {"version": 1, "reason": "case 7"})
            started.done(stream, "BreakGlass", {"version": 1, "reason": "x", "environment": "e"})
            asked = {"version": 1, "reason": "better", "reviewers": {"legal": 1}}
            started.done(stream, "RequestPromotion", asked)
        yield started


def get(guarded: Secured, token: str, path: str, **params: Any) -> Any:
    with guarded.client(token) as client:
        response = client.get(f"/api/v1{path}", params=params)
    assert response.status_code == 200, response.text
    return response.json()


def shown(guarded: Secured, token: str, path: str, **params: Any) -> list[str]:
    return [row["model"] for row in get(guarded, token, path, **params)["items"]]


@pytest.mark.parametrize("path", ["/requests", "/breaks", "/holds"])
def test_lists_of_all_models_show_what_may_be_seen(guarded: Secured, path: str) -> None:
    until(lambda: len(shown(guarded, ADMIN.reveal(), path)) == 3)
    assert sorted(shown(guarded, person(), path)) == ["ours/churn", "ours/fraud"]
    assert shown(guarded, person("bob", groups=["lookers"]), path) == ["ours/fraud"]
    assert shown(guarded, person("eve"), path) == []


def test_namespaces_are_listed_to_those_who_see_something_of_them(guarded: Secured) -> None:
    def names(token: str) -> list[str]:
        return [row["namespace"] for row in get(guarded, token, "/namespaces")["items"]]

    until(lambda: {"ours", "theirs"} <= set(names(ADMIN.reveal())))
    assert names(person()) == ["ours"]
    assert names(person("eve")) == []


def test_the_inbox_knows_what_somebody_could_sign(guarded: Secured) -> None:
    until(lambda: len(shown(guarded, ADMIN.reveal(), "/requests")) == 3)
    assert sorted(shown(guarded, person(), "/requests", mine="to-sign")) == [
        "ours/churn",
        "ours/fraud",
    ]
    assert shown(guarded, person("bob", groups=["lookers"]), "/requests", mine="to-sign") == []
    assert shown(guarded, ADMIN.reveal(), "/requests", mine="to-sign") == []
    assert len(shown(guarded, ADMIN.reveal(), "/requests", mine="asked")) == 3


def test_everybody_is_told_which_roles_they_hold(guarded: Secured) -> None:
    ann = get(guarded, person(), "/me")
    assert (ann["subject"], ann["everything"], ann["limit"]) == ("ann", False, None)
    (role,) = ann["roles"]
    assert (role["namespace"], role["role"], role["title"]) == ("ours", "approver", "legal")
    (role,) = get(guarded, person("bob", groups=["lookers"]), "/me")["roles"]
    assert (role["by"], role["models"]) == ("group:lookers", "fr*")
    assert get(guarded, person("eve"), "/me")["roles"] == []
    assert get(guarded, ADMIN.reveal(), "/me")["everything"] is True


def test_personal_data_is_kept_by_those_who_work_there_and_read_by_few(guarded: Secured) -> None:
    body = {"content": "Ada L."}
    path = "/api/v1/namespaces/ours/personal"
    guarded.grant("ours", "pia", "publisher")
    guarded.grant("ours", "vic", "viewer")
    with guarded.client(person("pia")) as pia, guarded.client(person("vic")) as vic:
        until(lambda: pia.post(path, json=body).status_code == 201)
        reference = pia.post(path, json=body).json()["reference"]
        until(lambda: vic.get("/api/v1/namespaces/ours").status_code == 200)
        refused = vic.post(path, json=body)
        assert (refused.status_code, refused.json()["code"]) == (403, "forbidden")
        assert pia.get(f"{path}/{reference}").status_code == 404
    with guarded.client(person()) as ann, guarded.client(person("eve")) as eve:
        assert ann.get(f"{path}/{reference}").json()["created_by"] == "pia"
        hidden = eve.post(path, json=body)
        assert (hidden.status_code, hidden.json()["code"]) == (404, "unknown_namespace")
        assert eve.get("/api/v1/people/ann").json()["code"] == "unknown_person"


def planned(guarded: Secured, token: str | None, stream: str, command: str, body: Any) -> Any:
    with guarded.client(token) as client:
        return client.post(f"/api/v1/models/{stream}/commands/{command}/plan", json=body)


def test_a_plan_tells_no_more_than_the_command_itself_would(guarded: Secured) -> None:
    until(lambda: len(shown(guarded, ADMIN.reveal(), "/requests")) == 3)
    promote = ("PromoteVersion", {"version": 1})
    for stream in ("theirs/fraud", "theirs/nothing"):
        plan = planned(guarded, person(), stream, *promote).json()
        said = guarded.send(person(), stream, *promote).json()
        assert (plan["outcome"], plan["code"], plan["message"]) == (
            "refused",
            said["code"],
            said["detail"],
        )
        assert (plan["seq"], plan["position"], plan["way"]) == (None, None, None)
    signed = planned(guarded, person(), "ours/fraud", "ApprovePromotion", {"request": 1}).json()
    assert (signed["type"], signed["event"]["title"]) == ("PromotionApproved", "legal")
    assert signed["way"]["missing"] == {"legal": 1}
    assert planned(guarded, None, "ours/fraud", *promote).status_code == 401
