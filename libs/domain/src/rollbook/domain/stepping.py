"""Deciding about rollouts: what lets one begin, go on, stop, and promote what it has shown."""

from collections.abc import Iterable
from datetime import datetime
from typing import TypeAlias

from rollbook.domain.context import Context
from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.domain.evidence import evidence_of
from rollbook.domain.findings import RolloutFinding
from rollbook.domain.guards import Objection, objections, rollout_live, unsigned
from rollbook.domain.messages import Refused, Unchanged
from rollbook.domain.plans import RolloutPlan
from rollbook.domain.requests import title_for
from rollbook.domain.rollouts import (
    AbortRollout,
    AdvanceRollout,
    ApproveRolloutStep,
    Cause,
    FinishRollout,
    PauseRollout,
    PromoteRollout,
    ResumeRollout,
    RolloutAborted,
    RolloutAdvanced,
    RolloutCommand,
    RolloutEvent,
    RolloutFinished,
    RolloutPaused,
    RolloutResumed,
    RolloutStarted,
    RolloutStepApproved,
    RolloutStepSkipped,
    SkipRolloutStep,
    StartRollout,
)
from rollbook.domain.state import Model, Rollout

Found: TypeAlias = tuple[int, Rollout]
"""A live rollout, with its number."""


def decide(
    state: Model, command: RolloutCommand, context: Context
) -> RolloutEvent | VersionPromoted | VersionRolledBack | Unchanged:
    """The event that `command` leads to."""
    if isinstance(command, StartRollout):
        return _start(state, command, context)
    found = _named(state, command.environment, command.rollout)
    match command:
        case AdvanceRollout():
            return _advance(state, found, command, context) if found else Unchanged()
        case AbortRollout(reason=reason, cause=cause, finding=finding):
            return aborted(found, reason, cause, finding) if found else Unchanged()
        case FinishRollout():
            return _finish(found, command, context) if found else Unchanged()
        case PauseRollout():
            return _pause(_trying(found, command), command, context)
        case ResumeRollout(reason=reason):
            return _resume(_trying(found, command), reason, context)
        case ApproveRolloutStep():
            return _approve(state, _trying(found, command), command, context)
        case SkipRolloutStep():
            return _skip(_trying(found, command), command, context)
        case PromoteRollout():
            return _promote_now(state, _live(found, command), command, context)


def _named(state: Model, environment: str, wanted: int | None) -> Found | None:
    """The live rollout that is meant; None when none is, or when the one that was named is over."""
    state.known()
    live = state.live_in(environment)
    if live is not None and wanted in (None, live[0]):
        return live
    if wanted is None:
        return None
    if wanted > state.rolled:
        raise Refused("no_rollout", f"there is no rollout {wanted}")
    if (other := state.rollouts.get(wanted)) is not None:
        raise Refused("no_rollout", f"rollout {wanted} is live in {other.environment}")
    return None


def _live(found: Found | None, command: RolloutCommand) -> Found:
    """The live rollout that is meant."""
    if found is not None:
        return found
    wanted = getattr(command, "rollout", None)
    if wanted is None:
        raise Refused("no_rollout", f"no rollout is live in {command.environment}")
    raise Refused("rollout_over", f"rollout {wanted} is over")


def _trying(found: Found | None, command: RolloutCommand) -> Found:
    """The live rollout that is meant, which has promoted nothing yet."""
    number, rollout = _live(found, command)
    if rollout.state == "watching":
        raise Refused("promoted", f"rollout {number} has promoted version {rollout.version}")
    return number, rollout


def _at(number: int, rollout: Rollout, step: int | None) -> None:
    if step is not None and step != rollout.step:
        raise Refused(
            "wrong_step", f"rollout {number} is at step {rollout.step}, not {step}, counted from 0"
        )


def _refuse(found: list[Objection]) -> None:
    if found:
        raise Refused(found[0].code, "; ".join(objection.message for objection in found))


def _thawed(plan: RolloutPlan, context: Context) -> None:
    if (freeze := plan.frozen(context.time)) is not None:
        until = f"{freeze.ends:%H:%M} {freeze.timezone}"
        raise Refused("frozen", f"nothing moves forward in a freeze, which holds until {until}")


