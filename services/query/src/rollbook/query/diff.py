"""What is different between two versions of a model, as a reviewer must see it. Pure."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, JsonValue
from pydantic_core import to_jsonable_python

from rollbook.domain.cards import Card
from rollbook.domain.evaluations import Evaluation, Measure
from rollbook.domain.validation import GateResult
from rollbook.readmodel.versions import VersionRow

Named = Mapping[str, Any]


class Side(NamedTuple):
    """A version with all that was found out about it."""

    version: VersionRow
    card: Card | None = None
    evaluations: Sequence[Evaluation] = ()
    """Newest first."""
    gates: Sequence[GateResult] = ()
    """Of the verdict that holds."""


class _Shown(BaseModel):
    model_config = ConfigDict(frozen=True)


class Change(_Shown):
    """Something before and after; null: it was, or is, not there."""

    old: JsonValue = None
    new: JsonValue = None


class Figure(_Shown):
    """A number before and after. Whether more is better, nobody has said."""

    name: str
    old: float | None = None
    new: float | None = None
    delta: float | None = None
    """`new - old`, where there are both."""


class Measured(_Shown):
    """The newest figure of each version on the same part of the same kind of data."""

    kind: str
    split: str
    slice: dict[str, str]
    metric: str
    old: Measure | None = None
    new: Measure | None = None
    delta: float | None = None


class Difference(_Shown):
    """Members of a collection: those that came, went, and stayed under their name but changed."""

    added: list[JsonValue] = []
    removed: list[JsonValue] = []
    changed: dict[str, Change] = {}


class VersionDiff(_Shown):
    """How the version `new` differs from `old`; what is the same is left out, but for figures."""

    model: str
    old: int | None
    """Null: against nothing."""
    new: int
    label: Change | None = None
    artifact: dict[str, Change] = {}
    """Digest, size (bytes), format and URI."""
    variants: Difference = Difference()
    metrics: list[Figure] = []
    """All that were registered with either."""
    measured: list[Measured] = []
    """All that were measured of either, by kind, split and slice."""
    latency: list[Figure] = []
    """Everything that either has measured whose name speaks of latency."""
    params: dict[str, Change] = {}
    properties: dict[str, Change] = {}
    tags: dict[str, Change] = {}
    code: dict[str, Change] = {}
    """Repository, commit and run."""
    datasets: Difference = Difference()
    features: Difference = Difference()
    parents: Difference = Difference()
    runtime: dict[str, Change] = {}
    packages: dict[str, Change] = {}
    """Of the environment that each was trained in, by name."""
    inputs: Difference = Difference()
    outputs: Difference = Difference()
    terms: dict[str, Change] = {}
    """Licence, personal data, what the data was given for, consent."""
    card: dict[str, Change] = {}
    """By section."""
    description: Change | None = None


def diff(old: Side | None, new: Side) -> VersionDiff:
    """What a reader of `new` must know who knew `old`."""
    row = new.version
    before = old.version if old else None
    was = before.lineage if before else None
    return VersionDiff(
        model=row.model,
        old=before.version if before else None,
        new=row.version,
        label=_change(before.label if before else None, row.label),
        artifact=_changes(_plain(before.artifact if before else None), _plain(row.artifact)),
        variants=_difference(before.variants if before else (), row.variants, "name"),
        metrics=_figures(before.metrics if before else {}, row.metrics),
        measured=_measured(old.evaluations if old else (), new.evaluations),
        latency=_figures(_latencies(old) if old else {}, _latencies(new)),
        params=_changes(before.params if before else {}, row.params),
        properties=_changes(before.properties if before else {}, row.properties),
        tags=_changes(before.tags if before else {}, row.tags),
        code=_changes(_code(before), _code(row)),
        datasets=_difference(was.datasets if was else (), row.lineage.datasets, "uri"),
        features=_difference(was.features if was else (), row.lineage.features, "name"),
        parents=_difference(was.parents if was else (), row.lineage.parents),
        runtime=_changes(_plain(was.runtime if was else None), _plain(row.lineage.runtime)),
        packages=_changes(was.environment if was else {}, row.lineage.environment),
        inputs=_difference(
            before.signature.inputs if before and before.signature else (),
            row.signature.inputs if row.signature else (),
            "name",
        ),
        outputs=_difference(
            before.signature.outputs if before and before.signature else (),
            row.signature.outputs if row.signature else (),
            "name",
        ),
        terms=_changes(_plain(before.terms if before else None), _plain(row.terms)),
        card=_changes(_plain(old.card if old else None), _plain(new.card)),
        description=_change(before.description if before else "", row.description),
    )


def _plain(fact: BaseModel | None) -> dict[str, Any]:
    return fact.model_dump(mode="json", exclude_defaults=True) if fact is not None else {}


def _code(row: VersionRow | None) -> dict[str, Any]:
    if row is None:
        return {}
    wanted = {"code_uri", "code_commit", "run_id", "run_uri"}
    return row.lineage.model_dump(include=wanted, exclude_none=True)


def _change(old: object, new: object) -> Change | None:
    return None if _same(old, new) else Change(old=_json(old), new=_json(new))


def _changes(old: Named, new: Named) -> dict[str, Change]:
    found = {name: _change(old.get(name), new.get(name)) for name in sorted({*old, *new})}
    return {name: change for name, change in found.items() if change is not None}


def _same(one: object, other: object) -> bool:
    return type(one) is type(other) and one == other  # true is not 1


def _json(value: object) -> JsonValue:
    plain: JsonValue = to_jsonable_python(value, inf_nan_mode="strings")
    return plain


def _difference(old: Iterable[object], new: Iterable[object], name: str = "") -> Difference:
    """By the member's field `name`, where each one has another; else as a whole."""
    before, after = list(map(_member, old)), list(map(_member, new))
    were, are = _by_name(before, name), _by_name(after, name)
    if were is None or are is None:
        return Difference(
            added=[member for member in after if member not in before],
            removed=[member for member in before if member not in after],
        )
    return Difference(
        added=[member for key, member in are.items() if key not in were],
        removed=[member for key, member in were.items() if key not in are],
        changed={
            key: Change(old=were[key], new=member)
            for key, member in are.items()
            if key in were and not _same(were[key], member)
        },
    )


