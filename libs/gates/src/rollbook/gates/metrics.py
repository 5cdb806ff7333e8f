"""Gates that look at one metric: its value, that of the champion, and those of versions before."""

from math import isfinite
from statistics import median

from rollbook.domain.gates import AnomalyGate, MetricGate
from rollbook.gates.facts import Facts
from rollbook.gates.finding import Finding, found, missing, number
from rollbook.gates.intervals import excess, interval, shortfall


def metric(gate: MetricGate, facts: Facts) -> Finding:
    """Within its bounds, and good enough beside what serves."""
    name = gate.metric
    value = facts.metrics.get(name)
    if value is None or not isfinite(value):
        return missing(f"metrics.{name}", why=f"the version has no metric {name}")
    numbers = {f"metrics.{name}": value}
    objections = []
    if gate.least is not None and not value >= gate.least:
        objections.append(f"{name} is {number(value)}, below {number(gate.least)}")
    if gate.most is not None and not value <= gate.most:
        objections.append(f"{name} is {number(value)}, above {number(gate.most)}")
    if gate.champion is not None and gate.champion in facts.champion:
        beside = _beside(gate, value, facts, facts.champion[gate.champion])
        numbers |= beside.numbers
        if beside.sort == "failed":
            objections.append(beside.reason)
        elif beside.sort != "passed" and not objections:
            return Finding(
                sort=beside.sort, reason=beside.reason, numbers=numbers, lacks=beside.lacks
            )
    return found(objections, _praise(gate, value, numbers), numbers)


def _praise(gate: MetricGate, value: float, numbers: dict[str, float]) -> str:
    asked = [f"at least {number(gate.least)}"] if gate.least is not None else []
    asked += [f"at most {number(gate.most)}"] if gate.most is not None else []
    if gate.champion is not None:
        other = numbers.get(f"champion.{gate.champion}.{gate.metric}")
        shown = "nothing" if other is None else number(other)
        asked.append(f"beside {shown} of what serves in {gate.champion}")
    return f"{gate.metric} is {number(value)}, {', '.join(asked)}"


def _beside(gate: MetricGate, value: float, facts: Facts, champion: Facts) -> Finding:
    name, place = gate.metric, gate.champion
    other = champion.metrics.get(name)
    if other is None or not isfinite(other):
        lack = f"champion.{place}.{name}"
        return missing(lack, why=f"version {champion.version}, in {place}, has no metric {name}")
    numbers = {f"champion.{place}.{name}": other}
    its = f"version {champion.version}, which serves in {place}, has {number(other)}"
    higher = gate.better == "higher"
    objections = []
    if gate.ratio is not None:
        bound = gate.ratio * other
        if not (value >= bound if higher else value <= bound):
            side = "below" if higher else "above"
            objections.append(
                f"{name} is {number(value)}, {side} {number(bound)} ({number(gate.ratio)} x: {its})"
            )
    if gate.margin is not None:
        own = interval(facts, name, gate.confidence)
        if own is None:
            if objections:
                return found(objections, "", numbers)
            why = (
                f"no confidence interval of {name} is recorded, nor the number of samples of a"
                " proportion: record an evaluation with low and high"
            )
            return missing(f"interval of {name}", why=why, numbers=numbers)
        worse = shortfall if higher else excess
        at_worst = worse(value, own, other, interval(champion, name, gate.confidence))
        numbers |= {f"low.{name}": own.low, f"high.{name}": own.high}
        if not at_worst <= gate.margin:
            objections.append(
                f"{name} is {number(value)}, with {gate.confidence:.4g} confidence"
                f" {number(own.low)} to {number(own.high)}: it may be {number(at_worst)} worse"
                f" ({its}), and {number(gate.margin)} is allowed"
            )
    elif gate.ratio is None and not (value >= other if higher else value <= other):
        objections.append(f"{name} is {number(value)}, which is worse: {its}")
    return found(objections, "", numbers)


def anomaly(gate: AnomalyGate, facts: Facts) -> Finding:
    """Not further from the median of the versions before than their own spread explains."""
    name = gate.metric
    value = facts.metrics.get(name)
    if value is None or not isfinite(value):
        return missing(f"metrics.{name}", why=f"the version has no metric {name}")
    numbers = {f"metrics.{name}": value}
    before = [m[name] for m in facts.before if name in m and isfinite(m[name])][: gate.history]
    if len(before) < 3:
        return found(
            [], f"only {len(before)} versions before have {name}: nothing to expect", numbers
        )
    middle = median(before)
    spread = median(abs(each - middle) for each in before)
    # Versions that are all alike would make an anomaly of every digit.
    spread = max(spread, abs(middle) * 1e-3, 1e-9)
    deviations = abs(value - middle) / spread
    if not isfinite(deviations):
        return found([f"{name} is {number(value)}: too far from others to be told"], "", numbers)
    numbers |= {f"median.{name}": middle, f"deviations.{name}": deviations}
    said = (
        f"{name} is {number(value)}, {number(deviations)} median deviations from"
        f" {number(middle)}, the median of {len(before)} versions before"
    )
    praise = f"{said}; {number(gate.deviations)} are allowed"
    return found([praise] if deviations > gate.deviations else [], praise, numbers)
