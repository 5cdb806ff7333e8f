"""Which versions were trained before a moment, and how the book knows."""

from datetime import datetime

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then
from rollbook.readmodel.questions.window import When


class TrainedParameters(Parameters):
    """What the question takes."""

    date: When
    """A day or an RFC 3339 time."""
    environment: EnvironmentName | None = None
    """Only what serves there; all versions if not given."""


class Trained(Shape):
    """A version that was trained before the moment: it cannot know data that came later."""

    model: str
    version: int
    label: str | None
    """MAJOR.MINOR.PATCH."""
    trained_at: datetime
    """By when, at the latest, its training had begun."""
    known_by: str
    """`training`: its start was recorded; `origin`: when it was registered where it was imported
    from; `registration`: nothing else is known."""
    registered_by: str
    serves_in: tuple[str, ...]
    """Environments in which it serves."""


def _sql(asked: TrainedParameters, then: Then) -> Select:
    started = "v.facts #>> '{lineage,runtime,started_at}'"
    sql = (
        "SELECT v.model, v.version, v.label, t.trained_at,"  # noqa: S608  # our names
        f" CASE WHEN {started} IS NOT NULL THEN 'training'"
        "  WHEN v.origin_time IS NOT NULL THEN 'origin' ELSE 'registration' END AS known_by,"
        f" v.created_by AS registered_by, {then.serves_in('v')} AS serves_in"
        f" FROM versions v JOIN {ENDS} ON o.partition = v.partition, LATERAL"
        f" (SELECT coalesce(({started})::timestamptz, v.origin_time, v.created_at) AS trained_at) t"
        " WHERE v.off <= o.last AND t.trained_at < $4::timestamptz AND ($5::text IS NULL OR EXISTS"
        "  (SELECT FROM environments e WHERE (e.model, e.version) = (v.model, v.version)"
        f"   AND e.environment = $5 AND e.off <= o.last AND {then.stands('e')}))"
    )
    return sql, [asked.date, asked.environment]


TRAINED = Question(
    name="trained-before",
    meaning="Which versions were trained before a date, and so on data from before it.",
    parameters=TrainedParameters,
    row=Trained,
    answer=Listed(row=Trained, sql=_sql, order={"model": "text", "version": "bigint"}),
)
