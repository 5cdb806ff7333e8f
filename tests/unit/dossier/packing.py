"""Packs from the projector's pure part, without Postgres."""

from collections.abc import Sequence
from typing import Any

from rollbook.dossier import record
from rollbook.dossier.pack import Pack
from rollbook.eventlog.envelope import Record
from rollbook.readmodel import breaks, cards, documents, evaluations, reviews, verdicts
from rollbook.readmodel.timeline import happening
from rollbook.readmodel.why import why
from tests.unit.projector.tables import projected
from tests.unit.readmodel.telling import told


def packed(records: Sequence[Record], key: str, number: int) -> Pack:
    """What is on record about a version after all records."""
    tables, events = projected([records]), told(records)
    stays = [stay for stay in tables.stays if (stay.model, stay.version) == (key, number)]
    serves = [stay.environment for stay in stays if stay.until is None]
    wishes = [row for row in tables.requests.values() if (row.model, row.version) == (key, number)]
    asked = {wish.request for wish in wishes}
    space = tables.namespaces.get(key.partition("/")[0])

    broken = [row for row in tables.rows[breaks.VIEW].values() if row.version == number]
    decided = {row.rules for row in (*stays, *wishes, *broken)}

    def of(shape: type[Any], rows: Sequence[Any]) -> tuple[Any, ...]:
        mine = [row for row in rows if (row.model, row.version) == (key, number)]
        return tuple(map(shape.model_validate, mine))

    written = of(record.CardRevision, tables.added[cards.VIEW])
    return Pack(
        model=record.Model.model_validate(tables.models[key]),
        version=record.Version.model_validate(tables.versions[key, number]),
        governance=record.Governance.model_validate(space) if space else None,
        rules=tuple(
            record.RulesInForce.model_validate(
                {**row.data, "position": row.position, "set_at": row.time, "set_by": row.actor}
            )
            for row in (event.row for event in events)
            if row.type == "RulesSet" and row.data["version"] in decided
        ),
        chains=tuple(
            record.Chain.model_validate(why(key, environment, events)) for environment in serves
        ),
        stays=of(record.Stay, stays),
        requests=of(record.Request, wishes),
        remarks=tuple(
            record.Remark.model_validate(said)
            for said in tables.discussion
            if said.model == key and said.request in asked
        ),
        breaks=of(record.Break, broken),
        verdicts=of(record.Verdict, tables.added[verdicts.VIEW]),
        evaluations=of(record.EvaluationRecord, tables.added[evaluations.VIEW]),
        card=written[-1] if written else None,
        card_reviews=of(record.CardReview, tables.added[reviews.VIEW]),
        documents=of(record.Document, tables.added[documents.VIEW]),
        events=tuple(
            record.Event.model_validate(happening(event))
            for event in events
            if event.row.model == key and event.row.data.get("version") == number
        ),
    )
