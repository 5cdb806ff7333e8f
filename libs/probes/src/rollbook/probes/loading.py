"""The probes `load` and `performance`: the model is really loaded, and really called."""

from rollbook.domain.gates import LoadGate, PerformanceGate
from rollbook.probes import sandbox
from rollbook.probes.jobs import LoadJob, Told
from rollbook.probes.measured import Measured, Subject
from rollbook.probes.sandbox import Ended, Limits
from rollbook.probes.walls import Wall

ALL = frozenset(Wall)


async def load(gate: LoadGate, subject: Subject, needed: frozenset[Wall] = ALL) -> Measured:
    """`load.*`; `load.done` is 0 where it does not load, and missing where that was not tried."""
    limits = Limits(gate.memory, gate.timeout.total_seconds(), needed)
    return await _tried(subject, limits, allow_pickle=gate.allow_pickle)


async def performance(
    gate: PerformanceGate, subject: Subject, needed: frozenset[Wall] = ALL
) -> Measured:
    """`performance.*`, and `load.*` beside it."""
    memory = max(2 * (gate.memory or 0), Limits.memory)  # to tell how much too much it takes
    limits = Limits(memory, gate.timeout.total_seconds(), needed)
    return await _tried(
        subject, limits, allow_pickle=gate.allow_pickle, calls=gate.calls, batch=gate.batch
    )


async def _tried(
    subject: Subject, limits: Limits, *, allow_pickle: bool, calls: int = 0, batch: int = 1
) -> Measured:
    job = LoadJob(
        scratch=sandbox.scratch_folder(),
        memory=limits.memory,
        seconds=limits.processor,
        needed=tuple(sorted(limits.needed)),
        path=subject.path,
        format=subject.artifact.format,
        allow_pickle=allow_pickle,
        inputs=subject.signature.inputs,
        calls=calls,
        batch=batch,
    )
    match await sandbox.run(job, limits):
        case Told(numbers=numbers, said=said):
            return Measured(numbers, said)
        case Ended(said=said, begun=True):
            return Measured({"load.done": 0.0}, said)
        case Ended(said=said):  # before anything looked at the model: it may go well next time
            return Measured(said=said)
