"""What gates may know about a version: registered facts, measurements, and what serves."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from math import isfinite
from typing import Annotated, Any, Final, TypeAlias

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    FiniteFloat,
    PlainSerializer,
    TypeAdapter,
    ValidationError,
)

from rollbook.domain.cards import Subgroup
from rollbook.domain.completeness import BITS
from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.domain.lineage import Signature, Terms
from rollbook.domain.rulebook import MetadataSchema, Risk
from rollbook.domain.tags import Count, Scalar
from rollbook.domain.validation import GateResult
from rollbook.gates.probes import PREFIXES

_MEASURED: Final = tuple(PREFIXES.values())
SAMPLES: Final = "samples"
"""Stands among the metrics of a slice: on how many rows they were computed."""

Numbers: TypeAlias = Mapping[str, FiniteFloat]
Texts: TypeAlias = Mapping[str, str]


class Unreadable(ValueError):
    """Facts as JSON that are none: each line names a field and what is wrong with it."""


def _bits(value: object) -> object:
    if not isinstance(value, list | tuple):
        return value
    for name in value:
        if name not in BITS:
            raise ValueError(f"{name!r} is no field of a record; there are {', '.join(BITS)}")
    return sum({BITS[name] for name in value})


def _names(bits: int) -> list[str]:
    return [name for name, bit in BITS.items() if bit & bits]


Recorded: TypeAlias = Annotated[int, BeforeValidator(_bits), PlainSerializer(_names)]
"""Bits of `completeness`; in JSON the names of the fields."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """An artifact of the version; None: nobody said."""

    format: str | None = None
    size: Annotated[int, Field(ge=0)] | None = None
    """Bytes."""
    digest: str | None = None

    __pydantic_config__ = ConfigDict(extra="forbid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """All that is known about a version when it is judged."""

    namespace: str = "default"
    model: str = "model"
    version: Annotated[int, Field(ge=1)] = 1
    risk: Risk = "limited"
    owner: str | None = None
    metrics: Numbers = field(default_factory=dict)
    params: Texts = field(default_factory=dict)
    tags: Texts = field(default_factory=dict)
    properties: Mapping[str, Scalar] = field(default_factory=dict)
    recorded: Recorded = 0
    """Which core fields the record has; what stands in these facts counts in any case."""
    schema: MetadataSchema | None = None
    """What the namespace asks of records."""
    sections: tuple[str, ...] | None = None
    """Of its model card; None: it has no card."""
    stale: bool = False
    """Whether the card should have been reviewed."""
    artifact: Piece = Piece()
    variants: Mapping[str, Piece] = field(default_factory=dict)
    signature: Signature | None = None
    """Inputs and outputs."""
    terms: Terms | None = None
    signers: tuple[str, ...] = ()
    """Who attached a signature; `signature.valid` says how many of these are good."""
    slices: Mapping[str, Numbers] = field(default_factory=dict)
    """`sex=f` -> its metrics, and `samples`."""
    evaluations: tuple[Evaluation, ...] = ()
    champion: Mapping[str, "Facts"] = field(default_factory=dict)
    """Environment -> the version that serves there."""
    before: tuple[Numbers, ...] = ()
    """Metrics of the versions before it, the newest first."""
    measured: Numbers = field(default_factory=dict)
    said: Texts = field(default_factory=dict)
    """Probe, or `webhook.<gate>` and `plugin.<gate>` -> what it has to say."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    def record(self) -> int:
        """Which core fields are there, a bit each: those recorded, and those that stand here."""
        terms = self.terms or Terms()
        here = {
            "metrics": self.metrics,
            "params": self.params,
            "signature": self.signature,
            "evaluations": self.evaluations,
            "licence": terms.licence,
            "data_use": terms.data_use,
            "consent": terms.consent,
            "pii": terms.pii,
        }
        bits = self.recorded
        for name, found in here.items():
            if found:
                bits |= BITS[name]  # type: ignore[index]  # each is a core field
        return bits


@lru_cache(maxsize=1)
def _adapter() -> TypeAdapter[Facts]:
    return TypeAdapter(Facts)


def read(facts: Mapping[str, object]) -> Facts:
    """Facts from plain JSON, every field of which may be absent; `Unreadable` where it is none."""
    try:
        return _adapter().validate_python(dict(facts), strict=False)
    except ValidationError as error:
        lines = (
            f"{'.'.join(map(str, found['loc'])) or 'facts'}: {found['msg']}"
            for found in error.errors(include_url=False, include_input=False)
        )
        raise Unreadable("\n".join(lines)) from None


def written(facts: Facts) -> dict[str, Any]:
    """The facts as plain JSON, without what is not known."""
    found = _adapter().dump_python(facts, mode="json", exclude_defaults=True)
    return dict(found)


def slices(
    evaluations: Iterable[Evaluation], subgroups: Iterable[Subgroup] = ()
) -> dict[str, dict[str, float]]:
    """The metrics of each slice, the latest of several; what the card says first gives way."""
    found: dict[str, dict[str, float]] = {}
    for group in subgroups:
        _add(found, group.slice, group.metrics, group.samples)
    for evaluation in evaluations:
        _add(found, evaluation.slice, evaluation.metrics, evaluation.samples)
    return found


def _add(
    found: dict[str, dict[str, float]],
    slice_: Mapping[str, str],
    metrics: Mapping[str, Measure],
    samples: Count | None,
) -> None:
    if slice_:
        name = ",".join(f"{key}={slice_[key]}" for key in sorted(slice_))
        into = found.setdefault(name, {})
        into.update({metric: measure.value for metric, measure in metrics.items()})
        if samples is not None:
            into[SAMPLES] = float(samples)


def measurements(results: Iterable[GateResult]) -> dict[str, float]:
    """What probes had measured when a verdict was given: later results go before earlier ones."""
    return {
        name: value
        for result in results
        for name, value in result.measured.items()
        if name.startswith(_MEASURED) and isfinite(value)
    }