def _member(fact: object) -> JsonValue:
    return _json(_plain(fact) if isinstance(fact, BaseModel) else fact)


def _by_name(members: list[JsonValue], name: str) -> dict[str, JsonValue] | None:
    found: dict[str, JsonValue] = {}
    for member in members:
        key = member.get(name) if isinstance(member, dict) else None
        if not isinstance(key, str) or key in found:
            return None
        found[key] = member
    return found


def _figures(old: Mapping[str, float], new: Mapping[str, float]) -> list[Figure]:
    return [
        Figure(
            name=name,
            old=old.get(name),
            new=new.get(name),
            delta=_delta(old.get(name), new.get(name)),
        )
        for name in sorted({*old, *new})
    ]


def _delta(old: float | None, new: float | None) -> float | None:
    return None if old is None or new is None else new - old


Spot = tuple[str, str, tuple[tuple[str, str], ...], str]
"""Kind, split, slice and metric."""


def _newest(evaluations: Iterable[Evaluation]) -> dict[Spot, Measure]:
    found: dict[Spot, Measure] = {}
    for evaluation in evaluations:
        part = tuple(sorted(evaluation.slice.items()))
        for metric, measure in evaluation.metrics.items():
            found.setdefault((evaluation.kind, evaluation.split, part, metric), measure)
    return found


def _measured(old: Iterable[Evaluation], new: Iterable[Evaluation]) -> list[Measured]:
    were, are = _newest(old), _newest(new)
    return [
        Measured(
            kind=kind,
            split=split,
            slice=dict(part),
            metric=metric,
            old=before,
            new=after,
            delta=_delta(before.value if before else None, after.value if after else None),
        )
        for kind, split, part, metric in sorted({*were, *are})
        for before, after in [
            (were.get((kind, split, part, metric)), are.get((kind, split, part, metric)))
        ]
    ]


def _latencies(side: Side) -> dict[str, float]:
    found = dict(side.version.metrics)
    for (kind, split, part, metric), measure in _newest(side.evaluations).items():
        where = ", ".join([f"{kind} {split}", *(f"{key}={value}" for key, value in part)])
        found[f"{metric} ({where})"] = measure.value
    for gate in side.gates:
        for metric, value in gate.measured.items():
            found[f"{metric} (gate {gate.gate})"] = value
    return {name: value for name, value in found.items() if "latency" in name.lower()}
