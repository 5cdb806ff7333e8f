"""The tables as plain dictionaries, written by the projector's pure part; and what they must be."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rollbook.domain.grants import key_id
from rollbook.domain.queries import QuerySaved
from rollbook.domain.state import Model
from rollbook.domain.tenancy import Grant, Key, Namespace
from rollbook.eventlog.envelope import Record
from rollbook.eventlog.partition import Partition, Stream
from rollbook.projector.handlers import read
from rollbook.readmodel import breaks, discussion, grants, keys, queries, requests, versions
from rollbook.readmodel.aliases import AliasKey, AliasRow
from rollbook.readmodel.changes import APPENDED, KEPT, Changes, Known, needs
from rollbook.readmodel.collection import CollectionKey, CollectionRow
from rollbook.readmodel.discussion import DiscussionRow
from rollbook.readmodel.environments import EnvironmentRow
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.offsets import Place
from rollbook.readmodel.parked import ParkedRow
from rollbook.readmodel.requests import RequestRow
from rollbook.readmodel.versions import VersionKey, VersionRow
from rollbook.readmodel.view import Appended, Kept


class Tables:
    """One partition's views, without Postgres."""

    def __init__(self) -> None:
        self.place = Place()
        self.ignored = 0
        self.models: dict[str, ModelRow] = {}
        self.namespaces: dict[str, NamespaceRow] = {}
        self.rows: dict[Kept[Any, Any], dict[Any, Any]] = {view: {} for view in KEPT}
        self.added: dict[Appended[Any], list[Any]] = {view: [] for view in APPENDED}
        self.aliases: dict[AliasKey, AliasRow] = {}
        self.collections: dict[CollectionKey, CollectionRow] = {}
        self.stays: list[EnvironmentRow] = []
        self.history: list[tuple[object, ...]] = []
        self.parked: dict[str, ParkedRow] = {}

    @property
    def versions(self) -> Mapping[VersionKey, VersionRow]:
        return self.rows[versions.VIEW]

    @property
    def requests(self) -> Mapping[Any, RequestRow]:
        return self.rows[requests.VIEW]

    @property
    def discussion(self) -> Sequence[DiscussionRow]:
        return self.added[discussion.VIEW]

    def take(self, records: Sequence[Record]) -> None:
        """One batch, as the projector writes it."""
        taken = read(0, self.place, records)
        wanted = needs(taken.entries)
        standing = {(r.model, r.environment): r for r in self.stays if r.until is None}
        kept = {
            view: {key: row for key, row in self.rows[view].items() if key in wanted.rows[view]}
            for view in KEPT
        }
        kept[requests.VIEW] |= {
            key: row
            for key, row in self.requests.items()
            if row.state == "open"
            and (row.ask in wanted.asks or (row.model, row.version) in wanted.archived)
        }
        changes = Changes(
            Known(
                {key: row for key, row in self.models.items() if key in wanted.models},
                {key: row for key, row in self.namespaces.items() if key in wanted.namespaces},
                kept,
                {key: row for key, row in standing.items() if key in wanted.spots},
                self.parked.keys(),
            )
        )
        changes.take(taken.entries)
        self.models |= changes.models
        self.namespaces |= changes.namespaces
        for view in KEPT:
            for row in changes.begun(view):
                assert view.key_of(row) not in self.rows[view], "it would be written twice"
            for row in changes.changed(view):
                assert view.key_of(row) in self.rows[view], "it would change nothing"
            for key, row in changes.rows[view].items():
                assert view.key_of(row) == key
            self.rows[view] |= changes.rows[view]
        for appended, rows in changes.added.items():
            self.added[appended] += rows
        _set(self.aliases, changes.aliases)
        _set(self.collections, changes.collections)
        for ended in changes.stays_ended:
            places = [(row.model, row.environment, row.position) for row in self.stays]
            self.stays[places.index((ended.model, ended.environment, ended.position))] = ended
        self.stays += changes.stays_begun
        self.history += changes.history
        self.parked |= changes.parked
        self.ignored += taken.ignored
        self.place = taken.place


def _set(table: dict[Any, Any], changes: Mapping[Any, Any]) -> None:
    for key, row in changes.items():
        if row is None:
            table.pop(key, None)
        else:
            table[key] = row


def projected(batches: Iterable[Sequence[Record]]) -> Tables:
    """The tables after some batches."""
    tables = Tables()
    for batch in batches:
        tables.take(batch)
    return tables


class Differences:
    """Where two things that should be the same are not."""

    def __init__(self) -> None:
        self.found: list[str] = []

    def same(self, what: str, ours: object, theirs: object) -> None:
        if ours != theirs:
            self.found.append(f"{what}: {ours!r} is not {theirs!r}")


def faults(tables: Tables, records: Sequence[Record], number: int = 0) -> list[str]:
    """Where the tables are not what folding the same records of a partition gives."""
    partition = Partition(number)
    partition.fold(records)
    compared = Differences()
    same = compared.same
    same("place", tables.place.offset, partition.next_offset)
    same("claim", tables.place.claim, partition.claim)
    same("streams", tables.models.keys() | tables.namespaces.keys(), partition.streams.keys())
    for key, stream in partition.streams.items():
        if isinstance(stream.state, Model):
            _model(compared, tables, key, stream, stream.state)
        else:
            _namespace(compared, tables, key, stream, stream.state)
    return compared.found


