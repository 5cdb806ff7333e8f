"""A list of models as of a moment is the list that was shown then."""

from typing import Any

from tests.integration.query.system import Caller
from tests.integration.query.test_search import registered


def listed(caller: Caller, **params: Any) -> list[dict[str, Any]]:
    answer = caller.client.get("/api/v1/models", params={"namespace": caller.namespace, **params})
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


def test_a_list_as_of_a_record_is_what_was_listed_after_it(caller: Caller) -> None:
    other = Caller(caller.client, f"{caller.namespace}/other")
    shown: dict[str, list[dict[str, Any]]] = {}

    def seen(position: str) -> None:
        shown[position] = listed(caller, min_position=position)

    for who, command, body in (
        (caller, "RegisterModel", {"description": "one", "tags": {"a": "b"}}),
        (other, "RegisterModel", {}),
        (caller, "AssignOwner", {"owner": "ann@example.com", "team": "cards"}),
        (other, "DescribeModel", {"description": "two"}),
        (caller, "TagModel", {"tags": {"a": "c"}}),
        (caller, "ClassifyModel", {"risk": "high", "reason": "money"}),
        (caller, "RemoveAlias", {"alias": "best"}),
        (caller, "RetireModel", {"reason": "old"}),
        (caller, "RestoreModel", {"reason": "not so old"}),
    ):
        seen(str(who.done(command, body)["position"]))
        if command == "AssignOwner":
            seen(registered(caller))
            seen(registered(other))
            seen(registered(caller))
            seen(str(caller.done("SetAlias", {"alias": "best", "version": 2})["position"]))
    refused = caller.send("SetAlias", {"alias": "best", "version": 99})
    assert refused.status_code == 404
    for position, rows in shown.items():
        assert listed(caller, as_of=position) == rows, position
    assert listed(caller, as_of="2020-01-01T00:00:00Z") == []
    assert listed(caller, as_of="2100-01-01T00:00:00Z") == listed(caller)


def test_a_list_as_of_a_moment_goes_on_page_by_page(caller: Caller) -> None:
    for name in "abc":
        made = Caller(caller.client, f"{caller.namespace}/{name}")
        last = str(made.done("RegisterModel", {})["position"])
    listed(caller, min_position=last)
    first = listed(caller, as_of=last, limit=2)
    rest = listed(caller, as_of=last, limit=2, after=first[-1]["key"])
    assert [row["name"] for row in first + rest] == ["a", "b", "c"]


def test_a_moment_that_is_none_is_refused(caller: Caller) -> None:
    for moment, status in (("yesterday", 422), ("99:1", 422), (f"{0:032x}", 422)):
        answer = caller.client.get("/api/v1/models", params={"as_of": moment})
        assert answer.status_code == status, moment
    unknown = "00000000-0000-0000-0000-0000000000aa"
    assert caller.client.get("/api/v1/models", params={"as_of": unknown}).status_code == 404
