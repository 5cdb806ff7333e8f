"""The interface gate: whoever calls what serves can call the version as well."""

from collections.abc import Iterable, Iterator

from pydantic import JsonValue

from rollbook.domain.gates import InterfaceGate
from rollbook.domain.lineage import Specification
from rollbook.gates.facts import Facts
from rollbook.gates.finding import Finding, found, missing

_WIDER = frozenset(
    {("integer", "long"), ("integer", "double"), ("float", "double"), ("int32", "int64")}
    | {("float32", "float64"), ("int32", "float64")}
)
"""Input types that take whatever the first one holds."""


def interface(gate: InterfaceGate, facts: Facts) -> Finding:
    """No new required input, no output gone, no type changed."""
    champion = facts.champion.get(gate.serving)
    if champion is None:
        return found([], f"nothing serves in {gate.serving}: any interface will do", {})
    if facts.signature is None:
        return missing("signature", why="the version does not say what its inputs and outputs are")
    if champion.signature is None:
        why = f"version {champion.version}, in {gate.serving}, has no signature to compare with"
        return missing(f"champion.{gate.serving}.signature", why=why)
    objections = [
        *_inputs(facts.signature.inputs, champion.signature.inputs),
        *_outputs(facts.signature.outputs, champion.signature.outputs),
    ]
    praise = f"inputs and outputs fit those of version {champion.version} in {gate.serving}"
    shown = objections[:20] + ([f"and {len(objections) - 20} more"] if len(objections) > 20 else [])
    return found(shown, praise, {})


def _inputs(new: Iterable[Specification], old: Iterable[Specification]) -> Iterator[str]:
    before = dict(_named(old))
    for name, wanted in _named(new):
        given = before.get(name)
        if given is None:
            if _required(wanted):
                yield f"input {name} is new and required"
            continue
        if _required(wanted) and not _required(given):
            yield f"input {name} was optional and is required now"
        if (_type(given), _type(wanted)) not in _WIDER:
            yield from _changed("input", name, given, wanted)


def _outputs(new: Iterable[Specification], old: Iterable[Specification]) -> Iterator[str]:
    after = dict(_named(new))
    for name, given in _named(old):
        if name not in after:
            yield f"output {name} is gone"
        else:
            yield from _changed("output", name, given, after[name])


def _changed(what: str, name: str, old: Specification, new: Specification) -> Iterator[str]:
    before, after = _type(old), _type(new)
    if before != after:
        yield f"the type of {what} {name} was {before} and is {after}"
    if not _fits(_shape(old), _shape(new)):
        yield f"the shape of {what} {name} was {_shape(old)} and is {_shape(new)}"


def _fits(old: JsonValue, new: JsonValue) -> bool:
    if not isinstance(old, list) or not isinstance(new, list):
        return old == new or old is None or new is None
    return len(old) == len(new) and all(
        a == b or b in (-1, None) for a, b in zip(old, new, strict=True)
    )


def _named(specifications: Iterable[Specification]) -> Iterator[tuple[str, Specification]]:
    for place, each in enumerate(specifications):
        yield str(each.get("name") or f"number {place + 1}"), each


def _required(specification: Specification) -> bool:
    optional = specification.get("optional") is True
    return specification.get("required", not optional) is not False


def _type(specification: Specification) -> str:
    """As MLflow writes columns (`type`) and tensors (`tensor-spec`)."""
    tensor = specification.get("tensor-spec")
    inner = tensor.get("dtype") if isinstance(tensor, dict) else None
    return str(inner or specification.get("dtype") or specification.get("type") or "unknown")


def _shape(specification: Specification) -> JsonValue:
    tensor = specification.get("tensor-spec")
    inner = tensor.get("shape") if isinstance(tensor, dict) else None
    return inner or specification.get("shape")
