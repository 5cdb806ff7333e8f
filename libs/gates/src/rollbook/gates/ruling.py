"""A ruling: the gates that apply to one model, made of the policies that are in force."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from rollbook.domain.gates import ExpressionGate, Gate
from rollbook.domain.names import matches
from rollbook.domain.policies import Policy
from rollbook.domain.rulebook import Risk
from rollbook.domain.tenancy import REGISTRY

MOST_GATES: Final = 200
"""Of one verdict."""

_LONGEST_NAME: Final = 250


@dataclass(frozen=True, slots=True)
class Standing:
    """A policy that is in force somewhere."""

    namespace: str
    name: str
    version: int
    policy: Policy


@dataclass(frozen=True, slots=True)
class Ruling:
    """What is asked of the versions of a model."""

    gates: tuple[Gate, ...]
    name: str
    """The policies with their versions, such as `release@3, base@1`."""
    bound: Mapping[str, tuple[str, ...]]
    """Gate -> the environments that it is bound to."""

    @property
    def empty(self) -> bool:
        """Whether nothing is asked."""
        return not self.gates


def ruling(policies: Iterable[Standing], namespace: str, name: str, risk: Risk) -> Ruling:
    """The gates that apply; of two with the same name, the later goes by `policy: gate`.

    Those of the namespace come first, then those that hold everywhere, each by name. Where they
    are more than a verdict can hold, the last one fails.
    """
    applying = sorted(
        (each for each in policies if _applies(each, namespace, name, risk)),
        key=lambda each: (each.namespace == REGISTRY != namespace, each.name),
    )
    gates: dict[str, Gate] = {}
    for each in applying:
        for gate in each.policy.gates:
            if not gate.risks or risk in gate.risks:
                called = _free(gate.gate, each, gates)
                gates[called] = gate if called == gate.gate else _renamed(gate, called)
    if len(gates) > MOST_GATES:
        gates = dict([*gates.items()][: MOST_GATES - 1]) | _too_many(len(gates))
    bound = {called: gate.environments for called, gate in gates.items() if gate.environments}
    names = ", ".join(f"{each.name}@{each.version}" for each in applying)
    if len(names) > _LONGEST_NAME:
        names = f"{names[: _LONGEST_NAME - 20].rpartition(', ')[0]} and more"
    return Ruling(tuple(gates.values()), names, bound)


def _applies(each: Standing, namespace: str, name: str, risk: Risk) -> bool:
    policy = each.policy
    return (
        each.namespace in (namespace, REGISTRY)
        and (not policy.risks or risk in policy.risks)
        and any(matches(name, glob) for glob in policy.models)
    )


def _too_many(count: int) -> dict[str, Gate]:
    called = f"at most {MOST_GATES} gates"
    because = f"{count} gates of all policies apply: a verdict holds no more than {MOST_GATES}"
    never = ExpressionGate(kind="expression", gate=called, expression="false", because=because)
    return {called: never}


def _free(gate: str, policy: Standing, taken: Mapping[str, Gate]) -> str:
    if gate not in taken:
        return gate
    called = f"{policy.name}: {gate}"[:100]
    count = 2
    while called in taken:
        called = f"{f'{policy.name}: {gate}'[:90]} ({count})"
        count += 1
    return called


def _renamed(gate: Gate, called: str) -> Gate:
    return gate.model_copy(update={"gate": called})
