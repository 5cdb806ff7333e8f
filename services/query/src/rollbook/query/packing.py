"""Gathers the evidence pack of a version from the tables."""

from rollbook.dossier import record
from rollbook.dossier.pack import Pack
from rollbook.query.sight import Sight
from rollbook.query.why import asked
from rollbook.readmodel import (
    breaks,
    cards,
    discussion,
    documents,
    environments,
    evaluations,
    namespaces,
    requests,
    reviews,
    timeline,
    verdicts,
)
from rollbook.readmodel.database import Db
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.timeline import Told, happening
from rollbook.readmodel.versions import VersionRow

ENOUGH = 10_000
"""Rows of one sort, the newest ones."""

TABLES = (
    "aliases",
    "breaks",
    "cards",
    "discussion",
    "documents",
    "environments",
    "evaluations",
    "requests",
    "reviews",
    "verdicts",
)
"""What a pack is gathered from, beside models, namespaces and versions."""


async def gathered(db: Db, model: ModelRow, version: VersionRow, end: int, sight: Sight) -> Pack:
    """The pack, from records up to the offset `end`, of what may be seen."""
    key, number = model.key, version.version
    space = await namespaces.get(db, model.namespace)
    card = await cards.get(db, key, number)
    everywhere = await environments.stays(db, key, limit=ENOUGH)
    stays = [stay for stay in everywhere if stay.version == number]
    wishes = [row for row in await requests.newest(db, key, limit=ENOUGH) if row.version == number]
    broken = [row for row in await breaks.newest(db, key, limit=ENOUGH) if row.version == number]
    measured = await evaluations.newest(db, key, number, limit=ENOUGH)
    chains = [await asked(db, key, place, end, sight) for place in version.environments]
    remarks = [
        said for wish in reversed(wishes) for said in await discussion.of(db, key, wish.request)
    ]
    decided = {stay.rules for stay in stays} | {row.rules for row in wishes}
    decided |= {row.rules for row in broken}
    set_ = [
        told
        for rules in sorted(filter(None, decided))
        for told in await timeline.rules_set(db, model.namespace, rules)
    ]
    return Pack(
        model=record.Model.model_validate(model),
        version=record.Version.model_validate(version),
        governance=record.Governance.model_validate(space) if space else None,
        rules=tuple(map(_rules, set_)),
        chains=tuple(map(record.Chain.model_validate, chains)),
        stays=tuple(map(record.Stay.model_validate, stays)),
        requests=tuple(map(record.Request.model_validate, wishes)),
        remarks=tuple(map(record.Remark.model_validate, remarks)),
        breaks=tuple(map(record.Break.model_validate, broken)),
        verdicts=tuple(
            map(record.Verdict.model_validate, await verdicts.of(db, key, number, ENOUGH))
        ),
        evaluations=tuple(map(record.EvaluationRecord.model_validate, reversed(measured))),
        card=record.CardRevision.model_validate(card) if card else None,
        card_reviews=tuple(
            map(record.CardReview.model_validate, await reviews.of(db, key, number, ENOUGH))
        ),
        documents=tuple(
            map(record.Document.model_validate, await documents.of(db, key, number, ENOUGH))
        ),
        events=tuple(
            record.Event.model_validate(happening(told))
            for told in await timeline.of_version(db, key, number, until=end)
        ),
    )


def _rules(told: Told) -> record.RulesInForce:
    row = told.row
    return record.RulesInForce.model_validate(
        {**row.data, "position": row.position, "set_at": row.time, "set_by": row.actor}
    )
