from rollbook.domain.holds import HoldVersion, ReleaseVersion, VersionHeld, VersionReleased
from tests.support import spec
from tests.unit.domain.examples import REGISTERED, V1, archived

HOLD = HoldVersion(version=1, reason="case 7")
HELD = VersionHeld(version=1, reason="case 7")
RELEASE = ReleaseVersion(version=1, reason="closed")
RELEASED = VersionReleased(version=1, reason="closed")

# HoldVersion


def test_a_version_is_put_under_hold() -> None:
    spec.given(REGISTERED, V1).when(HOLD).does(HELD)
    assert spec.fold(REGISTERED, V1, HELD).versions[1].review.held


def test_an_archived_version_can_be_held_as_well() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(HOLD).does(HELD)


def test_a_version_that_does_not_exist_cannot_be_held() -> None:
    spec.given(REGISTERED).when(HOLD).refuses("unknown_version")


def test_holding_what_is_held_stays_quiet() -> None:
    spec.given(REGISTERED, V1, HELD).when(HOLD).stays_quiet(version=1)


# ReleaseVersion


def test_a_hold_is_lifted() -> None:
    spec.given(REGISTERED, V1, HELD).when(RELEASE).does(RELEASED)
    assert not spec.fold(REGISTERED, V1, HELD, RELEASED).versions[1].review.held


def test_a_version_that_does_not_exist_cannot_be_released() -> None:
    spec.given(REGISTERED).when(RELEASE).refuses("unknown_version")


def test_releasing_what_is_not_held_stays_quiet() -> None:
    spec.given(REGISTERED, V1).when(RELEASE).stays_quiet(version=1)
