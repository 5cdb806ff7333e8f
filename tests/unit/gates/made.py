"""Gates and results, as short as tests want them."""

from typing import Any

from pydantic import TypeAdapter

from rollbook.domain.gates import Gate
from rollbook.domain.validation import GateResult
from rollbook.gates.facts import read
from rollbook.gates.judging import judge

GATE: TypeAdapter[Gate] = TypeAdapter(Gate)


def gate(kind: str, **fields: Any) -> Gate:
    """A gate of a kind, called as the kind is."""
    return GATE.validate_python({"gate": kind, "kind": kind, **fields})


def judged(asked: Gate, **facts: object) -> GateResult:
    """What it makes of these facts."""
    return judge(asked, read(facts))


def outcome(asked: Gate, **facts: object) -> str:
    """Whether it passes."""
    return judged(asked, **facts).outcome
