"""Where traffic goes: what a model's state says to whoever serves it, and to whoever looks it up.

One record for each environment and each alias of a model, whole in itself: who has it needs
neither the registry nor a database to load the right bytes.
"""

from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Final, Literal, TypeVar

from typing_extensions import TypedDict

from rollbook.domain.state import Model

SCHEMA: Final = 1

K = TypeVar("K")


class Served(TypedDict):
    """A version, and all that is needed to load it."""

    version: int
    digest: str
    uri: str
    format: str | None


class Arm(Served):
    """A version on trial."""

    weight: float
    """The share of units that it answers, from 0 to 1."""
    mirror: float
    """The share of requests that it is shown beside, without answering."""


class Trial(TypedDict):
    """A live rollout at one of its steps; what serves answers all units that no arm does.

    Without arms, what it brought serves already, and is watched.
    """

    number: int
    step: int
    """Counted from 0."""
    salt: str
    """Goes into the hash of a unit, so that each rollout draws its units anew."""
    arms: list[Arm]


class Pointing(TypedDict):
    """What stands at an environment or an alias, as of a position of the log."""

    schema: Literal[1]
    model: str
    environment: str | None
    alias: str | None
    """One of the two is null."""
    position: str
    """`PARTITION:OFFSET`; a record of a lower one never replaces one of a higher."""
    serves: Served
    before: Served | None
    """What stood there before: worth holding ready for a roll-back."""
    rollout: Trial | None


def versions_of(pointing: Pointing) -> Iterator[Served]:
    """All versions that it names."""
    yield pointing["serves"]
    if pointing["before"] is not None:
        yield pointing["before"]
    if pointing["rollout"] is not None:
        yield from pointing["rollout"]["arms"]


def at_environment(name: str) -> str:
    """How the key of an environment's record ends: no model and no alias has an `@name` there."""
    return f"@{name}"


def at_alias(name: str) -> str:
    """How the key of an alias's record ends; no name of a model holds a colon."""
    return f":{name}"


def moved(before: Model, after: Model) -> frozenset[str]:
    """The ends of the keys whose records differ between a state and one that follows it.

    Most events leave the very objects that are looked at here, so that the answer costs nothing.
    """
    found: list[str] = []
    if before.environments is not after.environments:
        found += map(at_environment, _differing(before.environments, after.environments))
    if before.aliases is not after.aliases:
        found += map(at_alias, _differing(before.aliases, after.aliases))
    if before.rollouts is not after.rollouts:
        for number in _differing(before.rollouts, after.rollouts):
            states = (before.rollouts.get(number), after.rollouts.get(number))
            found += (at_environment(rollout.environment) for rollout in states if rollout)
    return frozenset(found)


def _differing(before: Mapping[K, object], after: Mapping[K, object]) -> Iterator[K]:
    return (name for name in {*before, *after} if before.get(name) != after.get(name))


def pointing(model: str, state: Model, end: str, position: str) -> Pointing | None:
    """The record whose key is `model` and `end`; None where nothing stands there."""
    kind, name = end[0], end[1:]
    places = state.environments.get(name, ()) if kind == "@" else ()
    number = places[-1] if places else None
    if kind == ":":
        number = state.aliases.get(name)
    if number is None:
        return None
    before = next((v for v in reversed(places) if v != number), None)
    return Pointing(
        schema=SCHEMA,
        model=model,
        environment=name if kind == "@" else None,
        alias=name if kind == ":" else None,
        position=position,
        serves=_served(state, number),
        before=_served(state, before) if before is not None else None,
        rollout=_trial(model, state, name) if kind == "@" else None,
    )


def _trial(model: str, state: Model, environment: str) -> Trial | None:
    live = state.live_in(environment)
    if live is None:
        return None
    number, rollout = live
    arms: list[Arm] = []
    if rollout.state != "watching":
        share = rollout.stage.weight / 100 / len(rollout.arms)
        mirror = rollout.stage.mirror / 100
        arms = [
            Arm(**_served(state, version), weight=share, mirror=mirror) for version in rollout.arms
        ]
    salt = sha256(f"{model}@{environment}/{number}".encode()).hexdigest()[:16]
    return Trial(number=number, step=rollout.step, salt=salt, arms=arms)


def _served(state: Model, number: int) -> Served:
    version = state.versions[number]
    return Served(version=number, digest=version.digest, uri=version.uri, format=version.format)
