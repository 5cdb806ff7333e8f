"""The state of one model: what deciding about its next command needs, and no more.

Named tuples: immutable like the messages, and copied with a change at a third of the cost.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal, NamedTuple, TypeAlias

from immutables import Map

from rollbook.domain.lineage import Terms
from rollbook.domain.messages import Refused
from rollbook.domain.plans import RolloutPlan, Stage
from rollbook.domain.retrainpolicy import Past, RetrainingPolicy

AlarmKind: TypeAlias = Literal[
    "feature", "prediction", "label", "performance", "quality", "serving"
]
"""What has drifted: the data, what is predicted or true, how right it is, or what is deployed."""

KEPT_PLACES = 64
"""How many past versions an environment remembers to roll back to."""


class Review(NamedTuple):
    """What has been found out about a version since it was registered."""

    stage: str = "registered"
    """`registered`, `validating`, `validated` or `rejected`."""
    rejected: bool = False
    """Whether the last verdict was against it; validating it again does not lift that."""
    verdict: str = ""
    """Digest of the last verdict of the gates."""
    evaluations: int = 0
    evaluated: str = ""
    """Digest that pins the evaluation history."""
    last_evaluation: str = ""
    """Digest of the last evaluation alone."""
    documents: tuple[str, ...] = ()
    """Digests of the links to documents."""
    card: str = ""
    """Digest of the card."""
    card_revision: int = 0
    card_sections: tuple[str, ...] = ()
    """Sections of the card that are filled in."""
    review_by: datetime | None = None
    """When the card must have been looked at again."""
    stale: bool = False
    """Whether that moment was missed."""
    barred: Mapping[str, tuple[str, ...]] = {}
    """Environment -> the gates of the last verdict that keep the version out of it."""
    held: bool = False
    """Whether it is under legal hold."""
    signatures: tuple[str, ...] = ()
    """Digests of the signatures that were attached."""
    profile: str = ""
    """Digest of the reference profile."""


class Version(NamedTuple):
    """One immutable version; its facts are in the log, here stands what decisions look at."""

    digest: str
    archived: bool = False
    description: str = ""
    tags: Mapping[str, str] = {}
    idempotency_key: str | None = None
    label: str | None = None
    """MAJOR.MINOR.PATCH."""
    registered_by: str = ""
    recorded: int = 0
    """Which core fields were given: a bit each, see `completeness`."""
    terms: Terms | None = None
    properties: Mapping[str, Any] = {}
    schema: int = 0
    """The version of the namespace's metadata schema that the properties were written for."""
    review: Review = Review()
    uri: str = ""
    """Where the bytes lie."""
    format: str | None = None
    variants: Mapping[str, str] = {}
    """Name of a variant -> its digest."""


class Approval(NamedTuple):
    """A signature under a request."""

    by: str
    title: str
    evidence: str
    """Digest of what its giver decided on."""


class Request(NamedTuple):
    """An open request to promote a version."""

    version: int
    environment: str
    requested_by: str
    quorum: tuple[tuple[str, int], ...]
    """How many signatures are asked for in the name of each title."""
    expires_at: datetime
    escalates_at: datetime | None
    approvals: tuple[Approval, ...] = ()
    escalated: bool = False

    def without(self, signer: str) -> "Request":
        """The request as if `signer` had not signed it."""
        return self._replace(approvals=tuple(a for a in self.approvals if a.by != signer))

    def missing(self, evidence: str) -> dict[str, int]:
        """Title -> signatures still asked for; those under other evidence do not count."""
        given = [a.title for a in self.approvals if a.evidence == evidence]
        left = {title: wanted - given.count(title) for title, wanted in self.quorum}
        return {title: count for title, count in left.items() if count > 0}


class Break(NamedTuple):
    """A broken glass that nobody has reviewed yet."""

    version: int
    environment: str
    broken_by: str


class Alarm(NamedTuple):
    """An alarm that has not cleared."""

    version: int
    environment: str
    kind: AlarmKind
    acknowledged_by: str | None = None
    since: datetime | None = None
    """The end of the window that raised it."""


class Training(NamedTuple):
    """A retraining that was asked for."""

    past: Past
    after: int
    """How many versions there were: a candidate is a later one."""
    run: str = ""
    """As the pipeline calls it."""


class Rollout(NamedTuple):
    """A live rollout: a version on its way into an environment, or watched after its promotion."""

    version: int
    """The new one; after the promotion, the one that was promoted."""
    environment: str
    baseline: int
    """What served there when it began."""
    challengers: tuple[int, ...]
    """Further new versions of an A/B test."""
    plan: RolloutPlan
    digest: str
    """Of the plan."""
    started_by: str
    approved_by: tuple[str, ...]
    evidence: str | None
    """Digest of the facts that it was started on."""
    due: datetime
    """When its step has baked, or the watch is over."""
    deadline: datetime
    step: int = 0
    """Counted from 0."""
    state: Literal["stepping", "paused", "watching"] = "stepping"
    paused_at: datetime | None = None
    approvals: tuple[Approval, ...] = ()
    """Of the step."""

    @property
    def arms(self) -> tuple[int, ...]:
        """The new versions that get traffic."""
        return (self.version, *self.challengers)

    @property
    def stage(self) -> Stage:
        """The step that it is at."""
        return self.plan.stages[self.step]

    @property
    def missing(self) -> dict[str, int]:
        """Title -> people who must still agree that it goes beyond its step."""
        given = [approval.title for approval in self.approvals]
        left = {title: wanted - given.count(title) for title, wanted in self.stage.approval.items()}
        return {title: count for title, count in left.items() if count > 0}


