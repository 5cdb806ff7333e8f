"""Gates whose answer a probe brings from elsewhere: data, rebuilds, webhooks, plug-ins."""

from math import isfinite

from rollbook.domain.gates import DataGate, PluginGate, ReproductionGate, WebhookGate
from rollbook.gates.facts import Facts
from rollbook.gates.finding import (
    Finding,
    found,
    listed,
    measured,
    missing,
    number,
    unmeasured,
)
from rollbook.gates.probes import Probe

_PSI, _NULLS = "data.psi.", "data.nulls."


def data(gate: DataGate, facts: Facts) -> Finding:
    """No feature has drifted further, or has more missing values, than allowed."""
    numbers = measured(facts, Probe.DATA)
    limits = {_PSI: gate.psi, _NULLS: gate.nulls}
    told = {n: v for n, v in numbers.items() if n.startswith((_PSI, _NULLS)) and isfinite(v)}
    if gap := unmeasured(facts, Probe.DATA, () if told else ("data.psi",)):
        return gap
    excess = {n: v / (limits[_start(n)] or 1e-9) for n, v in told.items()}
    worst_first = sorted(told, key=lambda n: (-excess[n], n))
    kept = {name: told[name] for name in worst_first[:900]}
    objections = [
        _objection(n, told[n], limits) for n in worst_first if told[n] > limits[_start(n)]
    ]
    more = len(objections) - 10
    shown = objections[:10] + ([f"and {more} more"] if more > 0 else [])
    features = len({name.removeprefix(_start(name)) for name in told})
    return found(shown, f"{features} features are as in the reference profile", kept)


def _start(name: str) -> str:
    return _PSI if name.startswith(_PSI) else _NULLS


def _objection(name: str, value: float, limits: dict[str, float]) -> str:
    start = _start(name)
    feature, limit = name.removeprefix(start), number(limits[start])
    if start == _PSI:
        return f"{feature} has drifted: its stability index is {number(value)}, above {limit}"
    return f"{feature} is missing in {value:.4g} of the rows, above {limit}"


def reproduction(gate: ReproductionGate, facts: Facts) -> Finding:
    """Each metric of the rebuilt version is within the tolerance of the registered one."""
    numbers = measured(facts, Probe.REPRODUCTION)
    said = facts.said.get(Probe.REPRODUCTION, "")
    if numbers.get("reproduced.done") == 0:
        return found([said or "its recipe makes no model"], "", numbers)
    rebuilt = [f"reproduced.{name}" for name in gate.metrics]
    if numbers.get("reproduced.done") == 1 and (lost := [n for n in rebuilt if n not in numbers]):
        names = listed(name.removeprefix("reproduced.") for name in lost)
        return found([f"rebuilt, its recipe says nothing about {names}"], "", numbers)
    if gap := unmeasured(facts, Probe.REPRODUCTION, rebuilt):
        return gap
    absent = [m for m in gate.metrics if m not in facts.metrics]
    if absent:
        return missing(*(f"metrics.{name}" for name in absent), numbers=numbers)
    objections = []
    if gate.same_bytes and numbers.get("reproduced.bytes") != 1:
        objections.append(said or "rebuilt, the model has other bytes than the registered one")
    for name in gate.metrics:
        again, registered = numbers[f"reproduced.{name}"], facts.metrics[name]
        if not abs(again - registered) <= gate.tolerance:
            objections.append(
                f"rebuilt, {name} is {number(again)}; registered was {number(registered)},"
                f" and {number(gate.tolerance)} apart is allowed"
            )
    praise = f"rebuilt, the same within {number(gate.tolerance)}: {', '.join(gate.metrics[:10])}"
    return found(objections, praise, numbers)


def webhook(gate: WebhookGate, facts: Facts) -> Finding:
    """What was answered: 1 is yes."""
    name = f"webhook.{gate.gate}"
    if gap := unmeasured(facts, Probe.WEBHOOK, (name,), gate.gate):
        return gap
    numbers = {n: v for n, v in facts.measured.items() if n == name or n.startswith(f"{name}.")}
    said = facts.said.get(name) or facts.said.get(Probe.WEBHOOK)
    if numbers[name] == 1:
        return found([], said or "the answer was yes", numbers)
    return found([said or "the answer was no"], "", numbers)


def plugin(gate: PluginGate, facts: Facts) -> Finding:
    """Passed when `plugin.<gate>.passed` is 1."""
    start = f"plugin.{gate.gate}."
    if gap := unmeasured(facts, Probe.PLUGIN, (f"{start}passed",), gate.gate):
        return gap
    numbers = {n: v for n, v in facts.measured.items() if n.startswith(start)}
    said = facts.said.get(start[:-1]) or facts.said.get(Probe.PLUGIN)
    if numbers[f"{start}passed"] == 1:
        return found([], said or f"{gate.plugin} found nothing", numbers)
    return found([said or f"{gate.plugin} says no"], "", numbers)
