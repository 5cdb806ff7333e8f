"""Which broken glasses nobody has reviewed."""

from datetime import datetime

from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then


class Emergency(Shape):
    """A version that was let past the rules, which nobody has looked at since."""

    model: str
    number: int
    """Counts the model's from 1."""
    environment: str
    version: int
    replaced: int | None
    reason: str
    bypassed: tuple[str, ...]
    """Codes of the rules that it was let past."""
    at: datetime
    by: str
    waits: float
    """Seconds since then."""
    position: str
    """Of the record."""


def _sql(_: Parameters, then: Then) -> Select:
    sql = (
        "SELECT b.model, b.number, b.environment, b.version, b.replaced, b.reason, b.bypassed,"  # noqa: S608  # our names
        " b.broken_at AS at, b.broken_by AS by,"
        " extract(epoch FROM $3::timestamptz - b.broken_at)::float8 AS waits,"
        " b.partition || ':' || b.off AS position"
        f" FROM breaks b JOIN {ENDS} ON o.partition = b.partition"
        " WHERE b.off <= o.last AND (b.verdict IS NULL"
        f" {'' if then.is_now else _not_yet()})"
    )
    return sql, []


def _not_yet() -> str:
    """Reviewed since; of records of one time their places decide."""
    return (
        "OR b.reviewed_at > $3 OR b.reviewed_at = $3 AND NOT EXISTS (SELECT FROM history h"
        " WHERE h.model = b.model AND h.off > b.off AND h.off <= o.last"
        " AND h.type = 'BreakGlassReviewed' AND (h.data ->> 'number')::int = b.number)"
    )


BROKEN_GLASS = Question(
    name="broken-glass-unreviewed",
    meaning="Which versions were let past the rules in an emergency that nobody has reviewed.",
    parameters=Parameters,
    row=Emergency,
    answer=Listed(
        row=Emergency,
        sql=_sql,
        order={"at": "timestamptz", "model": "text", "number": "bigint"},
    ),
)
