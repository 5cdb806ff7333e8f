import pytest
from pydantic import ValidationError

from rollbook.domain.profiles import (
    NumberColumn,
    Profile,
    ProfileRecorded,
    RecordProfile,
    WordColumn,
)
from tests.support import spec
from tests.unit.domain.examples import REGISTERED, V1, archived

PROFILE = Profile(
    rows=10, features={"age": NumberColumn(kind="numbers", edges=(0, 50, 100), counts=(6, 4))}
)
OTHER = Profile(rows=10, features={"country": WordColumn(kind="words", counts={"DE": 9}, other=1)})
RECORD = RecordProfile(version=1, profile=PROFILE)
RECORDED = ProfileRecorded(version=1, profile=PROFILE, digest=PROFILE.digest())


def test_a_version_gets_a_reference_profile() -> None:
    spec.given(REGISTERED, V1).when(RECORD).does(RECORDED)
    assert spec.fold(REGISTERED, V1, RECORDED).versions[1].review.profile == PROFILE.digest()


def test_another_profile_takes_its_place() -> None:
    other = RecordProfile(version=1, profile=OTHER)
    recorded = ProfileRecorded(version=1, profile=OTHER, digest=OTHER.digest())
    spec.given(REGISTERED, V1, RECORDED).when(other).does(recorded)


def test_the_same_profile_again_stays_quiet() -> None:
    spec.given(REGISTERED, V1, RECORDED).when(RECORD).stays_quiet(version=1)


def test_a_version_that_does_not_exist_has_no_profile() -> None:
    spec.given(REGISTERED).when(RECORD).refuses("unknown_version")


def test_an_archived_version_gets_none() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(RECORD).refuses("archived")


@pytest.mark.parametrize(
    ("edges", "counts"), [((0, 0), (1,)), ((1, 0), (1,)), ((0, 1), (1, 2)), ((0,), ())]
)
def test_bins_that_do_not_fit_are_no_column(
    edges: tuple[float, ...], counts: tuple[int, ...]
) -> None:
    with pytest.raises(ValidationError):
        NumberColumn(kind="numbers", edges=edges, counts=counts)


def test_a_profile_of_nothing_is_none() -> None:
    with pytest.raises(ValidationError, match="must have a feature"):
        Profile(rows=1)
