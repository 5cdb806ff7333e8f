"""Searches over HTTP: what is found, in which order, by whom, and what is said otherwise."""

from typing import Any

import httpx

from tests.integration.query.system import DIGEST, Caller

SEARCH = "/api/v1/search"


def found(caller: Caller, q: str = "", **params: Any) -> list[int]:
    """The versions of the caller's model that a search finds, in its order."""
    return [row["version"] for row in page(caller, q, **params)["items"]]


def page(caller: Caller, q: str = "", **params: Any) -> dict[str, Any]:
    """What a search of the caller's model answers."""
    answer = asked(caller, f'model = "{caller.model}"' + (f" ({q})" if q else ""), **params)
    assert answer.status_code == 200, answer.text
    body: dict[str, Any] = answer.json()
    return body


def asked(caller: Caller, q: str, **params: Any) -> httpx.Response:
    return caller.client.get(SEARCH, params={"q": q, **params})


def registered(caller: Caller, **facts: Any) -> str:
    """Register a version, and say where its record stands."""
    body = {"artifact": {"uri": "s3://b/m", "digest": DIGEST}, **facts}
    return str(caller.done("RegisterVersion", body)["position"])


def three(caller: Caller) -> str:
    """Three versions, and the position of the last record."""
    caller.done("RegisterModel", {"description": "Finds stolen cards", "tags": {"domain": "cards"}})
    registered(caller, metrics={"auc": 0.91}, tags={"team": "fraud"}, description="the first try")
    registered(caller, metrics={"auc": 0.95}, tags={"team": "risk"}, params={"depth": "6"})
    registered(caller, metrics={"auc": 0.93, "val loss": 2}, tags={"team": "fraud"})
    caller.done("SetAlias", {"alias": "champion", "version": 2})
    caller.done("AssignOwner", {"owner": "ann@example.com", "team": "cards"})
    return str(caller.done("PromoteVersion", {"version": 3})["position"])


def test_versions_are_found_by_what_they_are(caller: Caller) -> None:
    last = three(caller)
    assert found(caller, min_position=last) == [3, 2, 1]
    for q, wanted in {
        "metrics.auc >= 0.93": [3, 2],
        "metrics.auc >= 0.92 and tags.team = fraud": [3],
        "not tags.team = fraud": [2],
        "tags.team != fraud": [2],
        'tags.team in ("fraud", risk)': [3, 2, 1],
        "tags.team = fr*": [3, 1],
        'metrics."val loss" = 2': [3],
        "params.depth > 5": [2],
        "has(params.depth)": [2],
        "alias = champion": [2],
        "environment = production": [3],
        "environment:*": [3],
        "owner = ann@example.com team = cards": [3, 2, 1],
        "owner = bob": [],
        "model.tags.domain = cards": [3, 2, 1],
        "version < 3 version != 1": [2],
        "created > 1h": [3, 2, 1],
        "created_before(2020-01-01)": [],
        "trained_before(2100-01-01)": [],
        "stage = registered": [3, 2, 1],
        "card = none": [3, 2, 1],
        "trying": [1],
        '"first try"': [1],
        '"try first"': [],
        "stealing": [],
        "stolen card": [3, 2, 1],
        "stolen tries or risk": [2, 1],
        caller.model.partition("/")[2]: [3, 2, 1],
        f"digest = {DIGEST}": [3, 2, 1],
    }.items():
        assert found(caller, q) == wanted, q


def test_what_people_said_of_a_request_is_found_with_its_version(caller: Caller) -> None:
    three(caller)
    asked_for = {"version": 1, "environment": "production", "reason": "ready"}
    before = caller.done("RequestPromotion", asked_for)["position"]
    wish = {"request": 1, "comment": "Mind the Norwegian cardholders"}
    after = caller.done("CommentOnPromotion", wish)["position"]
    assert found(caller, "norwegian", min_position=after) == [1]
    assert found(caller, "norwegian stolen tags.team = fraud") == [1]
    assert found(caller, "norwegian or metrics.auc > 0.94") == [2, 1]
    assert found(caller, "not norwegian") == [3, 2]
    assert found(caller, "norwegian", as_of=after) == [1]
    assert found(caller, "norwegian", as_of=before) == []


def test_hits_come_in_the_order_asked_for_page_by_page(caller: Caller) -> None:
    last = three(caller)
    assert found(caller, order="-metrics.auc", min_position=last) == [2, 3, 1]
    assert found(caller, order="metrics.auc") == [1, 3, 2]
    assert found(caller, order="created") == [1, 2, 3]
    assert found(caller, order='metrics."val loss"') == [3]
    for order in ("-created", "created", "-metrics.auc", "updated"):
        seen, after = [], None
        while True:
            answer = page(caller, order=order, limit=1, **({"after": after} if after else {}))
            seen += [row["version"] for row in answer["items"]]
            after = answer["next"]
            if after is None:
                break
        assert seen == found(caller, order=order)


