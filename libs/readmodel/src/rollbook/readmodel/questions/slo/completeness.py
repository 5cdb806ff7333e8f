"""SLO-M9: whether the records of what serves hold what their namespaces ask for."""

from collections.abc import Collection, Sequence
from typing import Any, Final

from rollbook.readmodel import completeness, past
from rollbook.readmodel.completeness import ServingRow
from rollbook.readmodel.past import Look
from rollbook.readmodel.questions.question import Inquiry
from rollbook.readmodel.questions.slo.level import Counted, LevelParameters, Objective, level
from rollbook.readmodel.questions.then import ENDS
from rollbook.readmodel.questions.usage import owner

MOST: Final = 500
"""Streams that are put back for one answer: some milliseconds each."""
EVERY: Final = 1_000_000


class TooMuchError(Exception):
    """More has changed since than can be put back."""


async def _count(inquiry: Inquiry[LevelParameters]) -> Sequence[Counted]:
    try:
        rows = await _serving(inquiry)
    except TooMuchError as error:
        return [Counted(good=None, of=None, why=str(error))]
    asked_for = [row for row in rows if row.metadata is not None]
    lacking = [row for row in asked_for if row.lacks]
    why = None
    if rows and not asked_for:
        why = "no namespace of what serves has a metadata schema, so nothing is asked for"
    return [
        Counted(
            good=len(asked_for) - len(lacking),
            of=len(asked_for),
            broken=[
                {
                    "model": row.model,
                    "environment": row.environment,
                    "version": row.version,
                    "owner": row.owner,
                    "lacks": row.lacks,
                }
                for row in lacking
            ],
            why=why,
        )
    ]


async def _serving(inquiry: Inquiry[LevelParameters]) -> list[ServingRow]:
    environment = inquiry.asked.environment
    if inquiry.then.is_now:
        return await completeness.serving(inquiry.db, environment, scope=inquiry.scope, limit=EVERY)
    return await _then(inquiry, environment)


async def _then(inquiry: Inquiry[LevelParameters], environment: str) -> list[ServingRow]:
    """As of a moment. Rows that nothing has changed since are as they were; others are put back."""
    stays = (
        f"SELECT e.model, e.version, e.environment, {owner('e', inquiry.then)} AS owner,"  # noqa: S608  # our names
        f" {VERSION}, v.updated_at >= o.time AS changed"
        f" FROM environments e JOIN {ENDS} ON o.partition = e.partition"
        " JOIN versions v ON (v.model, v.version) = (e.model, e.version)"
        f" WHERE e.off <= o.last AND {inquiry.then.stands('e')} AND e.environment = $4::text"
    )
    served = await inquiry.rows(stays, environment)
    served.sort(key=lambda row: row["model"].encode())
    names = {row["model"].partition("/")[0] for row in served}
    spaces = await inquiry.db.fetch(
        f"SELECT namespace, {SPACE}, updated_at >= $2 AS changed FROM namespaces"  # noqa: S608  # our names
        " WHERE namespace = ANY($1)",
        sorted(names),
        inquiry.then.time,
    )
    versions = {(row["model"], row["version"]): row for row in served}
    asked = {row["namespace"]: row for row in spaces}
    models = {row["model"] for row in served if row["changed"]}
    older = {row["namespace"] for row in spaces if row["changed"]}
    if models or older:
        look = Look(
            tables=frozenset({"versions"}),
            versions=sorted({row["version"] for row in served if row["changed"]}),
        )
        found, then = await _put_back(inquiry, models | older, look)
        versions |= {(row["model"], row["version"]): row for row in found}
        asked = {name: row for name, row in asked.items() if name not in older}
        asked |= {row["namespace"]: row for row in then}
    return [
        completeness.serving_row(
            {name: row[name] for name in ("model", "version", "environment", "owner")}
            | {name: versions[row["model"], row["version"]][name] for name in VERSION_COLUMNS}
            | dict(zip(SPACE_COLUMNS, _space(asked, row["model"]), strict=True))
        )
        for row in served
    ]


async def _put_back(
    inquiry: Inquiry[LevelParameters], streams: Collection[str], look: Look
) -> tuple[list[Any], list[Any]]:
    if len(streams) > MOST:
        raise TooMuchError(
            f"{len(streams):,} models and namespaces have changed since then, more than {MOST} to"
            " look back at: ask for one namespace"
        )
    moment = inquiry.then.moment
    assert moment is not None  # noqa: S101  # of now nothing is put back
    async with inquiry.past() as db, past.put_back(db, moment, sorted(streams), look):
        versions = await db.fetch(f"SELECT model, version, {VERSION} FROM versions v")  # noqa: S608  # our names
        spaces = await db.fetch(f"SELECT namespace, {SPACE} FROM namespaces")  # noqa: S608  # our names
    return list(versions), list(spaces)


def _space(asked: dict[str, Any], model: str) -> tuple[Any, ...]:
    found = asked.get(model.partition("/")[0])
    return tuple(found[name] for name in SPACE_COLUMNS) if found is not None else (None, 0, [])


VERSION_COLUMNS: Final = (
    "recorded",
    "description",
    "evaluations",
    "properties",
    "properties_schema",
)
VERSION: Final = ", ".join(f"v.{name}" for name in VERSION_COLUMNS)
SPACE_COLUMNS: Final = ("metadata", "schema_version", "adapters")
SPACE: Final = ", ".join(SPACE_COLUMNS)

M9 = level(
    Objective(
        slo="M9",
        title="Complete records",
        definition="Versions that serve at the end of this time and whose records hold what their"
        " namespace's metadata schema asks for, of those of namespaces that have one.",
        target="all",
        count=_count,
    )
)
