"""What was rolled back, and why."""

from datetime import datetime

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Listed, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then
from rollbook.readmodel.questions.window import Windowed


class RolledBackParameters(Windowed):
    """What the question takes."""

    environment: EnvironmentName | None = None
    """Only there; all environments if not given."""


class RolledBack(Shape):
    """A version that was taken out."""

    model: str
    environment: str
    version: int
    """That was taken out."""
    restored: int
    """That serves there instead."""
    reason: str
    at: datetime
    by: str
    promoted_at: datetime
    """When it had come to serve there."""
    promoted_by: str
    stood: float
    """Seconds that it served."""
    position: str
    """Of the record."""


def _sql(asked: RolledBackParameters, then: Then) -> Select:
    sql = (
        "SELECT e.model, e.environment, b.version, e.version AS restored, e.reason, e.since AS at,"  # noqa: S608  # our names
        " e.actor AS by, b.since AS promoted_at, b.actor AS promoted_by,"
        " extract(epoch FROM e.since - b.since)::float8 AS stood,"
        " e.partition || ':' || e.off AS position, e.off"
        f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
        " JOIN environments b ON (b.model, b.environment, b.until_off) ="
        "  (e.model, e.environment, e.off)"
        " WHERE e.action = 'VersionRolledBack' AND e.off <= o.last AND e.since >= $4::timestamptz"
        " AND ($5::text IS NULL OR e.environment = $5)"
    )
    return sql, [asked.begins(then), asked.environment]


ROLLED_BACK = Question(
    name="rolled-back",
    meaning="What was rolled back, when, by whom and why; the newest first.",
    parameters=RolledBackParameters,
    row=RolledBack,
    answer=Listed(
        row=RolledBack,
        sql=_sql,
        order={"at": "timestamptz", "model": "text", "off": "bigint"},
        direction="DESC",
    ),
)
