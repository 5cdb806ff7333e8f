"""The tables as plain dictionaries, written by the projector's pure part; and what they must be."""

from collections.abc import Iterable, Sequence

from rollbook.eventlog.envelope import Record
from rollbook.eventlog.partition import Partition
from rollbook.projector.handlers import Changes, Known, needs, read
from rollbook.readmodel.aliases import AliasKey, AliasRow
from rollbook.readmodel.environments import EnvironmentRow
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.parked import ParkedRow
from rollbook.readmodel.versions import VersionKey, VersionRow


class Tables:
    """One partition's views, without Postgres."""

    def __init__(self) -> None:
        self.place = Place()
        self.ignored = 0
        self.models: dict[str, ModelRow] = {}
        self.versions: dict[VersionKey, VersionRow] = {}
        self.aliases: dict[AliasKey, AliasRow] = {}
        self.stays: list[EnvironmentRow] = []
        self.history: list[tuple[object, ...]] = []
        self.parked: dict[str, ParkedRow] = {}

    def take(self, records: Sequence[Record]) -> None:
        """One batch, as the projector writes it."""
        taken = read(0, self.place, records)
        wanted = needs(taken.entries)
        standing = {(r.model, r.environment): r for r in self.stays if r.until is None}
        changes = Changes(
            Known(
                {key: row for key, row in self.models.items() if key in wanted.models},
                {key: row for key, row in self.versions.items() if key in wanted.versions},
                {key: row for key, row in standing.items() if key in wanted.spots},
                self.parked.keys(),
            )
        )
        changes.take(taken.entries)
        self.models |= changes.models
        for row in changes.registered:
            assert (row.model, row.version) not in self.versions, "it would be written twice"
        for row in changes.changed:
            assert (row.model, row.version) in self.versions, "it would change nothing"
        self.versions |= changes.versions
        for key, alias in changes.aliases.items():
            if alias is None:
                self.aliases.pop(key, None)
            else:
                self.aliases[key] = alias
        for ended in changes.ended:
            places = [(row.model, row.environment, row.position) for row in self.stays]
            self.stays[places.index((ended.model, ended.environment, ended.position))] = ended
        self.stays += changes.begun
        self.history += changes.history
        self.parked |= changes.parked
        self.ignored += taken.ignored
        self.place = taken.place


def projected(batches: Iterable[Sequence[Record]]) -> Tables:
    """The tables after some batches."""
    tables = Tables()
    for batch in batches:
        tables.take(batch)
    return tables


def faults(tables: Tables, records: Sequence[Record]) -> list[str]:
    """Where the tables are not what folding the same records gives."""
    partition = Partition(0)
    partition.fold(records)
    found: list[str] = []

    def same(what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            found.append(f"{what}: {ours!r} is not {theirs!r}")

    same("place", tables.place.offset, partition.next_offset)
    same("claim", tables.place.claim, partition.claim)
    same("models", tables.models.keys(), partition.streams.keys())
    for key, stream in partition.streams.items():
        row, model = tables.models[key], stream.model
        same(f"{key} seq, head", (row.seq, row.head), (stream.seq, stream.prev))
        same(f"{key} description", row.description, model.description)
        same(f"{key} tags", row.tags, dict(model.tags))
        same(f"{key} versions", row.versions, len(model.versions))
        for number, version in model.versions.items():
            shown = tables.versions[key, number]
            ours = (
                shown.artifact.digest,
                shown.archived_reason is not None,
                shown.description,
                shown.tags,
                shown.idempotency_key,
            )
            theirs = (
                version.digest,
                version.archived,
                version.description,
                dict(version.tags),
                version.idempotency_key,
            )
            same(f"{key} version {number}", ours, theirs)
        named = {alias: row.version for (m, alias), row in tables.aliases.items() if m == key}
        same(f"{key} aliases", named, dict(model.aliases))
        stand = {r.environment: r.version for r in tables.stays if r.model == key and not r.until}
        serving = {environment: places[-1] for environment, places in model.environments.items()}
        same(f"{key} environments", stand, serving)
    return found
