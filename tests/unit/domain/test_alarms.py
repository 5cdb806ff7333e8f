from datetime import timedelta

from rollbook.domain import snapshot
from rollbook.domain.alarms import (
    MOST_OPEN,
    AcknowledgeDrift,
    ClearDrift,
    DetectDrift,
    DriftAcknowledged,
    DriftCleared,
    DriftDetected,
    DriftFinding,
    Stretch,
)
from rollbook.domain.state import AlarmKind
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import REGISTERED, V1

FINDING = DriftFinding(subject="feature:age", measure="psi", value=0.3, threshold=0.1, p=1e-6)
WINDOW = Stretch(begin=NOW - timedelta(minutes=25), end=NOW, rows=5000, windows=5)


def detect(kind: AlarmKind = "feature", version: int = 1, environment: str = "prod") -> DetectDrift:
    return DetectDrift(
        version=version, environment=environment, kind=kind, findings=(FINDING,), window=WINDOW
    )


def detected(
    alarm: int = 1, kind: AlarmKind = "feature", version: int = 1, environment: str = "prod"
) -> DriftDetected:
    return DriftDetected(
        alarm=alarm,
        version=version,
        environment=environment,
        kind=kind,
        findings=(FINDING,),
        window=WINDOW,
    )


def cleared(alarm: int = 1) -> DriftCleared:
    return DriftCleared(
        alarm=alarm, version=1, environment="prod", kind="feature", reason="calm", window=WINDOW
    )


CLEAR = ClearDrift(alarm=1, reason="calm", window=WINDOW)
ACKNOWLEDGE = AcknowledgeDrift(alarm=1, note="a campaign")

# DetectDrift


def test_drift_raises_an_alarm() -> None:
    spec.given(REGISTERED, V1).when(detect()).does(detected())
    assert list(spec.fold(REGISTERED, V1, detected()).alarms) == [1]


def test_an_alarm_that_is_open_stays_quiet() -> None:
    spec.given(REGISTERED, V1, detected()).when(detect()).stays_quiet(version=1)


def test_another_kind_or_environment_is_another_alarm() -> None:
    spec.given(REGISTERED, V1, detected()).when(detect("quality")).does(detected(2, "quality"))
    other = detected(2, environment="staging")
    spec.given(REGISTERED, V1, detected()).when(detect(environment="staging")).does(other)


def test_what_has_cleared_is_raised_anew_under_another_number() -> None:
    spec.given(REGISTERED, V1, detected(), cleared()).when(detect()).does(detected(2))


def test_what_is_served_raises_an_alarm_though_nobody_registered_it() -> None:
    asked = detect("serving", version=0)
    spec.given(REGISTERED).when(asked).does(detected(1, "serving", version=0))


def test_a_version_that_does_not_exist_cannot_drift() -> None:
    spec.given(REGISTERED).when(detect()).refuses("unknown_version")
    spec.given().when(detect("serving")).refuses("unknown_model")


def test_alarms_are_not_raised_without_end() -> None:
    many = [detected(n, environment=f"e{n}") for n in range(1, MOST_OPEN + 1)]
    spec.given(REGISTERED, V1, *many).when(detect()).refuses("too_many_alarms")


# ClearDrift


def test_an_alarm_clears() -> None:
    spec.given(REGISTERED, V1, detected()).when(CLEAR).does(cleared())
    assert not spec.fold(REGISTERED, V1, detected(), cleared()).alarms


def test_what_has_cleared_stays_quiet() -> None:
    spec.given(REGISTERED, V1, detected(), cleared()).when(CLEAR).stays_quiet()


def test_an_alarm_that_was_never_raised_cannot_clear() -> None:
    spec.given(REGISTERED, V1).when(CLEAR).refuses("unknown_alarm")


# AcknowledgeDrift


def test_somebody_says_that_they_have_seen_it() -> None:
    seen = DriftAcknowledged(alarm=1, note="a campaign", by="ann")
    spec.given(REGISTERED, V1, detected()).when(ACKNOWLEDGE, by="ann").does(seen)
    again = spec.given(REGISTERED, V1, detected(), seen)
    again.when(ACKNOWLEDGE, by="ann").stays_quiet()


def test_what_has_cleared_need_not_be_seen() -> None:
    spec.given(REGISTERED, V1, detected(), cleared()).when(ACKNOWLEDGE).refuses("closed")
    spec.given(REGISTERED, V1).when(ACKNOWLEDGE).refuses("unknown_alarm")


def test_a_snapshot_keeps_open_alarms() -> None:
    model = spec.fold(REGISTERED, V1, detected(), detected(2, "quality"))
    assert snapshot.restore(snapshot.head(model), snapshot.blocks(model)) == model
