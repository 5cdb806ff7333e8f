"""Which model cards should have been looked at again by now."""

from datetime import datetime
from typing import Annotated

from pydantic import Field

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then
from rollbook.readmodel.questions.usage import in_use, owner


class UnreviewedParameters(Parameters):
    """What the question takes."""

    environment: EnvironmentName | None = None
    """Only of what serves there; all versions in use if not given."""
    within: Annotated[int, Field(ge=0, le=3650)] = 0
    """Also cards whose review is due within so many days."""


class Unreviewed(Shape):
    """A card whose review is overdue, or soon will be."""

    model: str
    version: int
    label: str | None
    """MAJOR.MINOR.PATCH."""
    revision: int
    """Of the card."""
    review_by: datetime
    """When somebody had to have looked at it again."""
    overdue: float
    """Seconds since then; less than 0: it is due only then."""
    written_by: str
    reviewed_at: datetime | None
    """When somebody last found that it holds; null: nobody has, since it was written."""
    reviewed_by: str | None
    owner: str | None
    serves_in: tuple[str, ...]
    """Environments in which it serves."""


def _sql(asked: UnreviewedParameters, then: Then) -> Select:
    # The row says when the card is due now: an index leads to those, of the past it tells nothing.
    due = "v.review_by" if then.is_now else "coalesce(r.review_by, c.review_by)"
    sql = (
        f"SELECT v.model, v.version, v.label, c.revision, {due} AS review_by,"  # noqa: S608  # our names
        f" extract(epoch FROM $3::timestamptz - {due})::float8 AS overdue, c.written_by,"
        f" r.reviewed_at, r.reviewed_by, {owner('v', then)} AS owner,"
        f" {then.serves_in('v')} AS serves_in"
        f" FROM versions v JOIN {ENDS} ON o.partition = v.partition"
        " JOIN LATERAL (SELECT k.revision, k.off, k.written_by,"
        "   (k.card ->> 'review_by')::timestamptz AS review_by FROM cards k"
        "   WHERE (k.model, k.version) = (v.model, v.version) AND k.off <= o.last"
        "   ORDER BY k.revision DESC LIMIT 1) c ON true"
        " LEFT JOIN LATERAL (SELECT k.review_by, k.reviewed_at, k.reviewed_by FROM reviews k"
        "   WHERE (k.model, k.version) = (v.model, v.version) AND k.off <= o.last"
        "   AND k.off > c.off ORDER BY k.off DESC LIMIT 1) r ON true"
        f" WHERE {due} <= $3::timestamptz + $5::int * interval '1 day' AND {in_use('v', then)}"
        " AND ($4::text IS NULL OR EXISTS (SELECT FROM environments e"
        "  WHERE (e.model, e.version) = (v.model, v.version) AND e.environment = $4"
        f"  AND e.off <= o.last AND {then.stands('e')}))"
    )
    return sql, [asked.environment, asked.within]


UNREVIEWED = Question(
    name="unreviewed-cards",
    meaning="Which model cards should have been reviewed by now, the longest overdue first.",
    parameters=UnreviewedParameters,
    row=Unreviewed,
    answer=Listed(
        row=Unreviewed,
        sql=_sql,
        order={"review_by": "timestamptz", "model": "text", "version": "bigint"},
    ),
)
