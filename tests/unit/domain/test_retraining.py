from datetime import datetime, timedelta

import pytest
from pydantic import ValidationError

from rollbook.domain import snapshot
from rollbook.domain.model import ModelEvent
from rollbook.domain.retraining import (
    CancelRetraining,
    EndRetraining,
    RecordRetrainingRun,
    RequestRetraining,
    RetrainingEnded,
    RetrainingRequested,
    RetrainingSet,
    RetrainingStarted,
    SetRetraining,
)
from rollbook.domain.retrainpolicy import Past, RetrainingPolicy, due, in_vain
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import REGISTERED, RETIRED, V1, V2

DAY = timedelta(days=1)
POLICY = RetrainingPolicy(pipeline="nightly", parameters={"epochs": "20"}, budget=2)
SET = SetRetraining(document=POLICY)
WAS_SET = RetrainingSet(
    version=1,
    digest=POLICY.digest(),
    document=POLICY.model_dump(mode="json", exclude_defaults=True),
)
NEVER = SetRetraining(document=None)
REQUEST = RequestRetraining(reason="prices changed")
RUNS = RecordRetrainingRun(retraining=1, run="run-7", url="https://airflow.example/7")
STARTED = RetrainingStarted(retraining=1, run="run-7", url="https://airflow.example/7")
BROUGHT = EndRetraining(retraining=1, outcome="candidate", version=2)
CANCEL = CancelRetraining(retraining=1, reason="bad data")


def asked(number: int = 1, at: datetime = NOW, after: int = 1) -> RetrainingRequested:
    return RetrainingRequested(
        retraining=number,
        reason="prices changed",
        requested_by="pia",
        requested_at=at,
        pipeline="nightly",
        parameters={"epochs": "20"},
        deadline=at + DAY,
        after=after,
        policy=1,
    )


def ended(
    number: int = 1, outcome: str = "failed", at: datetime = NOW, version: int | None = None
) -> RetrainingEnded:
    return RetrainingEnded(retraining=number, outcome=outcome, version=version, ended_at=at)


READY: tuple[ModelEvent, ...] = (REGISTERED, V1, WAS_SET)

# SetRetraining


def test_a_policy_says_when_a_model_is_trained_anew() -> None:
    spec.given(REGISTERED).when(SET).does(WAS_SET)


def test_a_policy_can_be_taken_back() -> None:
    spec.given(*READY).when(NEVER).does(RetrainingSet(version=2, digest="", document=None))


def test_a_retired_model_gets_no_policy() -> None:
    spec.given(REGISTERED, RETIRED).when(SET).refuses("retired")


def test_saying_the_same_policy_again_stays_quiet() -> None:
    spec.given(*READY).when(SET).stays_quiet(version=1)


# RequestRetraining


def test_somebody_asks_for_a_retraining() -> None:
    spec.given(*READY).when(REQUEST).does(asked())


def test_without_a_policy_nobody_knows_the_pipeline() -> None:
    spec.given(REGISTERED).when(REQUEST).refuses("no_pipeline")


def test_one_retraining_runs_at_a_time() -> None:
    spec.given(*READY, asked()).when(REQUEST).stays_quiet()


def test_the_next_one_may_begin_when_the_last_one_has_ended() -> None:
    spec.given(*READY, asked(), ended()).when(REQUEST).does(asked(2))


def test_the_budget_holds_for_whoever_asks() -> None:
    runs = (asked(1, NOW - 20 * DAY), ended(1), asked(2, NOW - 10 * DAY), ended(2))
    said = spec.given(*READY, *runs).when(REQUEST).refuses("over_budget")
    assert "2026-03-12" in said


def test_the_budget_has_room_again_after_its_period() -> None:
    runs = (asked(1, NOW - 30 * DAY), ended(1), asked(2, NOW - 10 * DAY), ended(2))
    spec.given(*READY, *runs).when(REQUEST).does(asked(3))


# RecordRetrainingRun


def test_a_run_is_put_on_record() -> None:
    spec.given(*READY, asked()).when(RUNS).does(STARTED)


def test_another_run_is_not_put_in_its_place() -> None:
    other = RecordRetrainingRun(retraining=1, run="run-8")
    spec.given(*READY, asked(), STARTED).when(other).refuses("another_run")


