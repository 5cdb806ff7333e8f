"""Every version that the registry knows, and what it names: the one side of custody."""

import json
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli import abreast
from rollbook.domain.custody import Entry, Ruling
from rollbook.domain.rulebook import Retention
from rollbook.domain.tenancy import REGISTRY

if TYPE_CHECKING:
    from rollbook.client import Model, Record, Registry

DIGEST = re.compile(r"sha256:[0-9a-f]{64}(?![0-9a-f])")


@dataclass(slots=True)
class _Told:
    """What the history of a model says about one of its versions."""

    digests: set[str] = field(default_factory=set)
    archived_at: datetime | None = None


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
        self._held: dict[tuple[str, int], str] = {}
        self.retentions: dict[str, Retention] = {}

    @property
    def entries(self) -> list[Entry]:
        """Every version."""
        return [
            replace(
                entry,
                asked=tuple(self._asked.get(entry.key, ())),
                hold=self._held.get(entry.key),
            )
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

    def announce(self, going: Iterable[Ruling]) -> None:
        """Put on record what is about to be deleted, by whom and why."""
        deletions = [
            {"digest": of.blob.digest, "size": of.blob.size, "reason": of.reason[:1000]}
            for of in going
        ]
        self._registry.announce_deletions(REGISTRY, deletions)

    def refresh(self) -> bool:
        """Read what has happened since; whether anything has."""
        ends = abreast.ends(self._registry)
        moved = ends != self._ends
        if moved:  # what the tables show by now is at least what the log held a second ago
            abreast.show(self._registry, ends)
        changed = self._changed()
        for model in changed:
            self._models[model.key] = self._read(model, self._models.get(model.key))
        if changed or moved:
            self._asked = defaultdict(list)
            for request in self._registry.inbox():
                self._asked[request.model, request.version].append(request.request)
            self._held = {
                (hold.model, hold.version): hold.reason for hold in self._registry.holds()
            }
            for namespace in {key.partition("/")[0] for key in self._models}:
                said = self._registry.retention(namespace).retention
                self.retentions[namespace] = Retention.model_validate(said)
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
                unclear=model.parked,
                parents=tuple((p["model"], p["version"]) for p in row.lineage.get("parents", ())),
            )
            for row in self._registry.versions(model.key)
        ]
        return _Known(model, told, entries)


def _listen(told: dict[int, _Told], record: "Record") -> None:
    number = record.data.get("version")
    if not isinstance(number, int):
        return
    version = told.setdefault(number, _Told())
    version.digests |= _named(record.data)
    if record.type == "VersionArchived":
        version.archived_at = record.time


def _archived(told: _Told | None, reason: str | None, touched: datetime) -> datetime | None:
    if reason is None:
        return None
    return told.archived_at if told and told.archived_at else touched


def _named(data: object) -> set[str]:
    return set(DIGEST.findall(json.dumps(data)))
