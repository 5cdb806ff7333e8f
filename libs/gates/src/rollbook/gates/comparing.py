"""What another revision of a policy changes, gate by gate."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from rollbook.domain.gates import Gate
from rollbook.domain.policies import Policy
from rollbook.gates.telling import explained


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is another in the new revision."""

    sort: Literal["added", "removed", "changed", "policy"]
    gate: str | None
    """None: it is about the policy as a whole."""
    said: str
    fields: tuple[tuple[str, Any, Any], ...] = ()
    """Name, before, after; as JSON has them."""


def compared(old: Policy, new: Policy) -> tuple[Difference, ...]:
    """Everything but the tests: first the policy as a whole, then its gates in their new order."""
    return (*_whole(old, new), *_gates(old, new))


def _whole(old: Policy, new: Policy) -> Iterator[Difference]:
    changed = _changed(_plain(old), _plain(new))
    if changed:
        yield Difference("policy", None, _told(changed), changed)


def _plain(policy: Policy) -> dict[str, Any]:
    return policy.model_dump(mode="json", exclude={"gates", "tests"})


def _gates(old: Policy, new: Policy) -> Iterator[Difference]:
    before: dict[str, Gate] = {gate.gate: gate for gate in old.gates}
    after: dict[str, Gate] = {gate.gate: gate for gate in new.gates}
    for name, gate in after.items():
        if name not in before:
            yield Difference("added", name, explained(gate))
        elif changed := _changed(
            before[name].model_dump(mode="json"), gate.model_dump(mode="json")
        ):
            yield Difference("changed", name, _told(changed), changed)
    for name, gate in before.items():
        if name not in after:
            yield Difference("removed", name, explained(gate))


def _changed(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[tuple[str, Any, Any], ...]:
    names = dict.fromkeys((*old, *new))
    return tuple(
        (name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name)
    )


def _told(changed: tuple[tuple[str, Any, Any], ...]) -> str:
    return "; ".join(f"{name}: {_value(old)} -> {_value(new)}" for name, old, new in changed)


def _value(value: Any) -> str:
    match value:
        case None | [] | "" | {}:
            return "nothing"
        case list():
            return ", ".join(map(str, value))
        case _:
            return str(value)
