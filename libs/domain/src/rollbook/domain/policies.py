"""Policies: which gates a version must pass, for which models, with tests beside them."""

from hashlib import sha256
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, model_validator

from rollbook.domain.gates import Gate
from rollbook.domain.lineage import AnyText, Fact, Short, Specification
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import EnvironmentName, Glob, Reason
from rollbook.domain.rulebook import Risk
from rollbook.domain.tenancy import Namespace

MOST_POLICIES: Final = 100
"""Policies of one namespace."""


class PolicyTest(Fact):
    """What a policy must say about a version that one makes up."""

    test: Short
    given: Specification
    """The facts of the version, as `rollbook policy explain --facts` prints them."""
    passes: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    """Gates that must pass it."""
    fails: Annotated[tuple[Short, ...], Field(max_length=200)] = ()
    """Gates that must fail it."""


class Policy(Fact):
    """Gates, and the models to which they apply."""

    description: Annotated[AnyText, Field(max_length=2000)] = ""
    models: Annotated[tuple[Glob, ...], Field(min_length=1, max_length=200)] = ("*",)
    """Names within the namespace."""
    risks: Annotated[tuple[Risk, ...], Field(max_length=3)] = ()
    """What a wrong prediction of the models may cost; nothing: all."""
    revalidate: Literal["nothing", "serving", "all"] = "nothing"
    """Which versions it looks at again when it is saved; new ones it looks at anyway."""
    gates: Annotated[tuple[Gate, ...], Field(min_length=1, max_length=100)]
    tests: Annotated[tuple[PolicyTest, ...], Field(max_length=200)] = ()

    @model_validator(mode="after")
    def _distinct(self) -> "Policy":
        names = [gate.gate for gate in self.gates]
        known = set(names)
        if len(known) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise ValueError(f"gates: {twice!r} stands there twice")
        for test in self.tests:
            for name in (*test.passes, *test.fails):
                if name not in known:
                    raise ValueError(f"tests: {test.test!r} names the gate {name!r}: unknown")
        return self

    def digest(self) -> str:
        """`sha256:…` of what it says."""
        text = self.model_dump_json(exclude_defaults=True)
        return "sha256:" + sha256(text.encode()).hexdigest()


# Events


class PolicySaved(Event):
    """The policy of this name says this from here on; `version` counts from 1."""

    policy: str
    version: int
    digest: str
    document: dict[str, Any]
    """A `Policy`, as JSON has it: what it may say grows, and old readers keep reading."""


class PolicyDropped(Event):
    """There is no policy of this name any more."""

    policy: str
    reason: str


PolicyEvent: TypeAlias = PolicySaved | PolicyDropped


def evolve(state: Namespace, event: PolicyEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case PolicySaved(policy=name, version=version, digest=digest):
            return state._replace(policies=state.policies.set(name, (version, digest, True)))
        case PolicyDropped(policy=name):
            version, digest, _ = state.policies[name]
            return state._replace(policies=state.policies.set(name, (version, digest, False)))


# Commands


class SavePolicy(Command):
    """Put a policy in force: its gates look at every version that is registered from then on."""

    policy: EnvironmentName
    document: Policy


class DropPolicy(Command):
    """Take a policy out of force."""

    policy: EnvironmentName
    reason: Reason


PolicyCommand: TypeAlias = SavePolicy | DropPolicy


def decide(state: Namespace, command: PolicyCommand) -> PolicyEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case SavePolicy(policy=name, document=policy):
            version, before, stands = state.policies.get(name, (0, "", False))
            digest = policy.digest()
            if stands and before == digest:
                return Unchanged(version=version)
            if not stands and sum(s for _, _, s in state.policies.values()) >= MOST_POLICIES:
                raise Refused("too_many", f"a namespace has at most {MOST_POLICIES} policies")
            return PolicySaved(
                policy=name,
                version=version + 1,
                digest=digest,
                document=policy.model_dump(mode="json", exclude_defaults=True),
            )
        case DropPolicy(policy=name, reason=reason):
            _, _, stands = state.policies.get(name, (0, "", False))
            return PolicyDropped(policy=name, reason=reason) if stands else Unchanged()
