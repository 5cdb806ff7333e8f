"""Every version that the registry knows, and what it names: the one side of custody."""

import json
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli.exits import Exit, Failure
from rollbook.domain.custody import Entry
from rollbook.domain.rulebook import Retention

if TYPE_CHECKING:
    from rollbook.client import Model, Record, Registry

DIGEST = re.compile(r"sha256:[0-9a-f]{64}(?![0-9a-f])")


@dataclass(slots=True)
class _Told:
    """What the history of a model says about one of its versions."""

    digests: set[str] = field(default_factory=set)
    archived_at: datetime | None = None
    hold: str | None = None


@dataclass(slots=True)
class _Known:
    """A model as it was read last."""

    model: "Model"
    told: dict[int, _Told]
    entries: list[Entry]


class Estate:
    """All versions as of the end of the log, each time that `refresh` is called."""

    def __init__(self, registry: "Registry") -> None:
        self._registry = registry
        self._ends: Mapping[str, int] | None = None
        self._models: dict[str, _Known] = {}
        self._asked: dict[tuple[str, int], list[int]] = {}
        self.retentions: dict[str, Retention] = {}

    @property
    def entries(self) -> list[Entry]:
        """Every version."""
        return [
            replace(entry, asked=tuple(self._asked.get(entry.key, ())))
            for known in self._models.values()
            for entry in known.entries
        ]

    @property
    def teams(self) -> dict[str, str | None]:
        """The team of each model."""
        return {key: known.model.team for key, known in self._models.items()}

    def sees_everything(self) -> bool:
        """Whether nothing is hidden from the caller: what is hidden would look like nobody's."""
        me = self._registry.me()
        return me.everything or any(
            role["namespace"] == "rollbook" and role["models"] == "*" for role in me.roles
        )

    def refresh(self) -> bool:
        """Read what has happened since; whether anything has."""
        ends = next((t.end_offsets for t in self._registry.topics() if t.end_offsets), None)
        if ends is None:
            raise Failure(
                Exit.UNAVAILABLE, "the registry does not see the end of its log", code="unavailable"
            )
        moved = ends != self._ends
        if moved:  # what the tables show by now is at least what the log held a second ago
            for partition, end in ends.items():
                if end:
                    self._registry.wait(f"{partition}:{end - 1}")
        changed = self._changed()
        for model in changed:
            self._models[model.key] = self._read(model, self._models.get(model.key))
        if changed or moved:
            self._asked = defaultdict(list)
            for request in self._registry.inbox():
                self._asked[request.model, request.version].append(request.request)
            for namespace in {key.partition("/")[0] for key in self._models}:
                self.retentions[namespace] = retention(self._registry, namespace)
        self._ends = ends
        return bool(changed) or moved

    def _changed(self) -> "list[Model]":
        known = {key: (each.model.seq, each.model.parked) for key, each in self._models.items()}
        models = self._registry.models()
        return [model for model in models if known.get(model.key) != (model.seq, model.parked)]

    def _read(self, model: "Model", known: _Known | None) -> _Known:
        told = known.told if known else {}
        after = known.model.position if known else None
        for record in self._registry.history(model.key, after=after):
            _listen(told, record)
        entries = [
            Entry(
                model=model.key,
                version=row.version,
                digests=frozenset(told.get(row.version, _Told()).digests | _named(row.artifact)),
                registered_at=row.created_at,
                archived_at=_archived(told.get(row.version), row.archived_reason, row.updated_at),
                aliases=row.aliases,
                environments=row.environments,
                hold=told[row.version].hold if row.version in told else None,
                unclear=model.parked,
                parents=tuple((p["model"], p["version"]) for p in row.lineage.get("parents", ())),
            )
            for row in self._registry.versions(model.key)
        ]
        return _Known(model, told, entries)


def retention(registry: "Registry", namespace: str) -> Retention:
    """How long the artifacts of a namespace are kept; Failure for who may not see it."""
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        for record in registry.governance(namespace):
            if record.type == "RetentionSet":
                return Retention.model_validate(record.data["retention"])
    except Refused as refusal:
        if refusal.code != "unknown_namespace":
            raise
        if _decided(registry, namespace):
            raise Failure(
                Exit.REFUSED,
                f"you may not see what was decided about {namespace}",
                code="forbidden",
            ) from refusal
    return Retention()


def _decided(registry: "Registry", namespace: str) -> bool:
    from rollbook.client import Refused  # noqa: PLC0415

    try:
        registry.namespace(namespace)
    except Refused:
        return False
    return True


def _listen(told: dict[int, _Told], record: "Record") -> None:
    number = record.data.get("version")
    if not isinstance(number, int):
        return
    version = told.setdefault(number, _Told())
    version.digests |= _named(record.data)
    if record.type == "VersionArchived":
        version.archived_at = record.time
    elif record.type == "VersionHeld":
        version.hold = str(record.data["reason"])
    elif record.type == "VersionReleased":
        version.hold = None


def _archived(told: _Told | None, reason: str | None, touched: datetime) -> datetime | None:
    if reason is None:
        return None
    return told.archived_at if told and told.archived_at else touched


def _named(data: object) -> set[str]:
    return set(DIGEST.findall(json.dumps(data)))
