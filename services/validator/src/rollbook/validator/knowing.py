"""Reads from the tables what gates may know of a version."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import cast

from rollbook.domain.completeness import BITS, adapted
from rollbook.domain.evaluations import Evaluation
from rollbook.domain.gates import AnomalyGate, Gate
from rollbook.domain.lineage import Artifact
from rollbook.domain.rulebook import Risk, Rules
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.gates.facts import Facts, Piece, slices
from rollbook.readmodel import (
    cards,
    environments,
    evaluations,
    models,
    namespaces,
    versions,
)
from rollbook.readmodel.database import Db
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.namespaces import NamespaceRow
from rollbook.readmodel.versions import VersionRow
from rollbook.validator.handlers import Answers, Occasion, attempt_after

PAGE = 500
"""Evaluations at once."""

LONGEST = 5000
"""Evaluations of a version that are looked at, the oldest first."""


@dataclass(frozen=True, slots=True)
class Known:
    """A version as the tables have it."""

    row: VersionRow
    model: ModelRow
    namespace: NamespaceRow | None

    @property
    def risk(self) -> Risk:
        """What a wrong prediction may cost."""
        rules = self.namespace.rules if self.namespace else Rules()
        return cast(Risk, self.model.risk) or rules.default_risk


async def known(db: Db, model: str, version: int) -> Known | None:
    """The version; None where its rows stand still, or have not come."""
    row, of = await versions.get(db, model, version), await models.get(db, model)
    if row is None or of is None or of.parked is not None:
        return None
    return Known(row, of, await namespaces.get(db, of.namespace))


async def answers(db: Db, occasion: Occasion) -> Answers:
    """What commands of the occasion were answered."""
    found: dict[str, str | None] = {}
    begin, more = 0, True
    while more:
        ids = [
            id_
            for attempt in range(begin, begin + 8)
            for id_ in (occasion.start_id(attempt), occasion.verdict_id(attempt))
        ]
        found |= await _answered(db, ids)
        more = any(id_ in found for id_ in ids[-2:])
        begin += 8
    return found


async def unanswered(db: Db, occasions: Sequence[Occasion]) -> list[Occasion]:
    """Those that may still want an answer, as far as their first attempts tell."""
    ids = [id_ for each in occasions for id_ in (each.start_id(), each.verdict_id())]
    found = await _answered(db, ids)
    return [each for each in occasions if attempt_after(each, found) is not None]


async def _answered(db: Db, ids: Sequence[str]) -> dict[str, str | None]:
    rows = await db.fetch(
        "SELECT command_id, type, data ->> 'code' AS code FROM history"
        " WHERE command_id = ANY($1::uuid[]) AND type <> 'CommandRepeated'",
        ids,
    )
    refused = CommandRefused.__name__
    return {str(r["command_id"]): r["code"] if r["type"] == refused else None for r in rows}


async def facts(db: Db, version: Known, gates: Iterable[Gate], signers: Iterable[str]) -> Facts:
    """What the gates may know, but for what is measured."""
    row = version.row
    earlier = max((g.history for g in gates if isinstance(g, AnomalyGate)), default=0)
    found = await db.fetch(
        "SELECT facts -> 'metrics' AS metrics FROM versions WHERE model = $1 AND version < $2"
        " ORDER BY version DESC LIMIT $3",
        row.model,
        row.version,
        earlier,
    )
    champion: dict[str, Facts] = {}
    for standing in await environments.now(db, row.model):
        other = await versions.get(db, row.model, standing.version)
        if other is not None:
            champion[standing.environment] = await _one(db, replace(version, row=other))
    return replace(
        await _one(db, version),
        signers=tuple(signers),
        champion=champion,
        before=tuple(each["metrics"] or {} for each in found),
    )


async def _one(db: Db, version: Known) -> Facts:
    row, namespace = version.row, version.namespace
    rated = await _evaluations(db, row)
    card = await cards.get(db, row.model, row.version) if row.card_revision else None
    steps = namespace.adapters[row.properties_schema :] if namespace else ()
    described = BITS["description"] if row.description else 0
    evaluated = BITS["evaluations"] if row.evaluations else 0
    return Facts(
        namespace=version.model.namespace,
        model=version.model.name,
        version=row.version,
        risk=version.risk,
        owner=version.model.owner,
        metrics=row.metrics,
        params=row.params,
        tags=row.tags,
        properties=adapted(row.properties, steps),
        recorded=row.recorded & ~BITS["description"] | described | evaluated,
        schema=namespace.metadata if namespace else None,
        sections=row.card_sections if row.card_revision else None,
        stale=row.card_stale,
        artifact=_piece(row.artifact),
        variants={one.name: _piece(one) for one in row.variants},
        signature=row.signature,
        terms=row.terms,
        slices=slices(rated, card.card.subgroups if card else ()),
        evaluations=rated,
    )


async def _evaluations(db: Db, row: VersionRow) -> tuple[Evaluation, ...]:
    found: list[Evaluation] = []
    after = (-1, -1)
    while len(found) < LONGEST:
        rows = await evaluations.of(db, row.model, row.version, after, PAGE)
        found += [each.evaluation for each in rows]
        if len(rows) < PAGE:
            break
        after = rows[-1].number, rows[-1].place
    return tuple(found)


def _piece(artifact: Artifact) -> Piece:
    return Piece(format=artifact.format, size=artifact.size, digest=artifact.digest)
