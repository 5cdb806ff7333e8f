from dataclasses import replace
from datetime import timedelta
from random import Random
from typing import Any

import pytest

from rollbook.deployer.analysis import TRAFFIC, look
from rollbook.deployer.handlers import Move, next_move
from rollbook.deployer.patience import Patience
from rollbook.domain.findings import RolloutFinding
from rollbook.domain.plans import RolloutPlan
from rollbook.domain.rollouts import AbortRollout, AdvanceRollout, FinishRollout, PauseRollout
from rollbook.eventlog.position import Position
from rollbook.readmodel.rollouts import RolloutRow
from rollbook.readmodel.tallies import TallyRow
from tests.unit.deployer.tallies import AT, MODEL, errors, latency, tally

HOUR = timedelta(hours=1)
ERRORS = {"metric": "errors", "of": "errors", "margin": 0.02}


def row(state: str = "stepping", **changes: Any) -> RolloutRow:
    told: dict[str, Any] = {"steps": [{"weight": 50, "bake": "1h"}], "metrics": [ERRORS]}
    plan = RolloutPlan.model_validate(told | changes.pop("plan", {}))
    made = RolloutRow(
        model=MODEL,
        rollout=1,
        version=2,
        environment="production",
        baseline=1,
        challengers=(),
        plan=plan.model_dump(mode="json", exclude_defaults=True),
        digest=plan.digest(),
        reason="",
        requests=(),
        approved_by=(),
        evidence=None,
        rules=0,
        position=Position(0, 7),
        started_at=AT,
        started_by="rex",
        state=state,
        due=AT + HOUR,
        deadline=AT + 24 * HOUR,
        missing={},
        moved_off=7,
        moved_at=AT,
    )
    return replace(made, **changes)


GOOD = (errors(1, 5000, 0.01), errors(2, 5000, 0.01))
BAD = (errors(1, 5000, 0.01), errors(2, 5000, 0.10))
FEW = (errors(1, 200, 0.01), errors(2, 200, 0.01))


def move(of: RolloutRow, tallies: tuple[TallyRow, ...], after: timedelta) -> Move | None:
    return next_move(of, look(of, tallies, AT + after), AT + after)


def command(of: RolloutRow, tallies: tuple[TallyRow, ...], after: timedelta) -> Any:
    found = move(of, tallies, after)
    return found and found.command


# What is found


def test_a_version_that_is_no_worse_passes_and_says_what_was_counted() -> None:
    found = look(row(), GOOD, AT)
    assert (found.result, found.winner, found.samples) == ("passed", 2, 5000)
    metric = found.metrics[0]
    assert metric.baseline is not None
    assert (metric.candidate.version, metric.candidate.n, metric.baseline.n) == (2, 5000, 5000)
    assert metric.low is not None
    assert metric.high is not None
    assert metric.low <= 0 <= metric.high < 0.02
    assert found.plan == row().digest


def test_a_version_that_is_worse_breaks_its_guardrail() -> None:
    found = look(row(), BAD, AT)
    assert (found.result, found.winner) == ("breached", None)


def test_too_little_says_nothing() -> None:
    assert look(row(), (), AT).result == "no_data"
    assert look(row(), FEW, AT).result == "inconclusive"


def test_the_same_tallies_in_any_order_say_the_same() -> None:
    plan = {
        "metrics": [ERRORS, {"metric": "p95", "of": "latency", "statistic": "p95", "margin": "50%"}]
    }
    rows = [*GOOD, latency(1, 5000, 20), latency(2, 5000, 21)]
    first = look(row(plan=plan), rows, AT)
    for seed in range(5):
        Random(seed).shuffle(rows)
        assert look(row(plan=plan), rows, AT) == first


def test_a_quantile_is_held_against_what_the_baseline_shows() -> None:
    p95 = {"metric": "p95", "of": "latency", "statistic": "p95", "margin": "20%"}
    plan = {"metrics": [p95]}
    same = (*GOOD, latency(1, 20_000, 20), latency(2, 20_000, 20))
    slow = (*GOOD, latency(1, 20_000, 20), latency(2, 20_000, 60))
    assert look(row(plan=plan), same, AT).result == "passed"
    assert look(row(plan=plan), slow, AT).result == "breached"


