"""Rollouts: starting them, saying how they go on, and seeing what they have shown."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any, Unpack

from rollbook.client.result import Result
from rollbook.client.results import Outcome
from rollbook.client.session import API, AsOf, asked, model_path
from rollbook.client.wishes import Terms, Wishes

if TYPE_CHECKING:
    from rollbook.client.wishes import Part

PAGE = 100
"""Rows asked for at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollout(Result):
    """A rollout, as far as it has come."""

    model: str
    rollout: int
    """Counts the model's from 1."""
    version: int
    environment: str
    baseline: int
    """What served there when it began."""
    challengers: tuple[int, ...] = ()
    plan: Mapping[str, Any]
    """As `rollbook.domain.plans.RolloutPlan` has it."""
    digest: str
    reason: str
    requests: tuple[int, ...] = ()
    approved_by: tuple[str, ...] = ()
    evidence: str | None
    rules: int
    position: str
    started_at: datetime
    started_by: str
    state: str
    """`stepping`, `paused` or `watching`; in the end `promoted`, `finished` (a shadow), `aborted`,
    `rolled_back`, `cleared` or `replaced` (by a broken glass)."""
    step: int
    """ArmCount from 0."""
    due: datetime
    """When its step has baked, or the watch is over."""
    deadline: datetime
    paused_at: datetime | None
    missing: Mapping[str, int]
    """Title -> people who must still agree that it goes beyond its step."""
    promoted: int | None
    promoted_at: datetime | None
    finding: Mapping[str, Any] | None
    """As `rollbook.domain.findings.RolloutFinding` has it: what was found at its last move."""
    cause: str | None
    """Why it was paused or taken back: `asked`, or what was found."""
    ended_at: datetime | None
    ended_by: str | None
    ended_reason: str | None
    moved_off: int
    moved_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStep(Result):
    """Something that happened to a rollout."""

    model: str
    rollout: int
    type: str
    """Of the event."""
    step: int | None
    """At which it is afterwards, counted from 0; None at its end."""
    version: int
    cause: str | None
    reason: str
    finding: Mapping[str, Any] | None
    position: str
    at: datetime
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class RolloutStory(Result):
    """A rollout with everything that happened to it."""

    rollout: Rollout
    steps: tuple[RolloutStep, ...]
    """Oldest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployment(Result):
    """An environment: what should serve, and what servers say they serve."""

    environment: str
    version: int | None
    rollout: int | None
    wanted: tuple[Mapping[str, Any], ...]
    """`version`, and percent of the requests as `weight` and as `mirror`."""
    observed: tuple[Mapping[str, Any], ...]
    """`source`, `target`, `version`, `digest` and when it was `seen`."""
    standing: str
    """`as_wanted`, `differs` or `unobserved`."""


class Rolling(Wishes):
    """Each means the rollout that is live in the environment, or none but the one that is named."""

    def start_rollout(
        self,
        model: str,
        version: int,
        plan: "Part",
        *,
        environment: str = "production",
        challengers: Sequence[int] = (),
        reason: str = "",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Let a version take over an environment, by a `rollbook.domain.plans.RolloutPlan`."""
        fields = {
            "version": version,
            "plan": plan,
            "environment": environment,
            "challengers": list(challengers) or None,
            "reason": reason,
        }
        return self._wish("StartRollout", model, fields, terms)

    def advance_rollout(
        self,
        model: str,
        rollout: int,
        step: int,
        finding: "Part | None" = None,
        *,
        environment: str = "production",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Go beyond a step, counted from 0, that has shown what it should; the deployer does so."""
        fields = {"rollout": rollout, "step": step, "finding": finding, "environment": environment}
        return self._wish("AdvanceRollout", model, fields, terms)

    def pause_rollout(
        self,
        model: str,
        reason: str,
        *,
        environment: str = "production",
        rollout: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Keep the traffic as it is."""
        fields = {"reason": reason, "environment": environment, "rollout": rollout}
        return self._wish("PauseRollout", model, fields, terms)

    def resume_rollout(
        self,
        model: str,
        reason: str,
        *,
        environment: str = "production",
        rollout: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Let a paused rollout go on."""
        fields = {"reason": reason, "environment": environment, "rollout": rollout}
        return self._wish("ResumeRollout", model, fields, terms)

    def approve_rollout_step(
        self,
        model: str,
        *,
        environment: str = "production",
        rollout: int | None = None,
        step: int | None = None,
        title: str | None = None,
        comment: str = "",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Agree that it goes beyond its step, in the name of a title that you hold."""
        fields = {
            "environment": environment,
            "rollout": rollout,
            "step": step,
            "title": title,
            "comment": comment,
        }
        return self._wish("ApproveRolloutStep", model, fields, terms)

    def skip_rollout_step(
        self,
        model: str,
        reason: str,
        *,
        environment: str = "production",
        rollout: int | None = None,
        step: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Go to the next step without what this one should show; that stays on record."""
        fields = {"reason": reason, "environment": environment, "rollout": rollout, "step": step}
        return self._wish("SkipRolloutStep", model, fields, terms)

    def promote_rollout(
        self,
        model: str,
        reason: str,
        *,
        environment: str = "production",
        rollout: int | None = None,
        version: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Promote now, whatever the steps have shown; that stays on record."""
        fields = {
            "reason": reason,
            "environment": environment,
            "rollout": rollout,
            "version": version,
        }
        return self._wish("PromoteRollout", model, fields, terms)

    def abort_rollout(
        self,
        model: str,
        reason: str,
        *,
        environment: str = "production",
        rollout: int | None = None,
        **terms: Unpack[Terms],
    ) -> Outcome:
        """Give all traffic back to what served before; after the promotion, roll back to it."""
        fields = {"reason": reason, "environment": environment, "rollout": rollout}
        return self._wish("AbortRollout", model, fields, terms)

    def finish_rollout(
        self,
        model: str,
        rollout: int,
        *,
        environment: str = "production",
        **terms: Unpack[Terms],
    ) -> Outcome:
        """End the watch when its time is over; the deployer does so."""
        fields = {"rollout": rollout, "environment": environment}
        return self._wish("FinishRollout", model, fields, terms)

    def rollouts(self, model: str | None = None, *, as_of: AsOf = None) -> Iterator[Rollout]:
        """The rollouts of a model, newest first; without one, those that are live anywhere."""
        if model is None:
            return map(Rollout.of, self.pages(f"{API}/rollouts", {"limit": PAGE}))
        path = f"{model_path(model)}/rollouts"
        return map(Rollout.of, self.pages(path, {"limit": PAGE, "as_of": asked(as_of)}))

    def rollout(self, model: str, number: int, *, as_of: AsOf = None) -> RolloutStory:
        """One of them with its steps; `Refused` (`unknown_rollout`) where there is none."""
        path = f"{model_path(model)}/rollouts/{number}"
        found = self.read(path, {"as_of": asked(as_of)})
        steps = tuple(map(RolloutStep.of, found["steps"]))
        return RolloutStory(rollout=Rollout.of(found["rollout"]), steps=steps)

    def deployment(self, model: str) -> list[Deployment]:
        """What should serve in each environment, and what servers say they serve."""
        found = self.read(f"{model_path(model)}/deployment")
        return [Deployment.of(each) for each in found["environments"]]
