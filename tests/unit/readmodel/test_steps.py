"""What each event changed adds up to what stands in the end."""

from hypothesis import given

from rollbook.domain.catalog import ModelDescribed, ModelRegistered, ModelTagged, ModelUntagged
from rollbook.domain.environments import EnvironmentCleared, VersionPromoted
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import VersionArchived, VersionRegistered
from rollbook.eventlog.position import Position
from rollbook.projector.handlers import read
from rollbook.readmodel.changes import Entry
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.steps import FieldChange, Step, steps
from tests.support.commands import World, governed_worlds, worlds
from tests.unit.projector.books import Book

KEY = "team/churn"


def entries(book: Book, key: str = KEY) -> list[Entry]:
    taken = read(0, Place(), book.records).entries
    return [e for e in taken if isinstance(e, Entry) and e.digest and e.event.model == key]


def told(book: Book, after: int = -1) -> list[Step]:
    return list(steps(entries(book), after))


def registered() -> Book:
    book = Book()
    book.claims()
    book.says(KEY, ModelRegistered(tags={"team": "a"}))
    artifact = Artifact(uri="s3://b/m", digest="sha256:" + "a" * 64)
    book.says(KEY, VersionRegistered(version=1, registered_by="ann", artifact=artifact))
    return book


@given(worlds | governed_worlds)
def test_the_changes_of_all_events_lead_from_nothing_to_what_stands_in_the_end(
    world: World,
) -> None:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    for key in (KEY, "team"):
        own = entries(book, key)
        shown: dict[tuple[str, str], object] = {}
        for step in steps(own, -1):
            for change in step.changes:
                place = change.of, change.field
                assert shown.get(place) == change.old, "each begins where the last one ended"
                shown[place] = change.new
        for cut in {0, len(own) // 2, len(own) - 1} if own else ():
            after = own[cut].event.position.offset
            rest = list(steps(own, after))
            assert [step.position for step in rest] == [e.event.position for e in own[cut + 1 :]]
            assert rest == list(steps(own, -1))[cut + 1 :], "where one begins makes no difference"


def test_a_step_says_who_when_and_why() -> None:
    book = registered()
    book.says(KEY, VersionArchived(version=1, reason="too old"), actor="bob")
    step = told(book)[-1]
    assert (step.type, step.actor, step.reason) == ("VersionArchived", "bob", "too old")
    assert step.position == Position(0, 3)
    assert step.changes == (
        FieldChange(of="version 1", field="archived_reason", old=None, new="too old"),
    )


def test_members_of_maps_change_one_by_one() -> None:
    book = registered()
    book.says(KEY, ModelTagged(tags={"tier": "1"}))
    book.says(KEY, ModelUntagged(keys=("team",)))
    book.says(KEY, ModelDescribed(description="fraud"))
    assert [step.changes for step in told(book, after=2)] == [
        (FieldChange(of="model", field="tags.tier", old=None, new="1"),),
        (FieldChange(of="model", field="tags.team", old="a", new=None),),
        (FieldChange(of="model", field="description", old=None, new="fraud"),),
    ]


def test_an_environment_that_is_cleared_serves_nothing() -> None:
    book = registered()
    book.says(KEY, VersionPromoted(version=1, environment="production"))
    book.says(KEY, EnvironmentCleared(version=1, environment="production", reason="sold"))
    came, went = (step.changes for step in told(book, after=2))
    assert came == (FieldChange(of="environment production", field="version", old=None, new=1),)
    assert went == (FieldChange(of="environment production", field="version", old=1, new=None),)
