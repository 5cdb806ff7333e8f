"""SLO-M10: how often somebody was denied what they may not do."""

from collections.abc import Sequence

from rollbook.readmodel.questions.question import Inquiry
from rollbook.readmodel.questions.slo.level import (
    SHOWN,
    Counted,
    LevelParameters,
    Objective,
    level,
)
from rollbook.readmodel.questions.then import ENDS
from rollbook.readmodel.scope import holds

_FROM = (
    f" FROM history h JOIN {ENDS} ON o.partition = h.partition"
    ' WHERE h.type = \'CommandRefused\' AND h."time" >= $4::timestamptz AND h."time" <= $3'
    " AND h.off <= o.last AND h.data ->> 'code' IN ('forbidden', 'unauthenticated')"
    " AND ($5::text IS NULL OR split_part(h.model, '/', 1) = $5)"
)
_ROWS = (
    "SELECT h.model, h.\"time\" AS at, h.actor AS by, h.data ->> 'command' AS command,"  # our names
    " h.data ->> 'code' AS code, h.data ->> 'message' AS message,"
    f" h.partition || ':' || h.off AS position {_FROM}"
    " AND ($6::text[] IS NULL OR h.model = ANY($6))"
    f' ORDER BY h."time" DESC, h.partition, h.off DESC LIMIT {SHOWN}'
)
_COUNTS = f"SELECT h.model, count(*) AS count {_FROM} GROUP BY h.model"  # our names


async def _count(inquiry: Inquiry[LevelParameters]) -> Sequence[Counted]:
    asked, db = inquiry.asked, inquiry.db
    common = (*inquiry.then.arguments, asked.begins(inquiry.then), asked.namespace)
    counts = {row["model"]: row["count"] for row in await db.fetch(_COUNTS, *common)}
    wanted: list[str] | None = None
    if inquiry.seen is not None:
        # Records of a namespace itself, or of nothing known, are for those who see everything.
        wanted = [key for key in counts if key and "/" in key and holds(inquiry.seen, key)]
        counts = {key: counts[key] for key in wanted}
    rows = await db.fetch(_ROWS, *common, wanted)
    return [Counted(good=sum(counts.values()), of=None, broken=[dict(row) for row in rows])]


M10 = level(
    Objective(
        slo="M10",
        title="Denied access",
        definition="Commands that were refused as `forbidden` or `unauthenticated` in this time;"
        " of a flood of unknown senders only some are recorded.",
        target="none",
        count=_count,
        none_is_good=True,
    )
)
