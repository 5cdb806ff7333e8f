"""What follows from a look at a rollout, by a precedence that never promotes by default. Pure."""

from dataclasses import dataclass
from datetime import datetime
from typing import Final, TypeAlias
from uuid import UUID, uuid5

from rollbook.domain.findings import MetricFinding, RolloutFinding
from rollbook.domain.rollouts import (
    AbortRollout,
    AdvanceRollout,
    Cause,
    FinishRollout,
    PauseRollout,
)
from rollbook.readmodel.rollouts import RolloutRow

_NAMES: Final = UUID("6d0a0b50-1c63-5a3e-9e41-0f3f6f2f6a14")
"""What the ids are made under."""

MoveCommand: TypeAlias = AdvanceRollout | PauseRollout | AbortRollout | FinishRollout


@dataclass(frozen=True, slots=True)
class Move:
    """A command that a rollout is due, after its last event."""

    model: str
    rollout: int
    after: int
    """The offset of that event."""
    command: MoveCommand

    @property
    def kind(self) -> str:
        """The command's name."""
        return type(self.command).__name__

    @property
    def key(self) -> tuple[str, int, int, str]:
        """The same from every deployer, whatever exactly it has counted."""
        return self.model, self.rollout, self.after, self.kind

    def command_id(self, attempt: int = 0) -> str:
        """So the log takes it once; a refusal stands for good, and who tries again counts up."""
        return str(uuid5(_NAMES, "\n".join(map(str, (*self.key, attempt)))))


def next_move(row: RolloutRow, finding: RolloutFinding, now: datetime) -> Move | None:
    """What the rollout is due now; None: it waits."""
    command = _command(row, finding, now)
    return None if command is None else Move(row.model, row.rollout, row.moved_off, command)


def _command(row: RolloutRow, finding: RolloutFinding, now: datetime) -> MoveCommand | None:
    plan = row.parsed
    if finding.result == "breached":
        return _abort(row, "breached", _because(finding), finding)
    if row.state == "watching":
        if now < row.due:
            return None
        return FinishRollout(environment=row.environment, rollout=row.rollout, finding=finding)
    if row.state == "paused":
        return None
    stage = plan.stages[row.step]
    if stage.analysis and finding.result in ("error", "failed"):
        cause: Cause = "error" if finding.result == "error" else "failed"
        stop = _pause if plan.on_fail == "pause" else _abort
        return stop(row, cause, _because(finding), finding)
    shown = finding.result == "passed" or not stage.analysis
    if shown and now >= row.due and not row.missing and plan.frozen(now) is None:
        return AdvanceRollout(
            environment=row.environment, rollout=row.rollout, step=row.step, finding=finding
        )
    if now >= row.deadline:
        stop = _pause if plan.on_inconclusive == "pause" else _abort
        return stop(row, "deadline", _late(row, finding), finding)
    return None


def _abort(row: RolloutRow, cause: Cause, reason: str, finding: RolloutFinding) -> AbortRollout:
    return AbortRollout(
        environment=row.environment,
        rollout=row.rollout,
        reason=reason[:5000],
        cause=cause,
        finding=finding,
    )


def _pause(row: RolloutRow, cause: Cause, reason: str, finding: RolloutFinding) -> PauseRollout:
    return PauseRollout(
        environment=row.environment,
        rollout=row.rollout,
        reason=reason[:5000],
        cause=cause,
        finding=finding,
    )


def _because(finding: RolloutFinding) -> str:
    """The metrics that say so, in words."""
    said = [m for m in finding.metrics if m.outcome == finding.result]
    return "; ".join(map(_words, said)) or finding.result


def _words(metric: MetricFinding) -> str:
    return f"{metric.metric} of version {metric.candidate.version}: {metric.why or metric.outcome}"


def _late(row: RolloutRow, finding: RolloutFinding) -> str:
    when = f"the deadline {row.deadline:%Y-%m-%d %H:%M} UTC has come"
    if row.missing:
        return f"{when}, and nobody has agreed: {', '.join(row.missing)}"
    if finding.result == "passed":
        return f"{when} before the step had baked"
    return f"{when}: {finding.result.replace('_', ' ')}; {_because(finding)}"
