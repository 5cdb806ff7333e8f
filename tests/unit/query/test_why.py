"""Of the chain behind what serves nobody sees more than of its streams by themselves."""

from immutables import Map

from rollbook.domain.access import Principal
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.grants import RoleRevoked
from rollbook.domain.rulebook import Rules
from rollbook.domain.rules import RulesSet
from rollbook.domain.tenancy import Grant, Namespace, Role
from rollbook.eventlog.governance import Governance
from rollbook.query.sight import EVERYBODY, NEVER, Sight
from rollbook.query.why import visible
from tests.unit.projector.books import Book
from tests.unit.readmodel.telling import told


def test_causes_in_streams_that_may_not_be_seen_are_left_out() -> None:
    book = Book()
    book.claims()
    book.says("team", RulesSet(version=1, rules=Rules()))
    revoked = RoleRevoked(grant=1, subject="ada", role=Role.VIEWER, reason="x")
    book.says("team", revoked)
    for key in ("team/churn", "team/other", "else/where"):
        book.says(key, ModelRegistered())
    events = told(book.records)
    governance = Governance()
    viewer = Grant("anna", Role.VIEWER, models="churn")
    governance.apply("team", Namespace(grants=Map({1: viewer})), 1)
    anna = Sight(Principal("anna"), governance, NEVER)
    seen = [(e.row.model, e.row.type) for e in visible(events, "team/churn", anna)]
    assert seen == [("team", "RulesSet"), ("team/churn", "ModelRegistered")]
    assert list(visible(events, "team/churn", EVERYBODY)) == events
