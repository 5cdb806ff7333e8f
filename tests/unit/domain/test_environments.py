from rollbook.domain.environments import (
    PromoteVersion,
    RollBackVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.model import ModelEvent
from rollbook.domain.state import KEPT_PLACES
from rollbook.domain.versions import VersionRegistered
from tests.support import spec
from tests.unit.domain.examples import (
    ARTIFACT,
    REGISTERED,
    THREE_VERSIONS,
    V1,
    archived,
    promoted,
    rolled_back,
)

ROLL_BACK = RollBackVersion(reason="worse")
STOOD_1_2_3 = (*THREE_VERSIONS, promoted(1), promoted(2, 1), promoted(3, 2))

# PromoteVersion


def test_the_first_promotion_replaces_nothing() -> None:
    spec.given(REGISTERED, V1).when(PromoteVersion(version=1)).does(
        VersionPromoted(version=1, environment="production", replaced=None)
    )


def test_a_promotion_replaces_what_stood_there() -> None:
    spec.given(*THREE_VERSIONS, promoted(1)).when(PromoteVersion(version=2)).does(
        VersionPromoted(version=2, environment="production", replaced=1)
    )


def test_environments_do_not_touch_each_other() -> None:
    past = (*THREE_VERSIONS, promoted(1), promoted(2, environment="staging"))
    spec.given(*past).when(PromoteVersion(version=1, environment="staging")).does(
        VersionPromoted(version=1, environment="staging", replaced=2)
    )
    assert spec.fold(*past).serving("production") == 1


def test_a_version_that_does_not_exist_cannot_be_promoted() -> None:
    spec.given(REGISTERED).when(PromoteVersion(version=1)).refuses("unknown_version")


def test_an_archived_version_cannot_be_promoted() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(PromoteVersion(version=1)).refuses("archived")


def test_promoting_the_version_that_stands_there_stays_quiet() -> None:
    spec.given(REGISTERED, V1, promoted(1)).when(PromoteVersion(version=1)).stays_quiet(version=1)


# RollBackVersion


def test_a_roll_back_restores_the_version_before() -> None:
    spec.given(*STOOD_1_2_3).when(ROLL_BACK).does(rolled_back(3, restored=2))


def test_a_second_roll_back_goes_one_version_further() -> None:
    spec.given(*STOOD_1_2_3, rolled_back(3, 2)).when(ROLL_BACK).does(rolled_back(2, restored=1))


def test_roll_backs_end_at_the_first_version_that_stood_there() -> None:
    past = (*STOOD_1_2_3, rolled_back(3, 2), rolled_back(2, 1))
    spec.given(*past).when(ROLL_BACK).refuses("nothing_before")


def test_after_a_roll_back_a_promotion_begins_anew() -> None:
    past = (*STOOD_1_2_3, rolled_back(3, 1), promoted(3, 1))
    spec.given(*past).when(ROLL_BACK).does(rolled_back(3, restored=1))


def test_a_version_that_stood_there_twice_is_passed_twice() -> None:
    past = (*THREE_VERSIONS, promoted(1), promoted(2, 1), promoted(1, 2))
    spec.given(*past).when(ROLL_BACK).does(rolled_back(1, restored=2))
    spec.given(*past, rolled_back(1, 2)).when(ROLL_BACK).does(rolled_back(2, restored=1))


def test_a_roll_back_passes_over_archived_versions() -> None:
    spec.given(*STOOD_1_2_3, archived(2)).when(ROLL_BACK).does(rolled_back(3, restored=1))


def test_when_all_versions_before_are_archived_there_is_nothing_to_restore() -> None:
    spec.given(*STOOD_1_2_3, archived(1), archived(2)).when(ROLL_BACK).refuses("nothing_before")


def test_a_named_version_is_restored_and_what_stood_after_it_is_forgotten() -> None:
    to_first = RollBackVersion(reason="worse", to=1)
    spec.given(*STOOD_1_2_3).when(to_first).does(rolled_back(3, restored=1))
    spec.given(*STOOD_1_2_3, rolled_back(3, 1)).when(ROLL_BACK).refuses("nothing_before")


def test_a_roll_back_names_its_environment() -> None:
    past = (*THREE_VERSIONS, promoted(1, environment="eu"), promoted(2, 1, environment="eu"))
    spec.given(*past).when(RollBackVersion(reason="slow", environment="eu")).does(
        VersionRolledBack(version=2, environment="eu", restored=1, reason="slow")
    )


def test_where_nothing_serves_nothing_is_rolled_back() -> None:
    spec.given(*THREE_VERSIONS, promoted(1)).when(
        RollBackVersion(reason="worse", environment="staging")
    ).refuses("nothing_serves")


def test_a_version_that_never_stood_there_cannot_be_restored() -> None:
    past = (*THREE_VERSIONS, promoted(1), promoted(2, 1))
    spec.given(*past).when(RollBackVersion(reason="worse", to=3)).refuses("never_stood")


def test_an_archived_version_cannot_be_restored_by_name() -> None:
    spec.given(*STOOD_1_2_3, archived(1)).when(RollBackVersion(reason="worse", to=1)).refuses(
        "archived"
    )


def test_a_version_that_does_not_exist_cannot_be_restored() -> None:
    spec.given(*STOOD_1_2_3).when(RollBackVersion(reason="worse", to=9)).refuses("unknown_version")


def test_a_model_that_was_never_registered_cannot_be_rolled_back() -> None:
    spec.given().when(ROLL_BACK).refuses("unknown_model")


def test_rolling_back_to_the_version_that_stands_there_stays_quiet() -> None:
    spec.given(*STOOD_1_2_3).when(RollBackVersion(reason="worse", to=3)).stays_quiet(version=3)


def test_an_environment_remembers_a_bounded_number_of_places() -> None:
    count = KEPT_PLACES + 2
    versions = [VersionRegistered(version=n, artifact=ARTIFACT) for n in range(1, count + 1)]
    places = [promoted(n, n - 1 or None) for n in range(1, count + 1)]
    past: tuple[ModelEvent, ...] = (REGISTERED, *versions, *places)
    assert len(spec.fold(*past).environments["production"]) == KEPT_PLACES
    spec.given(*past).when(RollBackVersion(reason="worse", to=2)).refuses("never_stood")
    spec.given(*past).when(RollBackVersion(reason="worse", to=3)).does(
        rolled_back(count, restored=3)
    )
