"""Which measurements a ruling needs, and which of them each gate is judged by. Pure."""

from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Final, NamedTuple, TypeAlias

from rollbook.domain.gates import (
    ArtifactGate,
    DataGate,
    ExpressionGate,
    Gate,
    LoadGate,
    PerformanceGate,
    PluginGate,
    ReproductionGate,
    SignatureGate,
    WebhookGate,
)
from rollbook.gates.facts import Facts
from rollbook.gates.judging import needs
from rollbook.gates.probes import Probe
from rollbook.probes.measured import Measured

Measuring: TypeAlias = (
    ArtifactGate
    | SignatureGate
    | LoadGate
    | PerformanceGate
    | DataGate
    | ReproductionGate
    | WebhookGate
    | PluginGate
)
"""A gate for which something must be measured."""

BY_NAME: Final = frozenset({Probe.WEBHOOK, Probe.PLUGIN})
"""Probes whose numbers and sentences bear the name of their gate."""

WITH_BYTES: Final = frozenset(
    {Probe.ARTIFACT, Probe.SIGNATURE, Probe.LOAD, Probe.PERFORMANCE, Probe.PLUGIN}
)
"""Probes that look at the bytes of the artifact."""

WALLED: Final = frozenset(
    {Probe.LOAD, Probe.PERFORMANCE, Probe.DATA, Probe.REPRODUCTION, Probe.PLUGIN}
)
"""Probes that run in a process of their own, which takes a while to start."""


@dataclass(frozen=True, slots=True)
class Job:
    """One measurement: a probe, with what its gate says about it."""

    probe: Probe
    gate: Measuring


class Done(NamedTuple):
    """A measurement that was made."""

    job: Job
    measured: Measured


def jobs(gates: Collection[Gate]) -> list[Job]:
    """Every measurement that the gates need.

    What only conditions name is measured by a gate that asks nothing.
    """
    found: list[Job] = []
    wanted: dict[Probe, Gate] = {}
    for gate in gates:
        if isinstance(gate, Measuring):
            found += [Job(probe, gate) for probe in needs(gate)]
        elif isinstance(gate, ExpressionGate):
            wanted |= {probe: gate for probe in sorted(needs(gate)) if probe not in wanted}
    measured = {job.probe for job in found}
    for probe, gate in wanted.items():
        if probe not in measured and (asking := _plain(probe, gate)) is not None:
            found.append(Job(probe, asking))
    return found


def _plain(probe: Probe, gate: Gate) -> Measuring | None:
    said = {"gate": gate.gate, "timeout": gate.timeout, "retries": gate.retries}
    match probe:
        case Probe.ARTIFACT:
            return ArtifactGate.model_validate({**said, "kind": "artifact", "every_file": False})
        case Probe.SIGNATURE:
            return SignatureGate.model_validate({**said, "kind": "signature"})
        case Probe.LOAD:
            return LoadGate.model_validate({**said, "kind": "load"})
        case Probe.PERFORMANCE:
            return PerformanceGate.model_validate({**said, "kind": "performance"})
        case Probe.DATA:
            return DataGate.model_validate({**said, "kind": "data"})
        case Probe.REPRODUCTION | Probe.WEBHOOK | Probe.PLUGIN:
            return None  # these must be described by a gate of their own


def seen_by(gate: Gate, facts: Facts, found: Collection[Done]) -> Facts:
    """The facts with all that was measured; of the gate's own probe, by itself only."""
    others = [done for done in found if done.job.gate != gate]
    own = [done for done in found if done.job.gate == gate]
    hidden = {done.job.probe for done in own} - BY_NAME
    numbers: dict[str, float] = {}
    said: dict[str, str] = {}
    for job, measured in (*others, *own):
        if job.gate != gate and job.probe in hidden:
            continue
        numbers |= measured.numbers
        if measured.said:
            said[_key(job)] = measured.said
    return replace(facts, measured={**facts.measured, **numbers}, said={**facts.said, **said})


def _key(job: Job) -> str:
    return f"{job.probe}.{job.gate.gate}" if job.probe in BY_NAME else str(job.probe)
