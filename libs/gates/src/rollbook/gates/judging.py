"""Judging: a gate and the facts of a version make a result. Nothing is measured here."""

from collections.abc import Mapping
from dataclasses import replace
from math import isfinite
from typing import Final

from rollbook.domain import gates as g
from rollbook.domain.gates import Gate
from rollbook.domain.validation import GateResult
from rollbook.gates import conditions, groups, interfaces, metrics, outside, pieces, records
from rollbook.gates.facts import Facts
from rollbook.gates.finding import Finding, Outcome, finite
from rollbook.gates.probes import Probe

MOST_NUMBERS: Final = 1000
_LONGEST_REASON: Final = 5000
_LONGEST_NAME: Final = 250


def judge(gate: Gate, facts: Facts) -> GateResult:
    """What the gate makes of the version; it never raises."""
    if gate.risks and facts.risk not in gate.risks:
        asked = " and ".join(gate.risks)
        return _result(gate, "skipped", f"asked of {asked} risk only; this is {facts.risk}", {})
    if (sure := finite(facts.measured)) is not facts.measured:
        facts = replace(facts, measured=sure)
    finding = find(gate, facts)
    outcome, reason = finding.outcome(gate.missing), finding.reason
    if outcome in ("failed", "error"):
        reason = _because(reason, gate)
    return _result(gate, outcome, reason, finding.numbers)


def find(gate: Gate, facts: Facts) -> Finding:
    """What the gate finds, with the names of what is missing, before its rule for that."""
    match gate:
        case g.ExpressionGate():
            return conditions.judge(gate, facts)
        case g.MetadataGate():
            return records.metadata(gate, facts)
        case g.CardGate():
            return records.card(gate, facts)
        case g.ArtifactGate():
            return pieces.artifact(gate, facts)
        case g.SignatureGate():
            return pieces.signature(gate, facts)
        case g.LoadGate():
            return pieces.load(gate, facts)
        case g.InterfaceGate():
            return interfaces.interface(gate, facts)
        case g.MetricGate():
            return metrics.metric(gate, facts)
        case g.SliceGate():
            return groups.slices(gate, facts)
        case g.FairnessGate():
            return groups.fairness(gate, facts)
        case g.PerformanceGate():
            return pieces.performance(gate, facts)
        case g.DataGate():
            return outside.data(gate, facts)
        case g.ReproductionGate():
            return outside.reproduction(gate, facts)
        case g.TermsGate():
            return records.terms(gate, facts)
        case g.AnomalyGate():
            return metrics.anomaly(gate, facts)
        case g.WebhookGate():
            return outside.webhook(gate, facts)
        case g.PluginGate():
            return outside.plugin(gate, facts)


def needs(gate: Gate) -> frozenset[Probe]:
    """The probes that must have measured before; of an expression, those whose numbers it names."""
    if isinstance(gate, g.ExpressionGate):
        return conditions.needs(gate.expression)
    return frozenset(probe for probe in Probe if probe == gate.kind)


def _because(reason: str, gate: Gate) -> str:
    return (
        f"{reason[: _LONGEST_REASON - 2100]} (because: {gate.because})" if gate.because else reason
    )


def _result(gate: Gate, outcome: Outcome, reason: str, numbers: Mapping[str, float]) -> GateResult:
    kept = [
        (name.replace("\0", "")[:_LONGEST_NAME] or "?", value)
        for name, value in numbers.items()
        if isfinite(value)
    ]
    return GateResult.model_validate(
        {
            "gate": gate.gate,
            "outcome": outcome,
            "reason": reason.replace("\0", "")[:_LONGEST_REASON],
            "measured": dict(kept[:MOST_NUMBERS]),
        }
    )
