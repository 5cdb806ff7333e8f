from datetime import timedelta
from typing import Any

from rollbook.domain.environments import (
    BreakGlass,
    ClearEnvironment,
    EnvironmentCleared,
    GlassBroken,
    PromoteVersion,
    RollBackVersion,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.evidence import evidence_of
from rollbook.domain.findings import (
    PRECEDENCE,
    ArmCount,
    MetricFinding,
    Result,
    RolloutFinding,
    conclude,
)
from rollbook.domain.plans import Freeze, Metric, RolloutPlan, Stage
from rollbook.domain.requests import PromotionApproved
from rollbook.domain.rollouts import (
    AbortRollout,
    AdvanceRollout,
    ApproveRolloutStep,
    FinishRollout,
    PauseRollout,
    PromoteRollout,
    ResumeRollout,
    RolloutAborted,
    RolloutAdvanced,
    RolloutFinished,
    RolloutPaused,
    RolloutResumed,
    RolloutStarted,
    RolloutStepApproved,
    RolloutStepSkipped,
    SkipRolloutStep,
    StartRollout,
)
from rollbook.domain.versions import ArchiveVersion
from tests.support import spec
from tests.support.spec import NOW
from tests.unit.domain.examples import (
    THREE_VERSIONS,
    production,
    promoted,
    rejected,
    rolled_back,
)
from tests.unit.domain.test_requests import requested

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ERRORS = Metric(metric="errors", of="errors", margin=0.01)
PLAN = RolloutPlan(
    steps=(
        Stage(weight=5, bake=HOUR, samples=100),
        Stage(weight=50, approval={"approver": 1}),
    ),
    metrics=(ERRORS,),
    deadline=3 * DAY,
    watch=DAY,
)
SHORT = RolloutPlan(steps=(Stage(weight=5),), metrics=(ERRORS,))
SHADOW = RolloutPlan(strategy="shadow", steps=(Stage(mirror=100),), metrics=(ERRORS,))
CLICKS = Metric(metric="clicks", of="value:clicks", role="goal", better="up")
AB = RolloutPlan(strategy="ab", steps=(Stage(weight=50),), metrics=(ERRORS, CLICKS))

SERVES = (*THREE_VERSIONS, promoted(1))


def started(plan: RolloutPlan = PLAN, **more: Any) -> RolloutStarted:
    told: dict[str, Any] = {
        "rollout": 1,
        "version": 2,
        "environment": "production",
        "baseline": 1,
        "plan": plan.model_dump(mode="json", exclude_defaults=True),
        "digest": plan.digest(),
        "started_by": "rex",
        "due": NOW + plan.stages[0].bake,
        "deadline": NOW + plan.deadline,
    }
    return RolloutStarted(**told | more)


ABOUT: dict[str, Any] = {"rollout": 1, "version": 2, "environment": "production"}
LIVE = (*SERVES, started())
SECOND = RolloutAdvanced(**ABOUT, step=1, due=NOW + HOUR)
AT_SECOND = (*LIVE, SECOND)
AGREED = RolloutStepApproved(**ABOUT, step=1, approved_by="ada", title="approver")
PAUSED = RolloutPaused(**ABOUT, step=0, reason="lunch", at=NOW)
WIN = VersionPromoted(
    version=2, environment="production", replaced=1, rollout=1, watched_until=NOW + DAY
)
WATCHED = (*LIVE, WIN)
ABORTED = RolloutAborted(**ABOUT, step=0, reason="worse")
OVER = (*LIVE, ABORTED)


def measured(outcome: Result, metric: Metric = ERRORS, version: int = 2) -> MetricFinding:
    return MetricFinding(
        metric=metric.metric,
        role=metric.role,
        outcome=outcome,
        candidate=ArmCount(version=version, n=1000, value=0.01),
        baseline=ArmCount(version=1, n=1000, value=0.01),
        difference=0.0,
        low=-0.005,
        high=0.005,
        alpha=0.05,
    )


def finding(
    outcome: Result = "passed", samples: int = 1000, plan: RolloutPlan = PLAN
) -> RolloutFinding:
    return conclude((measured(outcome),), samples, 0, plan.digest())


START = StartRollout(version=2, plan=PLAN)
ADVANCE = AdvanceRollout(rollout=1, step=0, finding=finding())


# It begins


def test_a_rollout_starts_beside_what_serves() -> None:
    spec.given(*SERVES).when(START, by="rex").does(started())


def test_a_rollout_is_started_once() -> None:
    spec.given(*LIVE).when(START).stays_quiet(version=2)
    spec.given(*SERVES).when(StartRollout(version=1, plan=PLAN)).stays_quiet(version=1)


def test_one_rollout_is_live_in_an_environment() -> None:
    spec.given(*LIVE).when(StartRollout(version=3, plan=PLAN)).refuses("rollout_live")
    spec.given(*LIVE).when(StartRollout(version=2, plan=SHORT)).refuses("rollout_live")
    other = StartRollout(version=2, environment="staging", plan=SHORT)
    spec.given(*LIVE, promoted(1, environment="staging")).when(other, by="rex").does(
        started(SHORT, rollout=2, environment="staging")
    )


def test_nobody_is_promoted_past_a_live_rollout() -> None:
    spec.given(*LIVE).when(PromoteVersion(version=3)).refuses("rollout_live")
    spec.given(*WATCHED).when(PromoteVersion(version=3)).refuses("rollout_live")


def test_a_rollout_needs_something_to_be_compared_with() -> None:
    spec.given(*THREE_VERSIONS).when(START).refuses("nothing_serves")


def test_a_rollout_needs_versions_that_may_serve() -> None:
    spec.given(*SERVES).when(StartRollout(version=9, plan=PLAN)).refuses("unknown_version")
    spec.given(*SERVES, rejected(2)).when(START).refuses("rejected")


def test_the_new_versions_of_a_rollout_differ() -> None:
    for challengers in ((1,), (2,), (3, 3)):
        many = StartRollout(version=2, plan=AB, challengers=challengers)
        spec.given(*SERVES).when(many).refuses("wrong_arms")
    spec.given(*SERVES).when(StartRollout(version=2, plan=PLAN, challengers=(3,))).refuses(
        "wrong_arms"
    )


def test_a_rollout_asks_for_the_signatures_of_a_promotion_and_uses_them_up() -> None:
    rules = production(approvals={"limited": {"approver": 1}})
    spec.given(*SERVES).when(START, namespace=rules).refuses("needs_request")
    now = evidence_of(spec.fold(*SERVES), 2, "production")
    asked = requested(now, approver=1).model_copy(update={"version": 2})
    signed = PromotionApproved(
        request=1,
        version=2,
        environment="production",
        approved_by="ada",
        title="approver",
        evidence=now,
    )
    spec.given(*SERVES, asked).when(START, namespace=rules).refuses("needs_approval")
    begun = started(requests=(1,), approved_by=("ada",), evidence=now, rules=1)
    spec.given(*SERVES, asked, signed).when(START, by="rex", namespace=rules).does(begun)
    after = spec.fold(*SERVES, asked, signed, begun)
    assert not after.requests
    assert after.rollouts[1].approved_by == ("ada",)


def test_nothing_begins_or_goes_on_in_a_freeze() -> None:
    weekend = Freeze(days=("mon",))  # as NOW is one
    frozen = PLAN.model_copy(update={"freeze": (weekend,)})
    spec.given(*SERVES).when(StartRollout(version=2, plan=frozen)).refuses("frozen")
    advance = AdvanceRollout(rollout=1, step=0, finding=finding(plan=frozen))
    given = spec.given(*SERVES, started(frozen))
    given.when(advance, at=NOW + HOUR).refuses("frozen")
    given.when(advance, at=NOW + DAY).does(
        SECOND.model_copy(update={"finding": finding(plan=frozen), "due": NOW + DAY})
    )
    given.when(AbortRollout(reason="worse"), at=NOW + HOUR).does(ABORTED)


# It goes on


def test_a_step_that_has_shown_what_it_should_leads_to_the_next() -> None:
    spec.given(*LIVE).when(ADVANCE, at=NOW + HOUR).does(
        SECOND.model_copy(update={"finding": finding()})
    )


def test_a_step_is_left_once() -> None:
    spec.given(*AT_SECOND).when(ADVANCE).stays_quiet(version=2)
    spec.given(*WATCHED).when(ADVANCE).stays_quiet(version=2)
    spec.given(*OVER).when(ADVANCE).stays_quiet()
    spec.given(*LIVE).when(AdvanceRollout(rollout=1, step=1)).refuses("wrong_step")


def test_a_step_bakes_its_time() -> None:
    spec.given(*LIVE).when(ADVANCE, at=NOW + HOUR / 2).refuses("not_due")


def test_nothing_but_a_pass_goes_on() -> None:
    for outcome in PRECEDENCE[:-1]:
        advance = AdvanceRollout(rollout=1, step=0, finding=finding(outcome))
        spec.given(*LIVE).when(advance, at=NOW + HOUR).refuses("not_passed")


def test_a_pass_is_of_every_metric_by_the_plan_and_of_enough_requests() -> None:
    without = AdvanceRollout(rollout=1, step=0)
    other_plan = AdvanceRollout(rollout=1, step=0, finding=finding(plan=SHORT))
    few = AdvanceRollout(rollout=1, step=0, finding=finding(samples=99))
    claimed = RolloutFinding(result="passed", winner=2, samples=1000, plan=PLAN.digest())
    of_another = conclude((measured("passed", version=3),), 1000, 0, PLAN.digest())
    for advance in (
        without,
        other_plan,
        few,
        AdvanceRollout(rollout=1, step=0, finding=claimed),
        AdvanceRollout(rollout=1, step=0, finding=of_another),
    ):
        spec.given(*LIVE).when(advance, at=NOW + HOUR).refuses("not_passed")


def test_a_step_without_analysis_needs_none_but_no_guardrail_may_be_broken() -> None:
    plan = RolloutPlan(steps=(Stage(weight=5, analysis=False), Stage(weight=50)), metrics=(ERRORS,))
    given = spec.given(*SERVES, started(plan))
    given.when(AdvanceRollout(rollout=1, step=0)).does(RolloutAdvanced(**ABOUT, step=1, due=NOW))
    broken = AdvanceRollout(rollout=1, step=0, finding=finding("breached", plan=plan))
    given.when(broken).refuses("not_passed")


def test_the_last_step_ends_in_a_promotion_that_is_watched() -> None:
    last = AdvanceRollout(rollout=1, step=1, finding=finding())
    spec.given(*AT_SECOND, AGREED).when(last, at=NOW + HOUR).does(
        WIN.model_copy(update={"finding": finding(), "watched_until": NOW + HOUR + DAY})
    )
    watched = spec.fold(*WATCHED)
    assert watched.serving("production") == 2
    assert watched.rollouts[1].state == "watching"
    unwatched = WIN.model_copy(update={"watched_until": None})
    assert not spec.fold(*LIVE, unwatched).rollouts


def test_what_the_gates_reject_meanwhile_is_not_promoted() -> None:
    last = AdvanceRollout(rollout=1, step=1, finding=finding())
    spec.given(*AT_SECOND, AGREED, rejected(2)).when(last, at=NOW + HOUR).refuses("rejected")
    spec.given(*AT_SECOND, rejected(2)).when(PromoteRollout(reason="now")).refuses("rejected")


def test_a_shadow_ends_without_a_promotion() -> None:
    last = AdvanceRollout(rollout=1, step=0, finding=finding(plan=SHADOW))
    spec.given(*SERVES, started(SHADOW)).when(last).does(
        RolloutFinished(**ABOUT, finding=finding(plan=SHADOW))
    )


def test_the_winner_of_an_a_b_test_is_promoted() -> None:
    outcomes: dict[int, Result] = {2: "inconclusive", 3: "passed"}
    both = tuple(
        measured(outcome, metric, version)
        for version, outcome in outcomes.items()
        for metric in (ERRORS, CLICKS)
    )
    found = conclude(both, 1000, 0, AB.digest())
    assert found.winner == 3
    past = (*SERVES, started(AB, challengers=(3,)))
    spec.given(*past).when(AdvanceRollout(rollout=1, step=0, finding=found)).does(
        VersionPromoted(version=3, environment="production", replaced=1, rollout=1, finding=found)
    )


def test_nothing_goes_on_beyond_a_broken_guardrail_of_any_version() -> None:
    both = (measured("breached", version=2), measured("passed", version=3))
    found = conclude(both, 1000, 0, AB.digest())
    assert (found.result, found.winner) == ("breached", None)


def test_a_rollout_that_does_not_exist_is_not_moved() -> None:
    spec.given(*LIVE).when(AdvanceRollout(rollout=2, step=0)).refuses("no_rollout")
    spec.given(*LIVE).when(AdvanceRollout(rollout=1, environment="staging", step=0)).refuses(
        "no_rollout"
    )


# People say how it goes on


def test_a_paused_rollout_stays_where_it_is() -> None:
    spec.given(*LIVE).when(PauseRollout(reason="lunch")).does(PAUSED)
    spec.given(*LIVE, PAUSED).when(PauseRollout(reason="lunch")).stays_quiet(version=2)
    spec.given(*LIVE, PAUSED).when(ADVANCE, at=NOW + HOUR).refuses("paused")
    spec.given(*WATCHED).when(PauseRollout(reason="lunch")).refuses("promoted")
    spec.given(*OVER).when(PauseRollout(reason="lunch")).refuses("no_rollout")
    spec.given(*OVER).when(PauseRollout(rollout=1, reason="lunch")).refuses("rollout_over")


def test_a_rollout_that_goes_on_has_as_much_time_left_as_before() -> None:
    resume = ResumeRollout(reason="back")
    told = RolloutResumed(**ABOUT, step=0, reason="back", deadline=NOW + 4 * DAY)
    spec.given(*LIVE, PAUSED).when(resume, at=NOW + DAY).does(told)
    spec.given(*LIVE).when(resume).stays_quiet(version=2)
    spec.given(*OVER).when(resume).refuses("no_rollout")


def test_a_rollout_that_its_deadline_has_paused_gets_as_much_time_anew() -> None:
    late = PAUSED.model_copy(update={"at": NOW + 3 * DAY, "cause": "deadline"})
    spec.given(*LIVE, late).when(ResumeRollout(reason="on"), at=NOW + 5 * DAY).does(
        RolloutResumed(**ABOUT, step=0, reason="on", deadline=NOW + 8 * DAY)
    )


def test_a_step_waits_for_those_who_must_agree() -> None:
    last = AdvanceRollout(rollout=1, step=1, finding=finding())
    spec.given(*AT_SECOND).when(last, at=NOW + HOUR).refuses("needs_approval")
    spec.given(*AT_SECOND).when(ApproveRolloutStep(step=1), by="ada").does(AGREED)
    spec.given(*AT_SECOND, AGREED).when(ApproveRolloutStep(), by="ada").stays_quiet(version=2)
    spec.given(*AT_SECOND, AGREED).when(ApproveRolloutStep(), by="abe").stays_quiet(version=2)


def test_who_starts_a_rollout_or_made_the_version_does_not_approve_it() -> None:
    spec.given(*AT_SECOND).when(ApproveRolloutStep(), by="rex").refuses("own_work")
    spec.given(*AT_SECOND).when(ApproveRolloutStep(), by="pia").refuses("own_work")
    legal = ApproveRolloutStep(title="legal")
    spec.given(*AT_SECOND).when(legal, by="ada", titles=frozenset()).refuses("wrong_title")
    spec.given(*LIVE).when(ApproveRolloutStep(), by="ada").refuses("not_asked")
    spec.given(*AT_SECOND).when(ApproveRolloutStep(step=0), by="ada").refuses("wrong_step")


def test_an_approval_is_of_one_step() -> None:
    both = RolloutPlan(
        steps=(
            Stage(weight=5, approval={"approver": 1}),
            Stage(weight=50, approval={"approver": 1}),
        ),
        metrics=(ERRORS,),
    )
    first = AGREED.model_copy(update={"step": 0})
    state = spec.fold(*SERVES, started(both), first, SECOND)
    assert state.rollouts[1].missing == {"approver": 1}


def test_a_step_can_be_skipped_and_that_is_on_record() -> None:
    skip = SkipRolloutStep(reason="seen elsewhere", step=0)
    skipped = RolloutStepSkipped(
        **ABOUT,
        step=1,
        reason="seen elsewhere",
        skipped_by="rex",
        due=NOW,
        deadline=NOW + 3 * DAY,
    )
    spec.given(*LIVE).when(skip, by="rex").does(skipped)
    spec.given(*LIVE, PAUSED).when(skip, by="rex").does(skipped)
    assert spec.fold(*LIVE, PAUSED, skipped).rollouts[1].state == "stepping"
    spec.given(*AT_SECOND).when(skip).stays_quiet(version=2)
    spec.given(*AT_SECOND).when(SkipRolloutStep(reason="on")).refuses("last_step")
    spec.given(*WATCHED).when(SkipRolloutStep(reason="on")).refuses("promoted")


def test_somebody_can_promote_now_and_that_is_on_record() -> None:
    now = PromoteRollout(reason="the old one is down")
    spec.given(*LIVE).when(now).does(WIN.model_copy(update={"override": "the old one is down"}))
    spec.given(*WATCHED).when(now).stays_quiet(version=2)
    spec.given(*WATCHED).when(PromoteRollout(version=3, reason="that")).refuses("promoted")
    spec.given(*LIVE).when(PromoteRollout(version=3, reason="that")).refuses("wrong_arms")
    spec.given(*OVER).when(now).refuses("no_rollout")


# It ends


def test_a_rollout_can_always_be_aborted() -> None:
    broken = finding("breached")
    abort = AbortRollout(reason="worse", cause="breached", finding=broken)
    for past in (LIVE, (*LIVE, PAUSED), AT_SECOND):
        told = {"cause": "breached", "finding": broken, "step": spec.fold(*past).rollouts[1].step}
        spec.given(*past).when(abort).does(ABORTED.model_copy(update=told))
        assert spec.fold(*past, ABORTED).serving("production") == 1


def test_aborting_what_is_watched_rolls_back() -> None:
    back = VersionRolledBack(
        version=2, environment="production", restored=1, reason="worse", rollout=1, cause="asked"
    )
    spec.given(*WATCHED).when(AbortRollout(reason="worse")).does(back)
    assert spec.fold(*WATCHED, back).serving("production") == 1
    assert not spec.fold(*WATCHED, back).rollouts


def test_aborting_what_is_over_stays_quiet() -> None:
    spec.given(*OVER).when(AbortRollout(reason="worse")).stays_quiet()
    spec.given(*OVER).when(AbortRollout(rollout=1, reason="worse")).stays_quiet()
    spec.given(*OVER).when(AbortRollout(rollout=2, reason="worse")).refuses("no_rollout")


def test_going_back_gives_up_what_is_tried_and_keeps_what_is_known_to_be_good() -> None:
    past = (*THREE_VERSIONS, promoted(3), promoted(1, 3), started())
    spec.given(*past).when(RollBackVersion(reason="worse")).does(ABORTED)
    spec.given(*past).when(RollBackVersion(reason="worse", to=3)).does(
        rolled_back(1, 3).model_copy(update={"rollout": 1})
    )
    assert not spec.fold(*past, rolled_back(1, 3)).rollouts
    spec.given(*WATCHED).when(RollBackVersion(reason="worse")).does(
        rolled_back(2, 1).model_copy(update={"rollout": 1})
    )


def test_clearing_and_breaking_glass_end_a_rollout() -> None:
    cleared = EnvironmentCleared(version=1, environment="production", reason="off", rollout=1)
    spec.given(*LIVE).when(ClearEnvironment(environment="production", reason="off")).does(cleared)
    assert not spec.fold(*LIVE, cleared).rollouts
    broken = GlassBroken(
        version=3,
        environment="production",
        replaced=1,
        reason="fire",
        number=1,
        broken_by="pia",
        rollout=1,
    )
    spec.given(*LIVE).when(BreakGlass(version=3, reason="fire")).does(broken)
    assert not spec.fold(*LIVE, broken).rollouts


def test_the_watch_ends_when_its_time_is_over() -> None:
    finish = FinishRollout(rollout=1)
    spec.given(*WATCHED).when(finish, at=NOW + DAY).does(RolloutFinished(**ABOUT))
    spec.given(*WATCHED).when(finish).refuses("not_due")
    spec.given(*LIVE).when(finish).refuses("not_promoted")
    spec.given(*OVER).when(finish).stays_quiet()


def test_what_a_rollout_needs_is_not_archived() -> None:
    spec.given(*LIVE).when(ArchiveVersion(version=2, reason="old")).refuses("rollout_live")
    spec.given(*WATCHED).when(ArchiveVersion(version=1, reason="old")).refuses("rollout_live")