class Model(NamedTuple):
    """One stream: a registered model with its versions, aliases, environments and requests."""

    registered: bool = False
    description: str = ""
    tags: Mapping[str, str] = {}
    versions: Map[int, Version] = Map()
    keys: Map[str, int] = Map()
    """Idempotency key -> version number."""
    aliases: Map[str, int] = Map()
    environments: Map[str, tuple[int, ...]] = Map()
    """Environment -> the versions that stood there, oldest first; the last one stands now."""
    labels: Map[str, int] = Map()
    """MAJOR.MINOR.PATCH -> version number."""
    last_label: str | None = None
    retired: bool = False
    owner: str | None = None
    team: str | None = None
    risk: str | None = None
    requests: Map[int, Request] = Map()
    """The open ones."""
    requested: int = 0
    """Requests there ever were."""
    breaks: Map[int, Break] = Map()
    """The broken glasses that nobody has reviewed."""
    broken: int = 0
    """Glasses that were ever broken."""
    retraining: RetrainingPolicy | None = None
    """When it is trained anew; None: never."""
    retraining_version: int = 0
    trainings: tuple[Training, ...] = ()
    """The newest retrainings, oldest first; only the last one can run."""
    trained: int = 0
    """Retrainings that were ever asked for."""
    rollouts: Map[int, Rollout] = Map()
    """The live ones, at most one for each environment."""
    rolled: int = 0
    """Rollouts there ever were."""

    alarms: Map[int, Alarm] = Map()
    """The open ones."""
    alarmed: int = 0
    """Alarms there ever were."""

    @property
    def next_version(self) -> int:
        """Numbers are contiguous from 1 and never used again."""
        return len(self.versions) + 1

    def serving(self, environment: str) -> int | None:
        """The version that stands in `environment` now."""
        places = self.environments.get(environment)
        return places[-1] if places else None

    def serves_in(self, number: int) -> list[str]:
        """The environments in which version `number` stands now, in alphabetical order."""
        return sorted(e for e, places in self.environments.items() if places[-1] == number)

    def live_in(self, environment: str) -> tuple[int, Rollout] | None:
        """The live rollout in `environment`, with its number."""
        for number, rollout in self.rollouts.items():
            if rollout.environment == environment:
                return number, rollout
        return None

    def known(self) -> None:
        """Refuse when the model was never registered."""
        if not self.registered:
            raise Refused("unknown_model", "this model is not registered: register it first")

    def require(self) -> None:
        """Refuse when the model was never registered, or is retired."""
        if not self.registered:
            self.known()
        if self.retired:
            raise Refused("retired", "this model is retired: restore it first")

    def version(self, number: int) -> Version:
        """Version `number`, or a refusal that says which ones exist."""
        self.require()
        found = self.versions.get(number)
        if found is None:
            have = f"versions 1 to {len(self.versions)}" if self.versions else "no versions yet"
            raise Refused("unknown_version", f"there is no version {number}: the model has {have}")
        return found

    def usable(self, number: int) -> Version:
        """Version `number`, or a refusal when it is unknown or archived."""
        found = self.version(number)
        if found.archived:
            raise Refused("archived", f"version {number} is archived")
        return found

    def with_version(self, number: int, version: Version) -> "Model":
        """A copy in which version `number` is `version`."""
        versions = self.versions.set(number, version)
        # On the hottest path: `_replace` would look each of the many fields up by its name.
        return Model._make((*self[:_VERSIONS], versions, *self[_VERSIONS + 1 :]))

    def rolling(self, number: int, rollout: Rollout) -> "Model":
        """A copy in which rollout `number` is `rollout`."""
        return self._replace(rollouts=self.rollouts.set(number, rollout))

    def rolled_out(self, environment: str) -> "Model":
        """A copy in which no rollout is live in `environment`."""
        live = self.live_in(environment) if self.rollouts else None
        return self._replace(rollouts=self.rollouts.delete(live[0])) if live else self

    def asked_no_more(self, number: int) -> "Model":
        """A copy without open requests for version `number`."""
        left = Map({n: asked for n, asked in self.requests.items() if asked.version != number})
        return self._replace(requests=left)

    def reviewed(self, number: int, **changes: Any) -> "Model":
        """A copy in which the review of version `number` has changed."""
        version = self.versions[number]
        return self.with_version(
            number, version._replace(review=version.review._replace(**changes))
        )


_VERSIONS: Final = Model._fields.index("versions")