def _model(compared: Differences, tables: Tables, key: str, stream: Stream, model: Model) -> None:
    same = compared.same
    row = tables.models[key]
    same(f"{key} seq, head", (row.seq, row.head), (stream.seq, stream.prev))
    ours = (row.description, row.tags, row.versions, row.owner, row.team, row.risk)
    theirs = (
        model.description,
        dict(model.tags),
        len(model.versions),
        model.owner,
        model.team,
        model.risk,
    )
    same(key, ours, theirs)
    same(f"{key} retired", row.retired_reason is not None, model.retired)
    for number in model.versions:
        _version(compared, tables.versions[key, number], model, number)
    labels = {v.label: v.version for (m, _), v in tables.versions.items() if m == key and v.label}
    same(f"{key} labels", labels, dict(model.labels))
    named = {alias: row.version for (m, alias), row in tables.aliases.items() if m == key}
    same(f"{key} aliases", named, dict(model.aliases))
    stand = {r.environment: r.version for r in tables.stays if r.model == key and not r.until}
    serving = {environment: places[-1] for environment, places in model.environments.items()}
    same(f"{key} environments", stand, serving)
    _requests(compared, tables, key, model)
    unreviewed = {
        number: (row.version, row.environment, row.broken_by)
        for (m, number), row in tables.rows[breaks.VIEW].items()
        if m == key and row.verdict is None
    }
    same(f"{key} breaks", unreviewed, {n: tuple(b) for n, b in model.breaks.items()})


def _version(compared: Differences, row: VersionRow, model: Model, number: int) -> None:
    version = model.versions[number]
    review = version.review
    compared.same(
        f"{row.model} version {number}",
        (
            row.artifact.digest,
            row.archived_reason is not None,
            row.description,
            row.tags,
            row.idempotency_key,
            row.label,
            row.created_by,
            row.recorded,
            row.terms,
            row.properties,
            row.properties_schema,
        ),
        (
            version.digest,
            version.archived,
            version.description,
            dict(version.tags),
            version.idempotency_key,
            version.label,
            version.registered_by,
            version.recorded,
            version.terms,
            dict(version.properties),
            version.schema,
        ),
    )
    compared.same(
        f"{row.model} review of version {number}",
        (
            row.stage,
            row.rejected,
            row.verdict or "",
            row.evaluations,
            row.evaluated or "",
            row.documents,
            row.card_digest or "",
            row.card_revision,
            row.card_sections,
            row.review_by,
            row.card_stale,
        ),
        (
            review.stage,
            review.rejected,
            review.verdict,
            review.evaluations,
            review.evaluated,
            review.documents,
            review.card,
            review.card_revision,
            review.card_sections,
            review.review_by,
            review.stale,
        ),
    )


def _requests(compared: Differences, tables: Tables, key: str, model: Model) -> None:
    ours = {n: row for (m, n), row in tables.requests.items() if m == key and row.state == "open"}
    compared.same(f"{key} open requests", ours.keys(), set(model.requests))
    numbers = sorted(n for m, n in tables.requests if m == key)
    compared.same(f"{key} requests", numbers, list(range(1, model.requested + 1)))
    for number, request in model.requests.items():
        row = ours[number]
        compared.same(
            f"{key} request {number}",
            (
                row.version,
                row.environment,
                row.requested_by,
                tuple(row.quorum.items()),
                row.expires_at,
                row.escalates_at,
                row.escalated_at is not None,
            ),
            (
                request.version,
                request.environment,
                request.requested_by,
                request.quorum,
                request.expires_at,
                request.escalates_at,
                request.escalated,
            ),
        )
        signed = {
            said.said_by: (said.title, said.evidence)
            for said in tables.discussion
            if (said.model, said.request, said.kind) == (key, number, "approval")
        }
        approvals = {a.by: (a.title, a.evidence) for a in request.approvals}
        compared.same(f"{key} request {number} signatures", signed, approvals)


def _namespace(
    compared: Differences, tables: Tables, key: str, stream: Stream, namespace: Namespace
) -> None:
    row = tables.namespaces[key]
    compared.same(f"{key} seq, head", (row.seq, row.head), (stream.seq, stream.prev))
    compared.same(
        key,
        (row.rules, row.rules_version, row.metadata, row.schema_version, row.adapters),
        (
            namespace.rules,
            namespace.rules_version,
            namespace.schema,
            namespace.schema_version,
            namespace.adapters,
        ),
    )
    held = {
        number: Grant(g.subject, g.role, g.models, g.environments, g.title, g.until)
        for (n, number), g in tables.rows[grants.VIEW].items()
        if n == key and g.revoked_at is None
    }
    compared.same(f"{key} grants", held, dict(namespace.grants))
    usable = {
        name: Key(k.account, k.public_key, k.until, k.roles)
        for (n, name), k in tables.rows[keys.VIEW].items()
        if n == key and k.revoked_at is None
    }
    compared.same(f"{key} keys", usable, dict(namespace.keys))
    compared.same(f"{key} key ids", set(usable), {key_id(k.public_key) for k in usable.values()})
    names = {name for n, name in tables.collections if n == key}
    compared.same(f"{key} collections", names, set(namespace.collections))
    asked = {
        name: QuerySaved(query=name, text=q.text, order=q.order, description=q.description).digest()
        for (n, name), q in tables.rows[queries.VIEW].items()
        if n == key and q.text
    }
    compared.same(f"{key} queries", asked, dict(namespace.queries))
    same = {
        word: row.same
        for (n, word), row in tables.rows[queries.SYNONYMS].items()
        if n == key and row.same
    }
    compared.same(f"{key} synonyms", same, dict(namespace.synonyms))
