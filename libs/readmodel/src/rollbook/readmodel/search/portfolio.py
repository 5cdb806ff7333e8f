"""Every model as of a moment: lists of them as they would have been then."""

from typing import Final

from rollbook.eventlog.records import STREAM_EVENTS
from rollbook.readmodel.database import Db
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.scope import Scope, filled, holds, likes
from rollbook.readmodel.search.compile import Arguments, Conditions
from rollbook.readmodel.then import Then
from rollbook.readmodel.view import plain

_OWN: Final = list(STREAM_EVENTS)


async def page(
    db: Db,
    when: Then,
    namespace: str | None = None,
    after: str | None = None,
    limit: int = 100,
    *,
    scope: Scope | None = None,
) -> list[ModelRow]:
    """Models in order of key, as `models.page` gave them at the moment."""
    spaces = None if namespace is None else [namespace]
    if spaces is None and scope is not None and "*" not in scope:
        spaces = list(scope)

    async def fetch(start: ModelRow | None) -> list[ModelRow]:
        arguments = Arguments()
        sql = _statement(arguments, when, spaces, scope, start.key if start else after or "", limit)
        return [ModelRow(**plain(row)) for row in await db.fetch(sql, *arguments.values)]

    return await filled(fetch, lambda row: holds(scope, row.key), limit)


def _statement(
    arguments: Arguments,
    when: Then,
    spaces: list[str] | None,
    scope: Scope | None,
    after: str,
    limit: int,
) -> str:
    conditions = Conditions(arguments, now=when.time, when=when, sought={})
    place = conditions.place("p")
    own = arguments.add(_OWN, "text[]")
    wanted = arguments.add(spaces, "text[]")
    like = arguments.add(likes(scope), "text[]")
    # A model whose newest event counts is as it is now; of the others the history tells the rest.
    return (
        "SELECT m.key, m.namespace, m.name, p.description, p.tags, p.owner, p.team, p.risk,"  # noqa: S608  # our names
        " p.retired_reason, m.created_at, m.created_by, m.origin, m.origin_time,"
        " coalesce(v.version, 0) AS versions, coalesce(h.seq, m.seq) AS seq,"
        " CASE WHEN h.off IS NULL THEN m.head ELSE n.prev END AS head, m.partition,"
        ' coalesce(h.off, m.off) AS off, coalesce(h."time", m.updated_at) AS updated_at,'
        " k.reason AS parked"
        " FROM profiles p JOIN models m ON m.key = p.model"
        " LEFT JOIN LATERAL (SELECT x.version FROM versions x WHERE x.model = p.model"
        f"  AND x.off <= {place} ORDER BY x.off DESC LIMIT 1) v ON true"
        ' LEFT JOIN LATERAL (SELECT x.seq, x.off, x."time" FROM history x'
        f"  WHERE x.model = p.model AND m.off > {place} AND x.off <= {place}"
        f"  AND x.type = ANY({own}) ORDER BY x.off DESC LIMIT 1) h ON true"
        " LEFT JOIN LATERAL (SELECT x.prev FROM history x WHERE x.model = p.model"
        "  AND x.off > h.off AND x.prev IS NOT NULL ORDER BY x.off LIMIT 1) n ON true"
        f" LEFT JOIN parked k ON k.model = p.model AND k.off <= {place}"
        f" WHERE {conditions.valid('p')} AND p.model > {arguments.add(after, 'text')}"
        f" AND ({wanted} IS NULL OR m.namespace = ANY({wanted}))"
        f" AND ({like} IS NULL OR p.model LIKE ANY({like}))"
        f" ORDER BY p.model LIMIT {arguments.add(limit, 'bigint')}"
    )
