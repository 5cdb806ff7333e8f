"""The probe `plugin`: what a gate measures that is installed beside the validator."""

from collections.abc import Mapping
from pathlib import Path

from pydantic import JsonValue

from rollbook.domain.gates import PluginGate
from rollbook.probes import sandbox
from rollbook.probes.jobs import PluginJob, Told
from rollbook.probes.measured import Measured
from rollbook.probes.sandbox import Ended, Limits


async def plugin(
    gate: PluginGate, path: Path, facts: Mapping[str, JsonValue], memory: int = Limits.memory
) -> Measured:
    """`plugin.<gate>.<name>`; `path` is absolute."""
    limits = Limits(memory, gate.timeout.total_seconds())
    job = PluginJob(
        scratch=sandbox.scratch_folder(),
        memory=limits.memory,
        seconds=limits.processor,
        plugin=gate.plugin,
        gate=gate.gate,
        path=path,
        settings=gate.settings,
        facts=dict(facts),
    )
    match await sandbox.run(job, limits):
        case Told(numbers=numbers, said=said):
            return Measured(numbers, said)
        case Ended(said=said):
            return Measured(said=f"the plug-in {gate.plugin} gave no answer: {said}")
