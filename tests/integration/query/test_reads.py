"""What the reads show, when they show it, and what they say where there is nothing."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import httpx
import pytest

from tests.integration.query.system import Caller, System, calling


def test_the_whole_story_of_a_model_can_be_read(caller: Caller) -> None:
    caller.done("RegisterModel", {"description": "fraud"})
    caller.version()
    caller.version("sha256:" + "b" * 64)
    caller.done("SetAlias", {"alias": "champion", "version": 1})
    first = caller.done("PromoteVersion", {"version": 1})
    second = caller.done("PromoteVersion", {"version": 2})
    between = datetime.fromisoformat(first["event"]["time"]).astimezone(UTC)
    last = caller.done("RollBackVersion", {"reason": "worse"})["position"]

    model = caller.read(min_position=last).json()
    assert (model["key"], model["versions"], model["seq"]) == (caller.model, 2, 7)
    assert [v["version"] for v in caller.read("/versions").json()["items"]] == [1, 2]
    version = caller.read("/versions/1").json()
    assert (version["aliases"], version["environments"]) == (["champion"], ["production"])
    assert caller.read("/aliases/champion").json() == version
    assert [a["alias"] for a in caller.read("/aliases").json()["items"]] == ["champion"]

    def serves(**params: str) -> list[int]:
        return [e["version"] for e in caller.read("/environments", **params).json()["items"]]

    assert serves() == [1]
    assert serves(as_of=second["position"]) == [2]
    assert serves(as_of=first["position"]) == [1]
    assert serves(as_of=between.isoformat()) == [1]
    assert serves(as_of=between.isoformat().replace("+", " ")) == [1]
    assert serves(as_of=second["event"]["time"].replace("+00:00", "Z")) == [2]
    assert serves(as_of="2020-01-01T00:00:00Z") == []
    kinds = [r["type"] for r in caller.read("/history").json()["items"]]
    assert kinds[0] == "ModelRegistered"
    assert kinds[-1] == "VersionRolledBack"


def test_pages_lead_through_everything_once_in_both_orders(caller: Caller) -> None:
    caller.done("RegisterModel", {})
    for number in range(5):
        position = caller.version(f"sha256:{number:064}")["position"]

    def walk(path: str, field: str, order: str) -> list[object]:
        found: list[object] = []
        after: dict[str, str] = {}
        while True:
            page = caller.read(path, limit=2, order=order, min_position=position, **after).json()
            found += [row[field] for row in page["items"]]
            if page["next"] is None:
                return found
            after = {"after": page["next"]}

    assert walk("/versions", "version", "oldest") == [1, 2, 3, 4, 5]
    assert walk("/versions", "version", "newest") == [5, 4, 3, 2, 1]
    assert walk("/history", "seq", "oldest") == [1, 2, 3, 4, 5, 6]
    assert walk("/history", "seq", "newest") == [6, 5, 4, 3, 2, 1]


def test_models_are_listed_by_namespace_page_by_page(system: System) -> None:
    namespace = f"n{uuid4().hex[:10]}"
    with httpx.Client(base_url=system.url) as client:
        positions = []
        for name in ("a", "b", "c"):
            path = f"/api/v1/models/{namespace}/{name}/commands/RegisterModel"
            positions.append(client.post(path, json={}).json()["position"])
        params: dict[str, Any] = {"namespace": namespace, "limit": 2, "min_position": positions}
        page = client.get("/api/v1/models", params=params).json()
        assert [m["name"] for m in page["items"]] == ["a", "b"]
        rest = client.get("/api/v1/models", params={**params, "after": page["next"]}).json()
        assert [m["name"] for m in rest["items"]] == ["c"]
        assert rest["next"] is None


@pytest.mark.parametrize(
    ("path", "code"),
    [
        ("", "unknown_model"),
        ("/versions", "unknown_model"),
        ("/aliases", "unknown_model"),
        ("/environments", "unknown_model"),
        ("/history", "unknown_model"),
        ("/versions/1", "unknown_model"),
        ("/aliases/a", "unknown_model"),
        ("/aliases/%00", "unknown_model"),
    ],
)
def test_an_unknown_model_is_not_found(caller: Caller, path: str, code: str) -> None:
    response = caller.read(path)
    assert (response.status_code, response.json()["code"]) == (404, code)


def test_what_a_known_model_does_not_have_is_not_found(caller: Caller) -> None:
    position = caller.done("RegisterModel", {})["position"]
    for path, code in (("/versions/1", "unknown_version"), ("/aliases/a", "unknown_alias")):
        response = caller.read(path, min_position=position)
        assert (response.status_code, response.json()["code"]) == (404, code)
    for path, code in (
        (f"/api/v1/outcomes/{uuid4()}", "unknown_command"),
        ("/api/v1/events/0:999999", "unknown_position"),
    ):
        response = caller.client.get(path)
        assert (response.status_code, response.json()["code"]) == (404, code)


@pytest.mark.parametrize(
    ("path", "params", "field"),
    [
        ("/environments", {"as_of": "yesterday"}, "as_of"),
        ("/environments", {"as_of": "2026-01-01T00:00:00"}, "as_of"),
        ("/environments", {"as_of": "2026-02-30T00:00:00Z"}, "as_of"),
        ("/environments", {"as_of": "1760000000"}, "as_of"),
        ("/environments", {"as_of": "99:1"}, "as_of"),
        ("/history", {"after": "7"}, "after"),
        ("/history", {"order": "random"}, "order"),
        ("/versions", {"limit": "1001"}, "limit"),
        ("/versions", {"after": "99999999999"}, "after"),
        ("/versions/0", {}, "version"),
        ("/versions/1.2", {}, "version"),
        ("/versions/v1", {}, "version"),
        ("/versions/99999999999", {}, "version"),
        ("", {"min_position": "now"}, "min_position.0"),
        ("", {"min_position": "99:1"}, "min_position"),
    ],
)
def test_a_bad_parameter_is_named_with_its_rule(
    caller: Caller, path: str, params: dict[str, str], field: str
) -> None:
    caller.done("RegisterModel", {})
    response = caller.read(path, **params)
    assert (response.status_code, response.json()["code"]) == (422, "invalid")
    (error,) = response.json()["errors"]
    assert error["field"] == field
    assert error["rule"]


def test_a_position_that_does_not_come_is_answered_within_seconds(caller: Caller) -> None:
    response = caller.read(min_position="1:999999999")
    assert (response.status_code, response.json()["code"]) == (503, "behind")
    assert "stand before 1:" in response.json()["detail"]
    assert response.headers["retry-after"]


def test_writers_read_their_own_writes_while_the_projector_is_loaded(system: System) -> None:
    stale: list[object] = []

    def write_and_read(_: int) -> None:
        with calling(system) as caller:
            for number in range(1, 9):
                body = {"description": str(number)} if number > 1 else {}
                done = caller.done("DescribeModel" if number > 1 else "RegisterModel", body)
                row = caller.read(min_position=done["position"]).json()
                if row.get("seq", 0) < number:
                    stale.append((done, row))

    async def load() -> None:
        async with httpx.AsyncClient(base_url=system.url, timeout=60) as client:

            async def one(number: int) -> None:
                path = f"/api/v1/models/load/m{number}/commands/RegisterModel"
                (await client.post(path, json={})).raise_for_status()

            for first in range(0, 1200, 60):
                await asyncio.gather(*(one(n) for n in range(first, first + 60)))

    loading = asyncio.run_coroutine_threadsafe(load(), system.loop)
    with ThreadPoolExecutor(6) as pool:
        list(pool.map(write_and_read, range(12)))
    loading.result(60)
    assert stale == []


def test_health_readiness_and_metrics_tell_how_it_is(system: System, caller: Caller) -> None:
    caller.done("RegisterModel", {})
    assert caller.client.get("/healthz").json() == {"alive": True}
    ready = caller.client.get("/readyz")
    assert ready.status_code == 200
    assert ready.json()["ready"] is True
    assert ready.json()["projection_lag_records"] >= 0
    metrics = caller.client.get("/metrics").text
    route = "/api/v1/models/{namespace}/{name}/commands/RegisterModel"
    assert f'rollbook_http_seconds_count{{method="POST",route="{route}",status="200"}}' in metrics
    assert 'rollbook_ack_seconds_count{door="http"}' in metrics
    assert caller.model not in metrics


def test_the_topics_of_the_log_are_told(system: System, caller: Caller) -> None:
    found = {t["name"]: t for t in caller.client.get("/api/v1/topics").json()["items"]}
    assert found[system.log.events]["partitions"] == 4
    assert found[system.log.commands]["key"] == "model or namespace"


TOLD = (
    "",
    "/versions",
    "/versions?order=newest",
    "/versions?order=newest&limit=1",
    "/versions?after=1&limit=1",
    "/versions?stage=registered",
    "/versions/1",
    "/versions/2",
    "/versions/1.0.0",
    "/versions/1/evaluations",
    "/versions/1/documents",
    "/versions/1/verdicts",
    "/versions/1/card",
    "/versions/1/card/revisions",
    "/versions/1/card/reviews",
    "/versions/1/diff/2",
    "/aliases",
    "/aliases/champion",
    "/environments",
    "/environments/production",
    "/history",
    "/history?order=newest",
    "/requests",
    "/requests/1",
    "/breaks",
    "/breaks/1",
)
RULED = ("", "/grants", "/keys", "/collections", "/collections/all", "/history")


def _told(caller: Caller) -> list[str]:
    """A bit of everything; the last position of the model and of its namespace."""
    rules = {"environments": [{"name": "staging"}, {"name": "production"}], "naming": "[a-z0-9]+"}
    caller.done("SetRules", {"rules": rules}, x_actor="gus")
    caller.done("GrantRole", {"subject": "person:ann", "role": "publisher", "reason": "hers"})
    space = caller.done("SetCollection", {"collection": "all", "models": ["x"]})["position"]
    caller.done("RegisterModel", {"description": "fraud", "tags": {"team": "a"}})
    caller.version()
    caller.version("sha256:" + "b" * 64)
    caller.done("TagModel", {"tags": {"team": "b"}})
    caller.done("WriteCard", {"version": 1, "card": {"summary": "Finds fraud."}})
    caller.done("SetAlias", {"alias": "champion", "version": 1})
    caller.done(
        "RequestPromotion", {"version": 2, "environment": "production", "reason": "it is better"}
    )
    caller.done("PromoteVersion", {"version": 1, "environment": "production"})
    link = {"version": 1, "kind": "risk", "title": "t", "uri": "s3://b/r"}
    return [space, caller.done("LinkDocument", link)["position"]]


def test_every_read_as_of_the_newest_record_shows_what_it_shows_now(caller: Caller) -> None:
    space, last = _told(caller)
    for path in TOLD:
        now = caller.read(path, min_position=last)
        body, then = now.json(), caller.read(path, as_of=last).json()
        for shown in (body, then):
            if isinstance(shown.get("now"), dict):
                del shown["now"]["objections"]  # an hour that has passed since is none of then
        assert then == body, path
    for path in RULED:
        now = caller.look(path, min_position=space)
        assert caller.look(path, as_of=space).json() == now.json(), path


def test_every_read_shows_the_past(caller: Caller) -> None:
    caller.done("SetRules", {"rules": {"naming": "[a-z0-9]+"}})
    first = caller.done("RegisterModel", {"description": "fraud", "tags": {"team": "a"}})
    one = caller.version()
    caller.done("TagModel", {"tags": {"team": "b"}})
    caller.done("SetAlias", {"alias": "champion", "version": 1})
    caller.version("sha256:" + "b" * 64)
    caller.done("SetAlias", {"alias": "champion", "version": 2})
    last = caller.done("SetRules", {"rules": {"naming": "[a-z]+"}})["position"]

    ways = (one["position"], one["event"]["id"], one["event"]["time"])
    for way in ways:
        model = caller.read(as_of=way, min_position=last).json()
        assert (model["seq"], model["versions"], model["tags"]) == (2, 1, {"team": "a"})
        assert model["position"] == one["position"]
        assert [v["version"] for v in caller.read("/versions", as_of=way).json()["items"]] == [1]
        assert caller.read("/versions/2", as_of=way).status_code == 404
        assert caller.read("/aliases/champion", as_of=way).json()["code"] == "unknown_alias"
        assert len(caller.read("/history", as_of=way).json()["items"]) == 2
        assert caller.look(as_of=way).json()["rules"]["naming"] == "[a-z0-9]+"
    assert caller.read(as_of=first["position"]).json()["versions"] == 0
    assert caller.read(as_of="2020-01-01T00:00:00Z").json()["code"] == "unknown_model"
    nobody = caller.read(as_of=str(uuid4()))
    assert (nobody.status_code, nobody.json()["code"]) == (404, "unknown_event")
    assert caller.read("/environments", as_of=str(uuid4())).json()["code"] == "unknown_event"


def test_what_changed_is_told_event_by_event_with_who_and_why(caller: Caller) -> None:
    caller.done("RegisterModel", {"tags": {"team": "a"}})
    start = caller.version()["event"]["time"]
    caller.done("PromoteVersion", {"version": 1}, x_actor="ann")
    caller.done("TagModel", {"tags": {"team": "b"}})
    caller.version("sha256:" + "b" * 64)
    caller.done("PromoteVersion", {"version": 2})
    end = caller.done("RollBackVersion", {"reason": "worse"})["position"]
    caller.done("TagModel", {"tags": {"late": "yes"}})

    found = caller.read("/changes", **{"from": start, "to": end}).json()["items"]
    assert [step["type"] for step in found] == [
        "VersionPromoted",
        "ModelTagged",
        "VersionRegistered",
        "VersionPromoted",
        "VersionRolledBack",
    ]
    serves = {"of": "environment production", "field": "version"}
    assert found[0]["changes"] == [{**serves, "old": None, "new": 1}]
    assert found[0]["actor"] == "ann"
    assert found[1]["changes"] == [{"of": "model", "field": "tags.team", "old": "a", "new": "b"}]
    assert found[4]["changes"] == [{**serves, "old": 2, "new": 1}]
    assert found[4]["reason"] == "worse"
    page = caller.read("/changes", **{"from": start, "to": end, "limit": 3}).json()
    rest = caller.read("/changes", **{"from": start, "to": end, "after": page["next"]}).json()
    assert page["items"] + rest["items"] == found
    assert caller.read("/changes", **{"from": end, "to": start}).json()["items"] == []