def test_a_limit_is_kept_whatever_the_baseline_shows() -> None:
    plan = {"metrics": [{"metric": "errors", "of": "errors", "threshold": 0.05}]}
    only_new = (errors(1, 5000, 0.5), errors(2, 5000, 0.01))
    assert look(row(plan=plan), only_new, AT).result == "passed"
    assert look(row(plan=plan), BAD, AT).result == "breached"


def test_a_goal_is_to_be_better_and_missing_it_is_no_breach() -> None:
    goal = {"metric": "clicks", "of": "value:clicks", "role": "goal", "better": "up"}
    plan = {"strategy": "ab", "metrics": [ERRORS, goal]}

    def clicks(version: int, rate: float) -> TallyRow:
        values = [1.0 if Random(n).random() < rate else 0.0 for n in range(20_000)]
        return tally(version, "value:clicks", values)

    better = (*GOOD, clicks(1, 0.2), clicks(2, 0.3))
    worse = (*GOOD, clicks(1, 0.3), clicks(2, 0.2))
    same = (*GOOD, clicks(1, 0.2), clicks(2, 0.2))
    assert look(row(plan=plan), better, AT).result == "passed"
    assert look(row(plan=plan), worse, AT).result == "failed"
    assert look(row(plan=plan), same, AT).result == "inconclusive"


def test_a_shadow_is_looked_at_by_its_copies() -> None:
    plan = {"strategy": "shadow", "steps": [{"mirror": 100}]}
    copies = (errors(1, 5000, 0.01), errors(2, 5000, 0.01, shadow=True))
    assert look(row(plan=plan), copies, AT).result == "passed"
    assert look(row(plan=plan), GOOD, AT).result == "no_data"


def test_traffic_that_was_not_split_as_planned_cannot_be_analysed() -> None:
    lopsided = (errors(1, 5000, 0.01), errors(2, 2500, 0.01))
    found = look(row(), lopsided, AT)
    assert found.result == "error"
    assert [m.metric for m in found.metrics if m.outcome == "error"] == [TRAFFIC]


def test_what_is_missing_may_be_an_error_once_the_step_has_baked() -> None:
    strict = row(plan={"metrics": [ERRORS | {"missing": "fail"}]})
    assert look(strict, (), AT).result == "no_data"
    assert look(strict, (), AT + HOUR).result == "error"


def test_a_step_wants_its_own_requests() -> None:
    steps = [{"weight": 50}, {"weight": 50, "samples": 1000}]
    second = row(plan={"steps": steps}, step=1)
    assert look(second, GOOD, AT).result == "no_data"
    more = (*GOOD, errors(1, 1000, 0.01, step=1), errors(2, 1000, 0.01, step=1))
    assert look(second, more, AT).result == "passed"


# What follows


def test_a_good_version_moves_on_when_its_step_has_baked() -> None:
    assert command(row(), GOOD, HOUR / 2) is None
    assert isinstance(command(row(), GOOD, HOUR), AdvanceRollout)


@pytest.mark.parametrize("state", ["stepping", "paused"])
def test_a_broken_guardrail_aborts_at_once(state: str) -> None:
    abort = command(row(state), BAD, timedelta(0))
    assert isinstance(abort, AbortRollout)
    assert abort.cause == "breached"
    assert "errors of version 2" in abort.reason


@pytest.mark.parametrize("tallies", [(), FEW])
def test_no_data_and_inconclusive_never_promote(tallies: tuple[TallyRow, ...]) -> None:
    for hours in range(24):
        assert command(row(), tallies, hours * HOUR) is None
    late = command(row(), tallies, 24 * HOUR)
    assert isinstance(late, AbortRollout)
    assert late.cause == "deadline"
    held = command(row(plan={"on_inconclusive": "pause"}), tallies, 24 * HOUR)
    assert isinstance(held, PauseRollout)