def test_a_run_of_what_has_ended_is_not_put_on_record() -> None:
    spec.given(*READY, asked(), ended()).when(RUNS).refuses("closed")
    spec.given(*READY).when(RUNS).refuses("unknown_retraining")


def test_putting_the_same_run_on_record_stays_quiet() -> None:
    spec.given(*READY, asked(), STARTED).when(RUNS).stays_quiet()


# EndRetraining


def test_a_retraining_brings_a_candidate() -> None:
    given = spec.given(*READY, asked(), STARTED, V2)
    given.when(BROUGHT).does(ended(outcome="candidate", version=2))


def test_a_version_of_before_is_no_candidate() -> None:
    old = EndRetraining(retraining=1, outcome="candidate", version=1)
    spec.given(*READY, asked(), V2).when(old).refuses("no_candidate")
    spec.given(*READY, asked()).when(BROUGHT).refuses("no_candidate")


def test_what_has_ended_otherwise_cannot_end_again() -> None:
    spec.given(*READY, asked(), ended(), V2).when(BROUGHT).refuses("closed")


def test_ending_in_the_same_way_again_stays_quiet() -> None:
    past = (asked(), V2, ended(outcome="candidate", version=2))
    spec.given(*READY, *past).when(BROUGHT).stays_quiet(version=2)


def test_only_a_candidate_names_a_version() -> None:
    with pytest.raises(ValidationError, match="version: must be given"):
        EndRetraining(retraining=1, outcome="candidate")
    with pytest.raises(ValidationError, match="version: must be given"):
        EndRetraining(retraining=1, outcome="failed", version=2)


# CancelRetraining


def test_a_retraining_is_cancelled() -> None:
    end = ended(outcome="cancelled").model_copy(update={"note": "bad data"})
    spec.given(*READY, asked()).when(CANCEL).does(end)


def test_what_has_ended_cannot_be_cancelled() -> None:
    spec.given(*READY, asked(), ended()).when(CANCEL).refuses("closed")


def test_cancelling_again_stays_quiet() -> None:
    spec.given(*READY, asked(), ended(outcome="cancelled")).when(CANCEL).stays_quiet()


# The limits


def nobody(_: int) -> bool:
    return False


def test_an_alarm_must_have_stood_open_for_a_while() -> None:
    assert due(POLICY, [], nobody, NOW) == NOW + POLICY.debounce


def test_an_alarm_waits_for_the_cool_down() -> None:
    past = [Past(NOW - DAY, NOW, "candidate", 2)]
    assert due(POLICY, past, nobody, NOW - DAY) == NOW + POLICY.cooldown


def test_the_cool_down_doubles_with_each_candidate_that_was_rejected_and_ends_with_a_good_one() -> (
    None
):
    slow = POLICY.model_copy(update={"budget": 100})
    rejected = {3, 4}.__contains__
    past = [Past(NOW, NOW, "candidate", 2), Past(NOW, NOW, "candidate", 3)]
    assert due(slow, past, rejected, NOW) == NOW + 2 * DAY
    past += [Past(NOW, NOW, "candidate", 4), Past(NOW, NOW, "failed")]
    assert due(slow, past, rejected, NOW) == NOW + 8 * DAY
    assert due(slow, [*past, Past(NOW, NOW, "candidate", 5)], rejected, NOW) == NOW + DAY


def test_the_cool_down_has_an_end() -> None:
    slow = POLICY.model_copy(update={"budget": 100})
    past = [Past(NOW, NOW, "failed")] * 90
    assert due(slow, past, nobody, NOW) == NOW + slow.longest


def test_what_was_cancelled_tells_nothing() -> None:
    assert in_vain([Past(NOW, NOW, "failed"), Past(NOW, NOW, "cancelled")], nobody) == 1


def test_a_policy_heeds_what_it_names() -> None:
    assert POLICY.heeds("feature", "staging")
    some = RetrainingPolicy(pipeline="p", signals=("performance",), environments=("prod*",))
    assert some.heeds("performance", "production")
    assert not some.heeds("feature", "production")
    assert not some.heeds("performance", "staging")


def test_a_snapshot_remembers_retrainings() -> None:
    model = spec.fold(*READY, asked(), STARTED, V2, ended(outcome="candidate", version=2), asked(2))
    assert snapshot.restore(snapshot.head(model), snapshot.blocks(model)) == model