def test_facets_say_how_hits_spread(caller: Caller) -> None:
    last = three(caller)
    answer = page(caller, facets="tags.team,alias,owner,state,environment", min_position=last)
    assert answer["counted"] == {"rows": 3, "exact": True}
    assert answer["facets"] == {
        "tags.team": [{"value": "fraud", "count": 2}, {"value": "risk", "count": 1}],
        "alias": [{"value": "champion", "count": 1}],
        "owner": [{"value": "ann@example.com", "count": 3}],
        "state": [{"value": "used", "count": 3}],
        "environment": [{"value": "production", "count": 1}],
    }


def test_what_is_out_of_use_is_found_where_the_query_says_so(caller: Caller) -> None:
    three(caller)
    last = caller.done("ArchiveVersion", {"version": 1, "reason": "old"})["position"]
    assert found(caller, min_position=last) == [3, 2]
    assert found(caller, "state = archived") == [1]
    assert found(caller, "has(state)") == [3, 2, 1]


def test_a_search_is_as_of_any_moment(caller: Caller) -> None:
    last = three(caller)
    history = caller.read("/history", min_position=last).json()["items"]
    at = {record["type"]: record for record in history}
    second = history[2]
    assert second["type"] == "VersionRegistered"
    for moment in (second["position"], second["id"]):
        assert found(caller, as_of=moment) == [2, 1]
        assert found(caller, "metrics.auc > 0", as_of=moment, order="-metrics.auc") == [2, 1]
        assert found(caller, "has(alias) or has(environment) or has(owner)", as_of=moment) == []
    assert found(caller, "alias = champion", as_of=at["AliasSet"]["position"]) == [2]
    row = page(caller, "alias = champion", as_of=at["AliasSet"]["position"])["items"][0]
    then = caller.read("/versions/2", as_of=at["AliasSet"]["position"]).json()
    assert row == then


def test_what_cannot_be_read_is_refused_at_its_column(caller: Caller) -> None:
    for q, column in (("metrics.auc >", 14), ("metric.auc > 1", 1), ("a \x00", 3), ("(" * 9, 10)):
        answer = caller.client.get(SEARCH, params={"q": q})
        body = answer.json()
        assert (answer.status_code, body["code"]) == (422, "invalid_query"), q
        assert body["column"] == column
        assert body["errors"][0]["field"] == "q"
    order = caller.client.get(SEARCH, params={"order": "stage"}).json()
    assert order["code"] == "invalid_query"
    assert "metrics.*" in order["detail"]
    facet = caller.client.get(SEARCH, params={"facets": "metrics.auc"}).json()
    assert (facet["code"], facet["errors"][0]["field"]) == ("invalid_query", "facets")
    for after in ("x", "\x00", "e30"):
        answer = caller.client.get(SEARCH, params={"after": after})
        assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), after


def test_nothing_that_anybody_writes_is_more_than_a_text(caller: Caller) -> None:
    last = three(caller)
    found(caller, min_position=last)
    for text in (
        "'; DROP TABLE search; --",
        "$1",
        "a' & 'b",
        "%",
        "_",
        "\\",
        "\\'",
        ":*",
        "🦓",
        "'",
    ):
        said = text.replace("\\", "\\\\")
        page(caller, f'"{said}"')
        for q in (f'tags.team = "{said}"', f'alias = "{said}*"', f'name = "?{said}*"'):
            assert found(caller, q) == [], q
    for q in ("metrics.auc > 1e308", "version < -9e99", "size = 0.5", "created < 999999w"):
        assert found(caller, q) == [], q
    assert found(caller, f'tags.{"x" * 290} = "{"y" * 3000}"') == []


def test_all_that_can_be_asked_is_listed_with_examples_that_work(caller: Caller) -> None:
    fields = caller.client.get(f"{SEARCH}/fields").json()["items"]
    assert {"metrics.*", "tags.*", "stage", "trained"} <= {field["name"] for field in fields}
    for field in fields:
        answer = caller.client.get(
            SEARCH, params={"q": field["example"], "facets": _faceted(field)}
        )
        assert answer.status_code == 200, answer.text


def _faceted(field: dict[str, Any]) -> str:
    return field["name"].replace("*", "x") if field["type"].startswith("text") else ""