def test_an_analysis_that_cannot_be_made_stops_as_the_plan_says() -> None:
    lopsided = (errors(1, 5000, 0.01), errors(2, 2500, 0.01))
    assert isinstance(command(row(), lopsided, timedelta(0)), AbortRollout)
    held = command(row(plan={"on_fail": "pause"}), lopsided, timedelta(0))
    assert isinstance(held, PauseRollout)
    assert held.cause == "error"


def test_a_broken_guardrail_goes_before_everything_else() -> None:
    lopsided = (errors(1, 5000, 0.01), errors(2, 2500, 0.20))
    abort = command(row(plan={"on_fail": "pause"}), lopsided, 48 * HOUR)
    assert isinstance(abort, AbortRollout)
    assert abort.cause == "breached"


def test_people_and_freezes_hold_it_until_its_deadline() -> None:
    waits = row(missing={"approver": 1})
    assert command(waits, GOOD, HOUR) is None
    late = command(waits, GOOD, 24 * HOUR)
    assert isinstance(late, AbortRollout)
    assert "nobody has agreed: approver" in late.reason
    frozen = row(plan={"freeze": [{"days": ["mon"]}]})
    assert command(frozen, GOOD, HOUR) is None
    assert isinstance(command(frozen, BAD, HOUR), AbortRollout)


def test_what_is_paused_waits_for_people() -> None:
    assert command(row("paused"), GOOD, 48 * HOUR) is None


def test_a_step_without_analysis_moves_on_when_it_has_baked() -> None:
    steps = [{"weight": 50, "bake": "1h", "analysis": False}, {"weight": 50}]
    assert isinstance(command(row(plan={"steps": steps}), (), HOUR), AdvanceRollout)
    assert isinstance(command(row(plan={"steps": steps}), BAD, HOUR), AbortRollout)


def test_the_watch_looks_at_what_was_promoted_until_its_time_is_over() -> None:
    watched = row("watching", promoted=2)
    assert command(watched, FEW, HOUR / 2) is None
    assert isinstance(command(watched, FEW, HOUR), FinishRollout)
    assert isinstance(command(watched, BAD, HOUR / 2), AbortRollout)


def test_what_was_good_before_the_last_step_does_not_hide_what_is_bad_since() -> None:
    steps = [{"weight": 50}, {"weight": 50}]
    watched = row("watching", promoted=2, plan={"steps": steps}, step=1)
    before = (errors(1, 100_000, 0.01), errors(2, 100_000, 0.01))
    since = (errors(1, 2000, 0.01, step=1), errors(2, 2000, 0.08, step=1))
    assert isinstance(command(watched, (*before, *since), timedelta(0)), AbortRollout)


def test_every_deployer_asks_under_the_same_id_until_the_rollout_has_moved() -> None:
    one, other = move(row(), GOOD, HOUR), move(row(), (*GOOD, latency(2, 10, 5)), 2 * HOUR)
    assert one is not None
    assert other is not None
    assert one.command_id() == other.command_id()
    assert one.command_id(1) != one.command_id()
    moved = move(row(moved_off=8), GOOD, HOUR)
    assert moved is not None
    assert moved.command_id() != one.command_id()


def test_a_refusal_is_tried_again_after_a_while_and_what_is_done_is_not() -> None:
    patience = Patience()
    due = move(row(), GOOD, HOUR)
    assert due is not None
    assert patience.timely([due], AT) == [due]
    patience.refused(due, AT, AT)
    assert patience.timely([due], AT) == []
    assert patience.timely([due], AT + timedelta(seconds=1)) == [due]
    assert patience.attempt(due) == 1
    patience.done(due)
    assert patience.timely([due], AT + HOUR) == []
    assert patience.timely([], AT + HOUR) == []
    assert patience.attempt(due) == 0


def test_an_old_refusal_holds_nothing_back() -> None:
    patience = Patience()
    due = move(row(), GOOD, HOUR)
    assert due is not None
    patience.refused(due, AT - HOUR, AT)
    assert patience.timely([due], AT) == [due]


def test_a_finding_survives_the_wire() -> None:
    found = look(row(), GOOD, AT)
    assert RolloutFinding.model_validate_json(found.model_dump_json(exclude_defaults=True)) == found
