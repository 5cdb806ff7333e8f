"""Which models name an artifact: looked up in the facts of their versions."""

from collections.abc import Collection

from rollbook.readmodel.database import Db

_NAMING = """
    SELECT model FROM versions v WHERE digest = $1 AND split_part(model, '/', 1) = ANY($2)
    UNION
    SELECT model FROM versions v
    WHERE facts -> 'variants' @> jsonb_build_array(jsonb_build_object('digest', $1::text))
        AND facts -> 'variants' IS NOT NULL AND split_part(model, '/', 1) = ANY($2)
    UNION
    SELECT model FROM versions v WHERE facts -> 'recipe' ->> 'digest' = $1
        AND facts -> 'recipe' IS NOT NULL AND split_part(model, '/', 1) = ANY($2)
"""


async def naming(db: Db, digest: str, namespaces: Collection[str]) -> list[str]:
    """The models, of these namespaces, with a version, a variant or a recipe of this digest."""
    rows = await db.fetch(_NAMING, digest, list(namespaces))
    return [row["model"] for row in rows]
