import pytest
from pydantic import ValidationError

from rollbook.domain.deletions import AnnounceDeletions, Deletion, DeletionsAnnounced
from rollbook.domain.tenancy import Namespace
from tests.support import spec

GONE = Deletion(digest="sha256:" + "e" * 64, size=7, reason="no version names it")
ANNOUNCE = AnnounceDeletions(deletions=(GONE,))

# AnnounceDeletions


def test_what_is_about_to_go_is_on_record() -> None:
    event = DeletionsAnnounced(deletions=(GONE,))
    spec.given().when(ANNOUNCE).does(event)
    assert spec.govern(event) == Namespace()


def test_what_came_again_may_go_again() -> None:
    event = DeletionsAnnounced(deletions=(GONE,))
    spec.given(event).when(ANNOUNCE).does(event)


def test_nothing_is_not_announced() -> None:
    with pytest.raises(ValidationError, match="deletions"):
        AnnounceDeletions(deletions=())
