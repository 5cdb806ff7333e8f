"""Whether the records of what serves hold what their namespaces ask for; not a table of its own."""

from dataclasses import dataclass
from typing import Any

from rollbook.domain import completeness
from rollbook.domain.rulebook import MetadataSchema
from rollbook.domain.state import Review, Version
from rollbook.readmodel.database import Db
from rollbook.readmodel.scope import Scope, filled, holds, likes


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingRow:
    """A version that serves, with what its record must hold and does."""

    model: str
    version: int
    environment: str
    owner: str | None
    recorded: int
    """Which core fields it has by now: a bit each, see `rollbook.domain.completeness`."""
    properties: dict[str, Any]
    properties_schema: int
    """The version of the metadata schema that they were written for."""
    metadata: MetadataSchema | None
    """What the namespace asks for now; None: nothing."""
    schema_version: int
    adapters: tuple[dict[str, str], ...]

    @property
    def lacks(self) -> list[str]:
        """What the record lacks or has wrong by today's schema, in words."""
        if self.metadata is None:
            return []
        properties = completeness.adapted(self.properties, self.adapters[self.properties_schema :])
        return completeness.lacks(self.metadata, self.recorded, properties, self.owner)


async def serving(
    db: Db,
    environment: str = "production",
    *,
    scope: Scope | None = None,
    after: str = "",
    limit: int = 100,
) -> list[ServingRow]:
    """What serves in an environment, in order of model, those after the model `after`."""

    async def fetch(start: ServingRow | None) -> list[ServingRow]:
        rows = await db.fetch(
            "SELECT e.model, e.version, e.environment, m.owner, v.recorded, v.description,"
            " v.evaluations, v.properties, v.properties_schema, n.metadata,"
            " coalesce(n.schema_version, 0) AS schema_version,"
            " coalesce(n.adapters, '[]') AS adapters FROM environments e"
            " JOIN versions v ON (v.model, v.version) = (e.model, e.version)"
            " JOIN models m ON m.key = e.model LEFT JOIN namespaces n USING (namespace)"
            " WHERE e.until_off IS NULL AND e.environment = $1 AND e.model > $2"
            " AND ($3::text[] IS NULL OR e.model LIKE ANY($3)) ORDER BY e.model LIMIT $4",
            environment,
            start.model if start else after,
            likes(scope),
            limit,
        )
        return [serving_row(row) for row in rows]

    return await filled(fetch, lambda row: holds(scope, row.model), limit)


def serving_row(found: Any) -> ServingRow:
    """The row of a version that serves, with its namespace's schema, as Postgres gives them."""
    values = dict(found)
    metadata = values.pop("metadata")
    known = Version(
        digest="",
        description=values.pop("description"),
        recorded=values.pop("recorded"),
        review=Review(evaluations=values.pop("evaluations")),
    )
    return ServingRow(
        recorded=completeness.recorded_by_now(known),
        metadata=MetadataSchema.model_validate(metadata) if metadata is not None else None,
        adapters=tuple(values.pop("adapters")),
        **values,
    )
