"""What serves, everywhere: who put it there, and on what evidence."""

from datetime import datetime

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then


class ServingParameters(Parameters):
    """What the question takes."""

    environment: EnvironmentName | None = None
    """Only there; all environments if not given."""


class Stay(Shape):
    """A version that serves."""

    model: str
    environment: str
    version: int
    label: str | None
    """MAJOR.MINOR.PATCH."""
    digest: str
    """Of the artifact."""
    since: datetime
    by: str
    """Who put it there."""
    action: str
    """How: `VersionPromoted`, `VersionRolledBack` or `GlassBroken`."""
    replaced: int | None
    """What stood there before."""
    reason: str | None
    """Why it was rolled back to, or let in past the rules."""
    request: int | None
    """The request that was granted."""
    approved_by: tuple[str, ...]
    """Who signed for it."""
    evidence: str | None
    """Digest of the facts that the promotion was decided on."""
    position: str
    """Of the record that put it there."""


def _sql(asked: ServingParameters, then: Then) -> Select:
    sql = (
        "SELECT e.model, e.environment, e.version, v.label, v.digest, e.since, e.actor AS by,"  # noqa: S608  # our names
        " e.action, e.replaced, e.reason, e.request, e.approved_by, e.evidence,"
        " e.partition || ':' || e.off AS position"
        f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
        " JOIN versions v ON (v.model, v.version) = (e.model, e.version)"
        f" WHERE e.off <= o.last AND {then.stands('e')}"
        " AND ($4::text IS NULL OR e.environment = $4)"
    )
    return sql, [asked.environment]


SERVING = Question(
    name="serving",
    meaning="What serves, everywhere: since when, who put it there, and on what evidence.",
    parameters=ServingParameters,
    row=Stay,
    answer=Listed(row=Stay, sql=_sql, order={"model": "text", "environment": "text"}),
)
