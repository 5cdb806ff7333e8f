"""SLO-M6: how long a roll-back took; without alarms in the log, an upper bound of it."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final

from rollbook.readmodel.questions.question import Inquiry
from rollbook.readmodel.questions.slo.level import Counted, LevelParameters, Objective, level
from rollbook.readmodel.questions.then import ENDS

WITHIN: Final = timedelta(minutes=30)

_SQL = (
    "SELECT e.model, e.environment, b.version, e.version AS restored, e.reason, e.since AS at,"  # noqa: S608  # our names
    " e.actor AS by, extract(epoch FROM e.since - b.since)::float8 AS stood,"
    " e.partition || ':' || e.off AS position"
    f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
    " JOIN environments b ON (b.model, b.environment, b.until_off) ="
    "  (e.model, e.environment, e.off)"
    " WHERE e.action = 'VersionRolledBack' AND e.since >= $4::timestamptz AND e.off <= o.last"
    " AND e.environment = $5::text ORDER BY e.since DESC, e.model, e.off"
)


async def _count(inquiry: Inquiry[LevelParameters]) -> Sequence[Counted]:
    asked = inquiry.asked
    rows = await inquiry.rows(_SQL, asked.begins(inquiry.then), asked.environment)
    unsure = [row for row in rows if row["stood"] >= WITHIN.total_seconds()]
    why = (
        f"{len(unsure)} of {len(rows)} roll-backs took out a version that had stood for 30 min or"
        " more, and the log has no alarms yet that would say when the trouble was noticed"
        if unsure
        else None
    )
    return [Counted(good=len(rows) - len(unsure), of=len(rows), broken=unsure, why=why)]


M6 = level(
    Objective(
        slo="M6",
        title="Time to roll back",
        definition="Roll-backs done within 30 min from the alarm, of those in this time. A version"
        " that stood for less was surely taken out in time, of others nobody can say.",
        target="all within 30 min",
        count=_count,
    )
)
