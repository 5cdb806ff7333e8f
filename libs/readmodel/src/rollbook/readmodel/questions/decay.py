"""How fast what serves gets worse in production."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from rollbook.domain.names import EnvironmentName
from rollbook.domain.tags import FactName
from rollbook.readmodel.questions.metrics import Direction, better
from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then


class DecayedParameters(Parameters):
    """What the question takes."""

    environment: EnvironmentName = "production"
    """Where it serves."""
    metric: FactName | None = None
    """Only this one; every metric that was measured in production if not given."""
    by: Annotated[float, Field(gt=0, lt=10)] = 0.05
    """How much worse it must have become: 0.05 is a twentieth of its first value."""
    direction: Direction = "auto"
    """Whether `higher` or `lower` is better; `auto`: by the metric's name."""


class Decayed(Shape):
    """A metric of a version that serves, measured in production, that has become worse."""

    model: str
    environment: str
    version: int
    metric: str
    first: float
    """The first value that was measured in production."""
    newest: float
    change: float
    """Relative to the first value: -0.05 is a twentieth less."""
    better: str
    """`higher` or `lower`."""
    first_at: datetime
    newest_at: datetime
    days: float
    """From the first measurement to the first that was so much worse."""
    evaluations: int
    """How many there are, of all of its data in production."""


def _sql(asked: DecayedParameters, then: Then) -> Select:
    sql = (
        "SELECT s.model, s.environment, s.version, s.metric, s.first, s.newest,"  # noqa: S608  # our names
        " (s.newest - s.first) / abs(s.first) AS change, s.better, s.first_at, s.newest_at,"
        " extract(epoch FROM s.worse_at - s.first_at)::float8 / 86400 AS days, s.evaluations"
        " FROM (SELECT p.model, p.environment, p.version, p.metric, p.better, p.first, p.first_at,"
        "  p.newest, count(*) AS evaluations, max(p.at) AS newest_at,"
        f" min(p.at) FILTER (WHERE {_worse('p.value')}) AS worse_at"
        " FROM (SELECT e.model, e.environment, e.version, m.key AS metric, m.value, m.at, d.better,"
        "   first_value(m.value) OVER w AS first, first_value(m.at) OVER w AS first_at,"
        "   last_value(m.value) OVER w AS newest"
        f"  FROM environments e JOIN {ENDS} ON o.partition = e.partition,"
        "   LATERAL (SELECT k.key, (k.value ->> 'value')::float8 AS value, x.off,"
        "     coalesce((x.evaluation ->> 'at')::timestamptz, x.recorded_at) AS at"
        "    FROM evaluations x, jsonb_each(x.evaluation -> 'metrics') k"
        "    WHERE (x.model, x.version) = (e.model, e.version) AND x.off <= o.last"
        "    AND x.evaluation ->> 'kind' = 'production' AND NOT x.evaluation ? 'slice') m,"
        f"   LATERAL (SELECT {better('$7::text', 'm.key')} AS better) d"
        f"  WHERE e.off <= o.last AND {then.stands('e')} AND e.environment = $4::text"
        "   AND ($5::text IS NULL OR m.key = $5)"
        "  WINDOW w AS (PARTITION BY e.model, e.environment, e.version, m.key"
        "   ORDER BY m.at, m.off ROWS BETWEEN UNBOUNDED PRECEDING AND UNBOUNDED FOLLOWING)) p"
        " GROUP BY p.model, p.environment, p.version, p.metric, p.better, p.first, p.first_at,"
        f" p.newest) s WHERE s.first <> 0 AND {_worse('s.newest')}"
    )
    return sql, [asked.environment, asked.metric, asked.by, asked.direction]


def _worse(value: str) -> str:
    side = value.partition(".")[0]
    return (
        f"CASE {side}.better WHEN 'higher' THEN {value} <= {side}.first - $6::float8"
        f" * abs({side}.first) ELSE {value} >= {side}.first + $6::float8 * abs({side}.first) END"
    )


DECAYED = Question(
    name="decayed",
    meaning="Which metrics of what serves have become worse in production, and within how long.",
    parameters=DecayedParameters,
    row=Decayed,
    answer=Listed(
        row=Decayed,
        sql=_sql,
        order={"model": "text", "environment": "text", "metric": "text"},
    ),
)
