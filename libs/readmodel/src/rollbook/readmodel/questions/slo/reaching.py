"""SLO-M4: how long it took from a version's registration to its first service."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, Final

from rollbook.readmodel.questions.question import Inquiry
from rollbook.readmodel.questions.slo.level import Counted, LevelParameters, Objective, level
from rollbook.readmodel.questions.slo.machines import BY_MACHINE
from rollbook.readmodel.questions.then import ENDS

WITHIN: Final = timedelta(hours=24)

_SQL = (
    "SELECT * FROM (SELECT DISTINCT ON (e.model, e.version) e.model, e.environment, e.version,"  # noqa: S608  # our names
    " v.created_at AS registered_at, e.since AS at, e.actor AS by,"
    " extract(epoch FROM e.since - v.created_at)::float8 AS seconds,"
    f" {BY_MACHINE.format('e.actor')} AS automatic, e.partition || ':' || e.off AS position"
    f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
    " JOIN versions v ON (v.model, v.version) = (e.model, e.version)"
    " WHERE e.environment = $5::text AND e.off <= o.last"
    " AND EXISTS (SELECT FROM environments w WHERE (w.model, w.environment, w.version) ="
    "  (e.model, e.environment, e.version) AND w.since >= $4)"
    " ORDER BY e.model, e.version, e.off) first WHERE first.at >= $4::timestamptz"
)


async def _count(inquiry: Inquiry[LevelParameters]) -> Sequence[Counted]:
    asked = inquiry.asked
    rows = await inquiry.rows(_SQL, asked.begins(inquiry.then), asked.environment)
    return [
        _counted([row for row in rows if row["automatic"]], "automatic"),
        _counted([row for row in rows if not row["automatic"]], "manual"),
    ]


def _counted(rows: Sequence[Any], part: str) -> Counted:
    late = [row for row in rows if row["seconds"] >= WITHIN.total_seconds()]
    late.sort(key=lambda row: row["at"], reverse=True)
    return Counted(good=len(rows) - len(late), of=len(rows), broken=late, part=part)


M4 = level(
    Objective(
        slo="M4",
        title="Registration to production",
        definition="Versions that served for the first time less than 24 h after they were"
        " registered, of those that first served in this time; automatic: let in by a machine's"
        " account.",
        target="all automatic ones",
        count=_count,
        unasked=frozenset({"manual"}),
    )
)
