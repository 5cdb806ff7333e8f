"""SLO-M1: how many promotions stood, those by machines and those by people apart."""

from collections.abc import Sequence
from typing import Any

from rollbook.readmodel.questions.question import Inquiry
from rollbook.readmodel.questions.slo.level import Counted, LevelParameters, Objective, level
from rollbook.readmodel.questions.slo.machines import BY_MACHINE
from rollbook.readmodel.questions.then import ENDS

_SQL = (
    "SELECT e.model, e.environment, e.version, e.since AS promoted_at, e.actor AS promoted_by,"  # noqa: S608  # our names
    f" {BY_MACHINE.format('e.actor')} AS automatic, n.action AS ended_by, n.reason, n.since AS at,"
    " n.actor AS by, n.partition || ':' || n.off AS position"
    f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
    " LEFT JOIN environments n ON (n.model, n.environment, n.off) ="
    "  (e.model, e.environment, e.until_off) AND n.off <= o.last"
    "  AND n.action IN ('VersionRolledBack', 'GlassBroken')"
    " WHERE e.action = 'VersionPromoted' AND e.since >= $4::timestamptz AND e.off <= o.last"
    " AND e.environment = $5::text"
)


async def _count(inquiry: Inquiry[LevelParameters]) -> Sequence[Counted]:
    asked = inquiry.asked
    rows = await inquiry.rows(_SQL, asked.begins(inquiry.then), asked.environment)
    return [
        _counted(rows, "all"),
        _counted([row for row in rows if row["automatic"]], "automatic"),
        _counted([row for row in rows if not row["automatic"]], "manual"),
    ]


def _counted(rows: Sequence[Any], part: str) -> Counted:
    broken = sorted((row for row in rows if row["at"]), key=lambda row: row["at"], reverse=True)
    return Counted(good=len(rows) - len(broken), of=len(rows), broken=broken, part=part)


M1 = level(
    Objective(
        slo="M1",
        title="Deployment success",
        definition="Promotions that were not ended by a roll-back or a broken glass, of those made"
        " in this time; automatic: by a machine's account.",
        target="at least 99 %",
        least=0.99,
        count=_count,
    )
)
