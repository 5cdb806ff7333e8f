"""Gates that look at the artifact and at what it does: bytes, signatures, loading, speed."""

from collections.abc import Iterable
from typing import Final

from rollbook.domain.gates import ArtifactGate, LoadGate, PerformanceGate, SignatureGate
from rollbook.domain.names import matches
from rollbook.gates.facts import Facts
from rollbook.gates.finding import (
    Finding,
    found,
    listed,
    measured,
    missing,
    number,
    size,
    unmeasured,
)
from rollbook.gates.probes import PREFIXES, Probe

_BY: Final = "signature.valid."
"""With a signer's name: 1 where that signature is good."""


def artifact(gate: ArtifactGate, facts: Facts) -> Finding:
    """The bytes are there, are what the digest says, and are no larger than allowed."""
    numbers, said = measured(facts, Probe.ARTIFACT), facts.said.get(Probe.ARTIFACT, "")
    if numbers.get("artifact.found") == 0:
        return found(
            [said or "the bytes are not where the version says that they are"], "", numbers
        )
    if numbers.get("artifact.right") == 0:
        why = "the bytes are not those that were registered: their digest is another one"
        return found([said or why], "", numbers)
    if gap := unmeasured(facts, Probe.ARTIFACT, ("artifact.found", "artifact.right")):
        return gap
    length = numbers.get("artifact.size", facts.artifact.size)
    objections = []
    if gate.most is not None:
        if length is None:
            return missing("artifact.size", why="the size of the artifact is not known")
        sizes = {"it": length} | {
            f"the variant {name}": float(piece.size)
            for name, piece in facts.variants.items()
            if gate.every_file and piece.size is not None
        }
        objections = [
            f"{name} has {size(found_)}, and {size(gate.most)} are allowed"
            for name, found_ in sizes.items()
            if found_ > gate.most
        ]
    if gate.formats:
        if facts.artifact.format is None:
            return missing("format", why="the version does not say in which format it is")
        objections += _formats(gate.formats, facts, every=gate.every_file)
    shown = f" ({size(length)})" if length is not None else ""
    return found(objections, f"the bytes are there and are those registered{shown}", numbers)


def _formats(allowed: Iterable[str], facts: Facts, *, every: bool) -> list[str]:
    formats = {"it": facts.artifact.format} | {
        f"the variant {name}": piece.format for name, piece in facts.variants.items() if every
    }
    return [
        f"{name} is in the format {format_}; allowed are {listed(allowed)}"
        for name, format_ in formats.items()
        if format_ is not None and format_ not in allowed
    ]


def signature(gate: SignatureGate, facts: Facts) -> Finding:
    """At least one signature is good, and by somebody who may sign."""
    numbers = measured(facts, Probe.SIGNATURE)
    if not facts.signers and not numbers.get("signature.valid"):
        return missing("signature", why="nobody has signed the version", numbers=numbers)
    if gap := unmeasured(facts, Probe.SIGNATURE, ("signature.valid",)):
        return gap
    valid = numbers["signature.valid"]
    if valid < 1:
        said = facts.said.get(Probe.SIGNATURE, "")
        return found([said or "none of its signatures is good"], "", numbers)
    named = [n.removeprefix(_BY) for n, good in numbers.items() if n.startswith(_BY) and good == 1]
    known = named or facts.signers
    allowed = [signer for signer in known if any(matches(signer, glob) for glob in gate.signers)]
    if known and not allowed:
        return found([f"signed by {listed(known)}; asked is {listed(gate.signers)}"], "", numbers)
    return found([], f"signed by {listed(allowed) or 'a trusted key'}", numbers)


def load(gate: LoadGate, facts: Facts) -> Finding:
    """It loads, within its memory, and runs no code unless it may."""
    numbers, said = measured(facts, Probe.LOAD), facts.said.get(Probe.LOAD, "")
    objections = []
    if gate.formats and facts.artifact.format not in gate.formats:
        is_ = facts.artifact.format or "unknown"
        objections.append(f"its format is {is_}; allowed are {listed(gate.formats)}")
    if threats := numbers.get("load.threats"):
        objections.append(said or f"a scan of the pickle found {number(threats)} threats")
    if numbers.get("load.code") == 1 and not gate.allow_pickle:
        objections.append("its format may run code when it is loaded, which is not allowed")
    memory = numbers.get("load.memory")
    if memory is not None and memory > gate.memory:
        objections.append(f"loading takes {size(memory)}, and {size(gate.memory)} are allowed")
    if numbers.get("load.done") == 0 and not objections:
        objections.append(said or "the model does not load")
    if not objections and (gap := unmeasured(facts, Probe.LOAD, ("load.done", "load.code"))):
        return gap
    seconds = numbers.get("load.seconds")
    took = f" in {number(seconds)} s" if seconds is not None else ""
    return found(objections, f"the model loads{took}", numbers)


def performance(gate: PerformanceGate, facts: Facts) -> Finding:
    """Each figure is at most, or for throughput at least, what the gate says."""
    numbers = measured(facts, Probe.PERFORMANCE)
    limits = {"p50": gate.p50, "p95": gate.p95, "p99": gate.p99, "memory": gate.memory}
    asked = {name: limit for name, limit in limits.items() if limit is not None}
    wanted = [*asked, *(["throughput"] if gate.throughput is not None else [])] or ["p95"]
    start = PREFIXES[Probe.PERFORMANCE]
    if gap := unmeasured(facts, Probe.PERFORMANCE, [start + name for name in wanted]):
        return gap
    objections = [
        f"{name} is {_figure(name, numbers[start + name])}, and {_figure(name, limit)} are allowed"
        for name, limit in asked.items()
        if not numbers[start + name] <= limit
    ]
    if gate.throughput is not None and not numbers[f"{start}throughput"] >= gate.throughput:
        objections.append(
            f"throughput is {number(numbers[f'{start}throughput'])} rows a second,"
            f" and {number(gate.throughput)} are asked"
        )
    shown = ", ".join(f"{name} {_figure(name, numbers[start + name])}" for name in wanted)
    return found(objections, shown, numbers)


def _figure(name: str, value: float) -> str:
    match name:
        case "memory":
            return size(value)
        case "throughput":
            return f"{number(value)} rows a second"
        case _:
            return f"{number(value)} ms"
