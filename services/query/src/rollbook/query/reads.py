"""What stands in the read models, over HTTP."""

from uuid import UUID

from fastapi import APIRouter, Response

from rollbook.domain.names import NAMESPACE
from rollbook.eventlog.position import Position
from rollbook.query.answers import answer, page
from rollbook.query.handlers import model_key
from rollbook.query.openapi import API, problems
from rollbook.query.problems import Problem, invalid
from rollbook.query.reading import (
    MODEL,
    AsOf,
    Limit,
    MinPosition,
    Name,
    Namespace,
    Order,
    Page,
    PositionText,
    Reading,
    known,
    look_at,
    then,
    until,
)
from rollbook.query.sight import Seen
from rollbook.readmodel import aliases, environments, history, models, versions
from rollbook.readmodel.aliases import AliasRow
from rollbook.readmodel.environments import EnvironmentRow
from rollbook.readmodel.history import HistoryRow
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.past import EVERYTHING, Look
from rollbook.readmodel.search import portfolio
from rollbook.readmodel.versions import VersionRow


def router(reading: Reading) -> APIRouter:
    """The routes of all reads from the tables."""
    made = APIRouter(prefix=API, tags=["reads"], responses=problems(404, 422, 503))
    _models(made, reading)
    _environments(made, reading)
    _history(made, reading)
    return made


def _models(made: APIRouter, reading: Reading) -> None:
    @made.get("/models", response_model=Page[ModelRow], summary="Models in order of name")
    async def list_models(
        seen: Seen,
        namespace: str | None = None,
        after: str | None = None,
        limit: Limit = 100,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006  # FastAPI copies it
    ) -> Response:
        if namespace is not None and not NAMESPACE.fullmatch(namespace):
            raise invalid("namespace", "must be 1 to 63 lower-case letters, digits and '-'")
        if after is not None:
            after = _after_model(after)
        scope = seen.scope()
        async with reading.at_least(reading.needed(as_of, min_position)) as db:
            if (when := await then(db, as_of)) is None:
                rows = await models.page(db, namespace, after, limit, scope=scope)
            else:
                rows = await portfolio.page(db, when, namespace, after, limit, scope=scope)
        return page(ModelRow, rows, rows[-1].key if len(rows) == limit else None)

    @made.get(MODEL, response_model=ModelRow, summary="A model; its ETag is its seq")
    async def get_model(
        namespace: Namespace,
        name: Name,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at()) as db:
            row = await known(db, key)
        return answer(ModelRow, row, {"etag": f'"{row.seq}"'})

    @made.get(MODEL + "/aliases", response_model=Page[AliasRow], summary="Its aliases")
    async def list_aliases(
        namespace: Namespace,
        name: Name,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.shown(as_of, min_position, key, look=look_at("aliases")) as db:
            rows = await aliases.of(db, key)
            if not rows:
                await known(db, key)
        return page(AliasRow, rows)

    @made.get(
        MODEL + "/aliases/{alias}",
        response_model=VersionRow,
        summary="The version that an alias points at",
    )
    async def get_alias(
        namespace: Namespace,
        name: Name,
        alias: str,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        look = EVERYTHING if as_of is None else await _pointed_at(reading, key, alias, as_of)
        async with reading.shown(as_of, min_position, key, look=look) as db:
            row = await versions.by_alias(db, key, alias) if alias.isprintable() else None
            if row is None:
                await known(db, key)
                raise Problem(404, "unknown_alias", f"{key} has no alias {alias!r}")
        return answer(VersionRow, row)


async def _pointed_at(reading: Reading, key: str, alias: str, as_of: str) -> Look:
    """What a read about the version that an alias pointed at needs of the past."""
    async with reading.shown(as_of, (), key, look=look_at("aliases")) as db:
        numbers = [row.version for row in await aliases.of(db, key) if row.alias == alias]
    tables = frozenset(("versions", "aliases", "environments"))
    return Look(tables=tables, versions=numbers)


def _environments(made: APIRouter, reading: Reading) -> None:
    @made.get(
        MODEL + "/environments",
        response_model=Page[EnvironmentRow],
        summary="What serves in each environment, now or at a moment",
    )
    async def list_environments(
        namespace: Namespace,
        name: Name,
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        async with reading.at_least(reading.needed(as_of, min_position)) as db:
            if as_of is None:
                rows = await environments.now(db, key)
            else:
                rows = await environments.as_of(db, key, (await until(db, key, as_of)).offset)
            if not rows:
                await known(db, key)
        return page(EnvironmentRow, rows)


def _history(made: APIRouter, reading: Reading) -> None:
    @made.get(
        MODEL + "/history",
        response_model=Page[HistoryRow],
        summary="Every record of the log about it: events, refusals, confirmations",
    )
    async def list_history(
        namespace: Namespace,
        name: Name,
        after: PositionText | None = None,
        limit: Limit = 100,
        order: Order = "oldest",
        as_of: AsOf = None,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        key = model_key(namespace, name)
        place = Position.parse(after) if after is not None else None
        read = history.newest if order == "newest" else history.page
        async with reading.at_least(reading.needed(as_of, min_position)) as db:
            rows = await read(db, key, place, limit, until=(await until(db, key, as_of)).offset)
            if not rows:
                await known(db, key)
        return page(HistoryRow, rows, rows[-1].position if len(rows) == limit else None)

    @made.get("/events/{position}", response_model=HistoryRow, summary="The record at a position")
    async def get_event(
        seen: Seen,
        position: PositionText,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        async with reading.at_least(min_position) as db:
            row = await history.at(db, Position.parse(position))
        if row is None or not seen.record(row.model):
            raise Problem(
                404, "unknown_position", f"no record of a model stands at {position}, or not yet"
            )
        return answer(HistoryRow, row)

    @made.get("/outcomes/{command_id}", response_model=HistoryRow, summary="What came of a command")
    async def get_outcome(
        seen: Seen,
        command_id: UUID,
        min_position: MinPosition = [],  # noqa: B006
    ) -> Response:
        async with reading.at_least(min_position) as db:
            row = await history.outcome_of(db, command_id)
        if row is None or not (seen.record(row.model) or seen.sent(row.actor)):
            raise Problem(404, "unknown_command", f"no outcome of {command_id}, or not yet")
        return answer(HistoryRow, row)


def _after_model(key: str) -> str:
    namespace, _, name = key.partition("/")
    try:
        return model_key(namespace, name)
    except Problem:
        raise invalid("after", "must be the key of a model, 'namespace/name'") from None
