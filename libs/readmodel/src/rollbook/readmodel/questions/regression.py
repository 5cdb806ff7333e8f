"""Which versions came to serve although a metric of theirs is worse than of what they replaced."""

from datetime import datetime

from rollbook.domain.names import EnvironmentName
from rollbook.domain.tags import FactName
from rollbook.readmodel.questions.metrics import Direction, better, measured
from rollbook.readmodel.questions.question import Listed, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then
from rollbook.readmodel.questions.window import Windowed


class RegressedParameters(Windowed):
    """What the question takes."""

    environment: EnvironmentName = "production"
    """Where it came to serve."""
    metric: FactName | None = None
    """Only this one; every metric that both versions have if not given."""
    direction: Direction = "auto"
    """Whether `higher` or `lower` is better; `auto`: by the metric's name, as losses, errors,
    latencies and costs should be low and all others high."""


class Regressed(Shape):
    """A metric that got worse by a promotion."""

    model: str
    environment: str
    version: int
    replaced: int
    """The champion until then."""
    metric: str
    before: float
    """Of the version that was replaced."""
    after: float
    change: float
    """`after - before`."""
    better: str
    """`higher` or `lower`."""
    since: datetime
    """When it came to serve."""
    by: str
    stands: bool
    """Whether it serves there still."""


def _sql(asked: RegressedParameters, then: Then) -> Select:
    sql = (
        "SELECT e.model, e.environment, e.version, e.replaced, a.name AS metric,"  # noqa: S608  # our names
        " b.value AS before, a.value AS after, a.value - b.value AS change, d.better, e.since,"
        f" e.actor AS by, {then.stands('e')} AS stands, e.off"
        f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
        " JOIN versions n ON (n.model, n.version) = (e.model, e.version)"
        " JOIN versions c ON (c.model, c.version) = (e.model, e.replaced),"
        f" LATERAL ({measured('n')}) a, LATERAL ({measured('c')}) b,"
        f" LATERAL (SELECT {better('$7::text', 'a.name')} AS better) d"
        " WHERE e.action <> 'VersionRolledBack' AND e.since >= $4::timestamptz AND e.off <= o.last"
        " AND e.environment = $5::text AND a.name = b.name"
        " AND ($6::text IS NULL OR a.name = $6)"
        " AND CASE d.better WHEN 'higher' THEN a.value < b.value ELSE a.value > b.value END"
    )
    return sql, [asked.begins(then), asked.environment, asked.metric, asked.direction]


REGRESSED = Question(
    name="regressed",
    meaning="Which versions came to serve with a metric worse than that of what they replaced.",
    parameters=RegressedParameters,
    row=Regressed,
    answer=Listed(
        row=Regressed,
        sql=_sql,
        order={"model": "text", "environment": "text", "off": "bigint", "metric": "text"},
    ),
)
