"""What each event of a stream changed, field by field: the rows before it and after it. Pure."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Final, TypeAlias

from pydantic import BaseModel, JsonValue
from pydantic_core import to_jsonable_python

from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel import (
    breaks,
    cards,
    custody,
    documents,
    endpoints,
    erasures,
    evaluations,
    grants,
    keys,
    policies,
    queries,
    requests,
    retraining,
    rollouts,
    signatures,
    verdicts,
    versions,
)
from rollbook.readmodel.changes import KEPT, Changes, Entry, Known
from rollbook.readmodel.environments import EnvironmentRow, Spot
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.place import At
from rollbook.readmodel.view import Kept

Fields: TypeAlias = dict[str, JsonValue]
"""What people see of a row, by name."""

NAMES: Final[dict[Kept[Any, Any], str]] = {
    versions.VIEW: "version",
    requests.VIEW: "request",
    breaks.VIEW: "break",
    rollouts.VIEW: "rollout",
    grants.VIEW: "grant",
    keys.VIEW: "key",
    queries.VIEW: "query",
    queries.SYNONYMS: "synonyms of",
    policies.VIEW: "policy",
    custody.HOLDS: "hold on version",
    retraining.VIEW: "retraining",
    endpoints.VIEW: "endpoint",
}
UNSAID: Final = frozenset(
    (
        "model",
        "namespace",
        "name",
        "key",
        "position",
        "seq",
        "head",
        "recorded",
        "evaluated",
        "evaluations",
        "documents",
        "card_revision",
        "card_digest",
        "card_sections",
        "verdict",
        "aliases",
        "environments",
        "origin",
        "origin_time",
        "finding",
        "moved_off",
    )
)
"""Columns that name the row or tell of its event, and those that only count or pin others."""
ANYHOW: Final = ("_at", "_by")
"""Ends of the names of columns that say when and by whom: the event says it."""
MATTERS: Final = frozenset(("review_by", "expires_at", "escalates_at"))
"""Columns that end so and say something else."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldChange:
    """One field before and after; null: it was, or is, not there."""

    of: str
    """`model`, or what of it: `version 3`, `alias champion`, `environment production`."""
    field: str
    """Members of maps one by one, such as `tags.team`."""
    old: JsonValue = None
    new: JsonValue = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """An event with all that it changed; digests and counters are left out."""

    position: At
    id: str
    seq: int
    type: str
    time: datetime
    actor: str
    reason: str | None
    """Why, in the words of who did it: a reason, a comment or a note."""
    origin: str | None
    """Where it was imported from."""
    changes: tuple[FieldChange, ...]


def steps(entries: Iterable[Entry], after: int) -> Iterator[Step]:
    """What each of a stream's events did, those after the offset `after`, from its first one on."""
    told = _Told()
    rest = iter(entries)
    before: list[Entry] = []
    for entry in rest:
        if entry.event.position.offset > after:
            told.take(before)
            yield _step(entry.event, told.take([entry]))
            break
        before.append(entry)
    for entry in rest:
        yield _step(entry.event, told.take([entry]))


def _step(event: EventEnvelope, changes: list[FieldChange]) -> Step:
    said = (getattr(event.message, name, None) for name in ("reason", "comment", "note"))
    return Step(
        position=event.position,
        id=event.id,
        seq=event.seq,
        type=type(event.message).__name__,
        time=event.time,
        actor=event.actor,
        reason=next((text for text in said if text), None),
        origin=event.origin,
        changes=tuple(changes),
    )


