"""What depends on a data set."""

import json
from typing import Annotated

from pydantic import Field

from rollbook.domain.names import EnvironmentName
from rollbook.readmodel.questions.question import Listed, Parameters, Question, Select, Shape
from rollbook.readmodel.questions.then import ENDS, Then


class DependsParameters(Parameters):
    """What the question takes."""

    dataset: Annotated[str, Field(min_length=1, max_length=4096, pattern=r"^[^\x00]*$")]
    """Its digest (`sha256:…`), its URI, or the last part of its URI."""
    environment: EnvironmentName | None = None
    """Only what serves there; all versions if not given."""


class Dependent(Shape):
    """A version that was made from the data set."""

    model: str
    version: int
    label: str | None
    """MAJOR.MINOR.PATCH."""
    uri: str
    """Of the data set, as it was registered."""
    digest: str | None
    role: str
    """`train`, `validation` or `test`."""
    serves_in: tuple[str, ...]
    """Environments in which it serves."""


def _sql(asked: DependsParameters, then: Then) -> Select:
    name = asked.dataset
    if name.startswith("sha256:"):
        condition, wanted = "d.digest = $5::text", json.dumps([{"digest": name}])
    elif "/" in name or ":" in name:
        condition, wanted = "d.uri = $5::text", json.dumps([{"uri": name}])
    else:
        condition, wanted = "regexp_replace(d.uri, '^.*/', '') = $5::text", None
    indexed = " AND v.facts #> '{lineage,datasets}' @> $6::text::jsonb" if wanted else ""
    sql = (
        "SELECT v.model, v.version, v.label, d.uri, d.digest, coalesce(d.role, 'train') AS role,"  # noqa: S608  # our names
        f" {then.serves_in('v')} AS serves_in, d.place"
        f" FROM versions v JOIN {ENDS} ON o.partition = v.partition,"
        " ROWS FROM (jsonb_to_recordset(v.facts #> '{lineage,datasets}')"
        "  AS (uri text, digest text, role text)) WITH ORDINALITY AS d (uri, digest, role, place)"
        f" WHERE v.off <= o.last AND {condition}{indexed}"
        " AND ($4::text IS NULL OR EXISTS (SELECT FROM environments e"
        "  WHERE (e.model, e.version) = (v.model, v.version) AND e.environment = $4"
        f"  AND e.off <= o.last AND {then.stands('e')}))"
    )
    return sql, [asked.environment, name, *([wanted] if wanted else [])]


DEPENDS_ON = Question(
    name="depends-on",
    meaning="Which versions were made from a data set, and where they serve.",
    parameters=DependsParameters,
    row=Dependent,
    answer=Listed(
        row=Dependent,
        sql=_sql,
        order={"model": "text", "version": "bigint", "place": "bigint"},
    ),
)
