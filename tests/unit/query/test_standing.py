"""What a reviewer is shown is judged as the writer would judge it: from rows as from events."""

from collections.abc import Callable
from typing import TypeVar

from hypothesis import given

from rollbook.domain import guards
from rollbook.domain.context import Context
from rollbook.domain.evidence import evidence_of
from rollbook.domain.messages import Refused
from rollbook.domain.state import Model
from rollbook.query import standing
from rollbook.query.review import judge
from rollbook.readmodel import documents, verdicts
from rollbook.readmodel.requests import RequestRow
from tests.support.commands import World, governed_worlds, worlds
from tests.unit.projector.books import Book
from tests.unit.projector.tables import Tables, projected

T = TypeVar("T")

KEY = "credit/churn"


def tables_of(world: World) -> Tables:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    return projected([book.records])


def from_rows(tables: Tables, number: int, request: RequestRow | None = None) -> Model:
    linked = [row for row in tables.added[documents.VIEW] if row.version == number]
    found = [row for row in tables.added[verdicts.VIEW] if row.version == number]
    version = standing.version(tables.versions[KEY, number], linked, found[::-1])
    said = [row for row in tables.discussion if request and row.request == request.request]
    asked = standing.request(request, said) if request else None
    stays = tables.stays[::-1]
    place = request.request if request else 0
    return standing.model(tables.models[KEY], version, number, stays, asked, place)


def context(world: World, tables: Tables) -> Context:
    space = standing.namespace(tables.namespaces.get("credit"))
    return Context(world.time, "ann", space, "churn")


def outcome(function: Callable[[], T]) -> T | tuple[str, str]:
    try:
        return function()
    except Refused as refused:
        return refused.code, ""


@given(worlds)
def test_evidence_and_objections_are_the_writers(world: World) -> None:
    tables = tables_of(world)
    context_ = context(world, tables)
    own = context_._replace(namespace=world.namespace)
    for number in world.model.versions:
        shown = from_rows(tables, number)
        for environment in ("staging", "production"):
            assert evidence_of(shown, number, environment) == evidence_of(
                world.model, number, environment
            )
            assert outcome(
                lambda: guards.objections(shown, number, environment, context_)  # noqa: B023
            ) == outcome(
                lambda: guards.objections(world.model, number, environment, own)  # noqa: B023
            )


@given(worlds)
def test_places_are_the_writers(world: World) -> None:
    tables = tables_of(world)
    for number in world.model.versions:
        assert from_rows(tables, number).environments == world.model.environments


@given(governed_worlds)
def test_signatures_and_what_is_missing_are_the_writers(world: World) -> None:
    tables = tables_of(world)
    is_open = {row.request: row for row in tables.requests.values() if row.state == "open"}
    assert is_open.keys() == set(world.model.requests)
    for number, row in is_open.items():
        shown = from_rows(tables, row.version, row)
        assert shown.requests[number] == world.model.requests[number]
        judged = judge(shown, number, row.evidence, context(world, tables))
        evidence = evidence_of(world.model, row.version, row.environment)
        assert judged.evidence == evidence
        own = Context(world.time, "ann", world.namespace, "churn")
        today = guards.as_of_today(world.model, world.model.requests[number], own)
        assert judged.missing == today.missing(evidence)
        assert [s.by for s in judged.signatures if s.counts] == [
            a.by for a in today.approvals if a.evidence == evidence
        ]