def _start(state: Model, command: StartRollout, context: Context) -> RolloutStarted | Unchanged:
    version, environment, plan = command.version, command.environment, command.plan
    arms = (version, *command.challengers)
    for arm in arms:
        state.usable(arm)
    digest, baseline = plan.digest(), state.serving(environment)
    if (live := state.live_in(environment)) is not None:
        number, rollout = live
        if (*rollout.arms, rollout.digest) == (*arms, digest):
            return Unchanged(version=version)
        raise rollout_live(number, rollout)
    if baseline is None:
        raise Refused("nothing_serves", f"nothing serves in {environment} beside it: promote it")
    if arms == (baseline,):
        return Unchanged(version=version)
    if baseline in arms or len(set(arms)) < len(arms):
        raise Refused("wrong_arms", "each new version stands once, and none serves there already")
    if command.challengers and plan.strategy != "ab":
        raise Refused("wrong_arms", f"a {plan.strategy} rollout has one new version")
    _thawed(plan, context)
    found, requests, signers = _signed(state, arms, environment, context)
    _refuse(found)
    ruled = context.namespace.rules_version or requests
    return RolloutStarted(
        rollout=state.rolled + 1,
        version=version,
        environment=environment,
        baseline=baseline,
        challengers=command.challengers,
        plan=plan.model_dump(mode="json", exclude_defaults=True),
        digest=digest,
        started_by=context.actor,
        reason=command.reason,
        requests=requests,
        approved_by=signers,
        evidence=evidence_of(state, version, environment) if ruled else None,
        rules=context.namespace.rules_version,
        due=context.time + plan.stages[0].bake,
        deadline=context.time + plan.deadline,
    )


def _signed(
    state: Model, arms: Iterable[int], environment: str, context: Context
) -> tuple[list[Objection], tuple[int, ...], tuple[str, ...]]:
    """What stands against them, the requests for them, and who signed these as things are."""
    found: list[Objection] = []
    requests: list[int] = []
    signers: dict[str, None] = {}
    for arm in arms:
        found += objections(state, arm, environment, context)
        missing, place, request = unsigned(state, arm, environment, context)
        if missing is not None:
            found.append(missing)
        if place is not None and request is not None:
            evidence = evidence_of(state, arm, environment)
            requests.append(place)
            signers |= {a.by: None for a in request.approvals if a.evidence == evidence}
    return found, tuple(requests), tuple(signers)


def _advance(
    state: Model, found: Found, command: AdvanceRollout, context: Context
) -> RolloutAdvanced | RolloutFinished | VersionPromoted | Unchanged:
    number, rollout = found
    finding = command.finding
    if rollout.state == "watching" or command.step < rollout.step:
        return Unchanged(version=rollout.version)
    _at(number, rollout, command.step)
    if rollout.state == "paused":
        raise Refused("paused", f"rollout {number} is paused: resume it first")
    if context.time < rollout.due:
        raise Refused("not_due", f"step {rollout.step} bakes until {rollout.due.isoformat()}")
    _thawed(rollout.plan, context)
    if missing := rollout.missing:
        people = ", ".join(f"{count} x {title}" for title, count in missing.items())
        raise Refused("needs_approval", f"step {rollout.step} waits for {people}")
    if why := _not_shown(rollout, finding):
        raise Refused("not_passed", f"step {rollout.step} of rollout {number}: {why}")
    if rollout.step + 1 < len(rollout.plan.stages):
        return RolloutAdvanced(
            rollout=number,
            version=rollout.version,
            environment=rollout.environment,
            step=rollout.step + 1,
            due=context.time + rollout.plan.stages[rollout.step + 1].bake,
            finding=finding,
        )
    if rollout.plan.strategy == "shadow":
        return RolloutFinished(
            rollout=number,
            version=rollout.version,
            environment=rollout.environment,
            finding=finding,
        )
    winner = (finding.winner if finding else None) or rollout.version
    return _promotion(state, found, winner, context, finding, None)


def _not_shown(rollout: Rollout, finding: RolloutFinding | None) -> str | None:
    """Why a step may not end with this finding; None: it may."""
    stage = rollout.stage
    if finding is None:
        return "its analysis was not made" if stage.analysis else None
    if finding.plan != rollout.digest:
        return "the analysis was not made by its plan"
    if finding.result == "breached":
        return "a guardrail is broken"
    if not stage.analysis:
        return None
    if finding.result != "passed" or finding.winner not in rollout.arms:
        return f"its analysis is {finding.result}, not passed"
    passed = {
        m.metric
        for m in finding.metrics
        if m.candidate.version == finding.winner and m.outcome == "passed"
    }
    if lacks := [m.metric for m in rollout.plan.metrics if m.metric not in passed]:
        return f"its analysis says no pass of {', '.join(lacks)}"
    if finding.samples < stage.samples:
        return f"{finding.samples} samples are fewer than {stage.samples}"
    return None


def _promotion(
    state: Model,
    found: Found,
    version: int,
    context: Context,
    finding: RolloutFinding | None,
    reason: str | None,
) -> VersionPromoted:
    number, rollout = found
    _refuse(objections(state, version, rollout.environment, context))
    watch = rollout.plan.watch
    return VersionPromoted(
        version=version,
        environment=rollout.environment,
        replaced=state.serving(rollout.environment),
        approved_by=rollout.approved_by,
        evidence=rollout.evidence,
        rules=context.namespace.rules_version,
        rollout=number,
        finding=finding,
        override=reason,
        watched_until=context.time + watch if watch else None,
    )


