"""How complete the records of what serves are, over HTTP: a figure, and what is lacking."""

from typing import Annotated

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel

from rollbook.domain.completeness import BITS
from rollbook.domain.names import EnvironmentName
from rollbook.domain.rulebook import CoreField, Rules
from rollbook.query.answers import answer
from rollbook.query.handlers import namespace_key
from rollbook.query.openapi import API, problems
from rollbook.query.reading import NAMESPACE, MinPosition, Namespace, Reading
from rollbook.query.sight import Seen
from rollbook.readmodel import completeness, namespaces
from rollbook.readmodel.completeness import ServingRow
from rollbook.readmodel.database import Db
from rollbook.readmodel.scope import Scope

PAGE = 1000
PRODUCTION = "production"
MOST_LACKING = 1000


class FieldShare(BaseModel):
    """How many of the versions have a field that the schema requires."""

    field: str
    present: int
    share: float | None
    """Null when nothing serves."""


class Lacking(BaseModel):
    """A version that serves, and whose record lacks something."""

    model: str
    version: int
    environment: str
    lacks: list[str]


class Completeness(BaseModel):
    """What of the records that a namespace asks for is there, for what serves."""

    namespace: str
    schema_version: int
    """0: there is no metadata schema, so that nothing is asked for."""
    environments: list[str]
    serving: int
    """Versions, each as often as it serves somewhere."""
    complete: int
    """Those that lack nothing."""
    share: float | None
    """`complete / serving`; null when nothing serves."""
    fields: list[FieldShare]
    """Of each core field that the schema requires."""
    lacking: list[Lacking]
    """At most 1,000, in order of environment and model."""


def router(reading: Reading) -> APIRouter:
    """The route."""
    made = APIRouter(prefix=API, tags=["namespaces"], responses=problems(404, 422, 503))

    @made.get(
        NAMESPACE + "/completeness",
        response_model=Completeness,
        summary="Whether the records of what serves hold what the metadata schema asks for",
    )
    async def get_completeness(
        sight: Seen,
        namespace: Namespace,
        environment: Annotated[
            list[EnvironmentName],
            Query(
                description="Where they serve. If not given: `production`, and every environment"
                " whose rule asks for metadata or is protected."
            ),
        ] = [],  # noqa: B006  # FastAPI copies it
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        space = namespace_key(namespace)
        seen = sight.scope()
        patterns = ["*"] if seen is None else [*seen.get(space, ()), *seen.get("*", ())]
        async with reading.at_one_moment(min_position) as db:
            row = await namespaces.get(db, space)
            names = environment or productive(row.rules if row else Rules())
            rows = [r for name in names for r in await _serving(db, name, {space: patterns})]
        shown = figures(space, row.schema_version if row else 0, names, rows)
        return answer(Completeness, shown)

    return made


def productive(rules: Rules) -> list[str]:
    """The environments whose records count, if nobody names others."""
    found = [rule.name for rule in rules.environments if rule.metadata or rule.protected]
    return sorted({PRODUCTION, *found})


def figures(
    namespace: str, schema_version: int, environments: list[str], rows: list[ServingRow]
) -> Completeness:
    """What the rows come to; all of them are of one namespace."""
    metadata = next((row.metadata for row in rows), None)
    lacking = [
        Lacking(model=row.model, version=row.version, environment=row.environment, lacks=row.lacks)
        for row in rows
        if row.lacks
    ]
    fields = [
        FieldShare(field=field, present=present, share=_share(present, len(rows)))
        for field in (metadata.required if metadata else ())
        for present in [sum(_has(row, field) for row in rows)]
    ]
    complete = len(rows) - len(lacking)
    return Completeness(
        namespace=namespace,
        schema_version=schema_version,
        environments=environments,
        serving=len(rows),
        complete=complete,
        share=_share(complete, len(rows)),
        fields=fields,
        lacking=lacking[:MOST_LACKING],
    )


def _has(row: ServingRow, field: CoreField) -> bool:
    return bool(row.owner if field == "owner" else row.recorded & BITS[field])


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


async def _serving(db: Db, environment: str, scope: Scope) -> list[ServingRow]:
    found: list[ServingRow] = []
    while True:
        after = found[-1].model if found else ""
        rows = await completeness.serving(db, environment, scope=scope, after=after, limit=PAGE)
        found += rows
        if len(rows) < PAGE:
            return found