class _Told:
    """A stream's rows as far as it was told, and what of them people see."""

    def __init__(self) -> None:
        self._models: dict[str, ModelRow] = {}
        self._namespaces: dict[str, NamespaceRow] = {}
        self._rows: dict[Kept[Any, Any], dict[Any, Any]] = {view: {} for view in KEPT}
        self._standing: dict[Spot, EnvironmentRow] = {}
        self._shown: dict[str, Fields] = {}

    def take(self, entries: list[Entry]) -> list[FieldChange]:
        """What some events changed, taken together."""
        known = Known(self._models, self._namespaces, self._rows, self._standing, frozenset())
        changes = Changes(known)
        changes.take(entries)
        self._models |= changes.models
        self._namespaces |= changes.namespaces
        for view, rows in changes.rows.items():
            self._rows[view] |= rows
        for stay in changes.stays.values():
            spot = stay.model, stay.environment
            if stay.until is None:
                self._standing[spot] = stay
            else:
                self._standing.pop(spot, None)
        touched = dict(_touched(changes))
        found = [
            c for of, new in touched.items() for c in _differ(of, self._shown.get(of, {}), new)
        ]
        self._shown |= touched
        return found


def _touched(changes: Changes) -> Iterator[tuple[str, Fields]]:
    """What stands now in everything that changed; nothing where it is gone."""
    for model in changes.models.values():
        yield "model", _fields(model)
    for namespace in changes.namespaces.values():
        yield "namespace", _fields(namespace)
    for view, name in NAMES.items():
        for key, row in changes.rows[view].items():
            yield f"{name} {key[1]}", _fields(row)
    for kept in changes.rows[custody.RETENTION].values():
        yield "retention", _flat("", kept.retention)
    for plan in changes.rows[retraining.POLICIES].values():
        yield "retraining", _flat("", plan.document)
    for stay in changes.stays.values():
        of = f"environment {stay.environment}"
        yield of, {"version": stay.version} if stay.until is None else {}
    for (_, alias), pointer in changes.aliases.items():
        yield f"alias {alias}", {"version": pointer.version} if pointer else {}
    for (_, name), group in changes.collections.items():
        yield f"collection {name}", _fields(group) if group else {}
    for card in changes.added[cards.VIEW]:
        yield f"card of version {card.version}", _flat("", card.card)
    for found in changes.added[evaluations.VIEW]:
        number = f"{found.number}" if found.number else f"0:{found.place}"
        yield f"evaluation {number} of version {found.version}", _flat("", found.evaluation)
    for verdict in changes.added[verdicts.VIEW]:
        gates = {gate.gate: gate.outcome for gate in verdict.gates}
        yield f"gates of version {verdict.version}", gates
    for link in changes.added[documents.VIEW]:
        yield f"{link.kind} {link.title!r} of version {link.version}", {"uri": link.uri}
    for seal in changes.added[signatures.VIEW]:
        yield f"signature {seal.digest} of version {seal.version}", {"signer": seal.signer}
    for erasure in changes.added[erasures.VIEW]:
        yield "personal data", {str(erasure.reference): "erased"}


def _fields(row: Any) -> Fields:
    found: Fields = {}
    for column in fields(row):
        name = column.name
        if name in UNSAID or (name.endswith(ANYHOW) and name not in MATTERS):
            continue
        found |= _flat(name, getattr(row, name))
    return found


def _flat(name: str, value: object) -> Fields:
    """A value under its name; a map's members under theirs, and nothing where nothing stands."""
    if isinstance(value, BaseModel):
        value = value.model_dump(mode="json", exclude_defaults=True)
    if isinstance(value, dict):
        start = f"{name}." if name else ""
        return {f"{start}{key}": _json(part) for key, part in value.items()}
    return {} if value is None or value in ((), "") else {name: _json(value)}


def _json(value: object) -> JsonValue:
    plain: JsonValue = to_jsonable_python(value, inf_nan_mode="strings")
    return plain


def _differ(of: str, old: Fields, new: Fields) -> Iterator[FieldChange]:
    for name in dict.fromkeys((*old, *new)):
        before, after = old.get(name), new.get(name)
        if type(before) is not type(after) or before != after:  # true is not 1
            yield FieldChange(of=of, field=name, old=before, new=after)