def _promote_now(
    state: Model, found: Found, command: PromoteRollout, context: Context
) -> VersionPromoted | Unchanged:
    number, rollout = found
    version = command.version or rollout.version
    if rollout.state == "watching":
        if version == rollout.version:
            return Unchanged(version=version)
        raise Refused("promoted", f"rollout {number} has promoted version {rollout.version}")
    if version not in rollout.arms:
        raise Refused("wrong_arms", f"version {version} is not a new one of rollout {number}")
    return _promotion(state, found, version, context, None, command.reason)


def aborted(
    found: Found,
    reason: str,
    cause: Cause = "asked",
    finding: RolloutFinding | None = None,
) -> RolloutAborted | VersionRolledBack:
    """What takes the new version out: its traffic goes back, or what served before comes back."""
    number, rollout = found
    if rollout.state == "watching":
        return VersionRolledBack(
            version=rollout.version,
            environment=rollout.environment,
            restored=rollout.baseline,
            reason=reason,
            rollout=number,
            cause=cause,
            finding=finding,
        )
    return RolloutAborted(
        rollout=number,
        version=rollout.version,
        environment=rollout.environment,
        step=rollout.step,
        cause=cause,
        reason=reason,
        finding=finding,
    )


def tried_in(state: Model, environment: str) -> Found | None:
    """The rollout that is live there and has promoted nothing: going back is giving it up."""
    live = state.live_in(environment)
    return live if live is not None and live[1].state != "watching" else None


def _finish(found: Found, command: FinishRollout, context: Context) -> RolloutFinished | Unchanged:
    number, rollout = found
    if rollout.state != "watching":
        raise Refused("not_promoted", f"rollout {number} has promoted nothing yet")
    if context.time < rollout.due:
        raise Refused("not_due", f"rollout {number} is watched until {rollout.due.isoformat()}")
    return RolloutFinished(
        rollout=number,
        version=rollout.version,
        environment=rollout.environment,
        finding=command.finding,
    )


def _pause(found: Found, command: PauseRollout, context: Context) -> RolloutPaused | Unchanged:
    number, rollout = found
    if rollout.state == "paused":
        return Unchanged(version=rollout.version)
    return RolloutPaused(
        rollout=number,
        version=rollout.version,
        environment=rollout.environment,
        step=rollout.step,
        cause=command.cause,
        reason=command.reason,
        at=context.time,
        finding=command.finding,
    )


def _resume(found: Found, reason: str, context: Context) -> RolloutResumed | Unchanged:
    number, rollout = found
    if rollout.state != "paused":
        return Unchanged(version=rollout.version)
    return RolloutResumed(
        rollout=number,
        version=rollout.version,
        environment=rollout.environment,
        step=rollout.step,
        reason=reason,
        deadline=_later(rollout, context.time),
    )


def _later(rollout: Rollout, now: datetime) -> datetime:
    """The deadline when it goes on now; one that has come while nobody held it begins anew."""
    if rollout.paused_at is None:
        return rollout.deadline
    if rollout.deadline <= rollout.paused_at:
        return now + rollout.plan.deadline
    return rollout.deadline + max(now - rollout.paused_at, now - now)


def _approve(
    state: Model,
    found: Found,
    command: ApproveRolloutStep,
    context: Context,
) -> RolloutStepApproved | Unchanged:
    number, rollout = found
    _at(number, rollout, command.step)
    if not rollout.stage.approval:
        raise Refused("not_asked", f"step {rollout.step} of rollout {number} asks for nobody")
    if any(given.by == context.actor for given in rollout.approvals):
        return Unchanged(version=rollout.version)
    if context.actor == rollout.started_by:
        raise Refused("own_work", "who starts a rollout cannot approve its steps")
    if context.actor in {state.versions[arm].registered_by for arm in rollout.arms}:
        raise Refused("own_work", "nobody approves a version that they have registered")
    missing = rollout.missing
    if not missing:
        return Unchanged(version=rollout.version)
    title = title_for(command.title, missing, context)
    left = missing | {title: missing[title] - 1} if title in missing else missing
    return RolloutStepApproved(
        rollout=number,
        version=rollout.version,
        environment=rollout.environment,
        step=rollout.step,
        approved_by=context.actor,
        title=title,
        comment=command.comment,
        missing={name: count for name, count in left.items() if count > 0},
    )


def _skip(
    found: Found, command: SkipRolloutStep, context: Context
) -> RolloutStepSkipped | Unchanged:
    number, rollout = found
    if command.step is not None and command.step < rollout.step:
        return Unchanged(version=rollout.version)
    _at(number, rollout, command.step)
    following = rollout.step + 1
    if following == len(rollout.plan.stages):
        raise Refused("last_step", f"rollout {number} is at its last step: promote or abort it")
    return RolloutStepSkipped(
        rollout=number,
        version=rollout.version,
        environment=rollout.environment,
        step=following,
        reason=command.reason,
        skipped_by=context.actor,
        due=context.time + rollout.plan.stages[following].bake,
        deadline=_later(rollout, context.time),
    )
