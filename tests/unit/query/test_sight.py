"""What may be seen, and that nothing is shown of which nobody said who may see it."""

from datetime import UTC, datetime
from re import escape

import pytest
from fastapi import APIRouter, FastAPI
from immutables import Map

from rollbook.domain.access import Principal, Read
from rollbook.domain.tenancy import Grant, Namespace, Role
from rollbook.eventlog.governance import Governance
from rollbook.query.problems import Problem
from rollbook.query.sight import EVERYBODY, READS, Sight, check, check_every_route

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def sight(subject: str = "anna", **grants: Grant) -> Sight:
    """What somebody sees who was granted one role in each of these namespaces."""
    governance = Governance()
    for name, grant in {**grants, "other": Grant("else", Role.ADMIN)}.items():
        governance.apply(name, Namespace(grants=Map({1: grant})), 1)
    return Sight(Principal(subject), governance, NOW)


VIEWER = Grant("anna", Role.VIEWER)


def test_a_route_without_a_line_is_not_served() -> None:
    app = FastAPI(docs_url=None, redoc_url=None)
    router = APIRouter(prefix="/api/v1")

    @router.get("/secrets")
    async def list_secrets() -> None: ...

    app.include_router(router)
    with pytest.raises(NotImplementedError, match=escape("list_secrets of /api/v1/secrets")):
        check_every_route(app)


def test_an_open_registry_shows_all_to_everybody() -> None:
    assert EVERYBODY.scope() is None
    assert all(EVERYBODY.may(read, "team/churn") for read in Read)
    assert EVERYBODY.record(None)
    check("get_model", {"namespace": "team", "name": "churn"}, EVERYBODY)


def test_one_sees_the_models_that_a_grant_names() -> None:
    seen = sight(team=VIEWER._replace(models="ch*"))
    assert seen.scope() == {"team": frozenset({"ch*"})}
    assert seen.may(Read.RECORD, "team/churn")
    assert not seen.may(Read.RECORD, "team/fraud")
    assert not seen.may(Read.RECORD, "team")
    assert not seen.may(Read.RECORD, "other/churn")


def test_a_grant_of_the_registry_s_own_namespace_holds_everywhere() -> None:
    seen = sight(rollbook=VIEWER)
    assert seen.scope() == {"rollbook": frozenset({"*"}), "*": frozenset({"*"})}
    assert seen.may(Read.RECORD, "other/churn")
    assert not seen.may(Read.ACCESS, "other")


def test_a_record_of_a_namespace_is_for_those_who_may_see_who_may_do_what() -> None:
    assert sight(team=Grant("anna", Role.AUDITOR)).record("team")
    assert not sight(team=VIEWER).record("team")
    assert sight(team=VIEWER).record("team/churn")
    assert not sight(team=Grant("anna", Role.ADMIN)).record(None)


@pytest.mark.parametrize("route", [name for name, read in READS.items() if read is Read.RECORD])
def test_what_may_not_be_seen_does_not_exist(route: str) -> None:
    for namespace in ("other", "nowhere"):
        with pytest.raises(Problem) as caught:
            check(route, {"namespace": namespace, "name": "churn"}, sight(team=VIEWER))
        problem = caught.value
        assert (problem.status, problem.code) == (404, "unknown_model")
        assert problem.detail == f"there is no model {namespace}/churn"
