"""Connections to the read models: search path, JSON codec, and what counts as being down."""

import asyncio
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy
from pydantic_core import from_json, to_json

NAME: Final = re.compile(r"[a-z_][a-z0-9_]{0,49}")

Pool: TypeAlias = "asyncpg.Pool[asyncpg.Record]"
Db: TypeAlias = "Pool | asyncpg.Connection[asyncpg.Record] | PoolConnectionProxy[asyncpg.Record]"
"""What a query takes: a pool or one of its connections, set to a schema."""

DOWN: Final = (
    OSError,
    TimeoutError,
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # of a connection that was cut in the middle of an operation
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    asyncpg.InternalServerError,
    asyncpg.InvalidCatalogNameError,
    asyncpg.InvalidAuthorizationSpecificationError,
    asyncpg.UndefinedTableError,
)
"""Errors that go away by themselves or by an operator's hand: ask again later."""

REJECTED: Final = (
    asyncpg.DataError,
    asyncpg.IntegrityConstraintViolationError,
    asyncpg.ProgramLimitExceededError,
    OverflowError,  # from asyncpg's encoders, as the next
    ValueError,
)
"""Errors of the values themselves: they come again with the same ones."""


LETTING_GO: Final = 1.0
"""Seconds that the end of a read may take: one that could not be ended takes its connection."""

LONGEST_THOUGHT: Final = timedelta(seconds=5)
"""Between two statements of a transaction."""


class Connection(asyncpg.Connection):
    """A connection that is handed back without a round trip: nobody changes its settings."""

    __slots__ = ()

    def get_reset_query(self) -> str:
        """Nothing to undo."""
        return ""


def checked(schema: str) -> str:
    """The schema's name, when it is one; ValueError otherwise."""
    if not NAME.fullmatch(schema):
        raise ValueError(
            f"a schema name is 1 to 50 lower-case letters, digits and '_', not {schema!r}"
        )
    return schema


def vault(schema: str) -> str:
    """The schema beside it that holds personal data."""
    return f"{checked(schema)}_vault"


def telemetry(schema: str) -> str:
    """The schema beside it that holds sums of telemetry, which no log brings back."""
    return f"{checked(schema)}_telemetry"


def work(schema: str) -> str:
    """The schema beside it in which our services keep what they have begun, of calls to others."""
    return f"{checked(schema)}_work"


async def connect(
    dsn: str,
    schema: str,
    *,
    smallest: int = 0,
    largest: int = 10,
    ready: Callable[[Connection], Awaitable[None]] | None = None,
) -> Pool:
    """A pool whose connections see `schema`; with `smallest` 0, Postgres may still be down.

    `ready` is done to each connection before it is lent for the first time.
    """

    async def prepare(opened: Any) -> None:
        await _prepare(opened)
        if ready is not None:
            await ready(opened)

    return await asyncpg.create_pool(
        dsn,
        min_size=smallest,
        max_size=largest,
        connection_class=Connection,
        init=prepare,
        server_settings=_settings(schema),
        timeout=10,
    )


async def connection(dsn: str, schema: str, **settings: str) -> Connection:
    """One connection that sees `schema`, with more settings of Postgres if there are any."""
    opened: Connection = await asyncpg.connect(
        dsn,
        connection_class=Connection,
        server_settings={**_settings(schema), **settings},
        timeout=10,
    )
    await _prepare(opened)
    return opened


async def writer(dsn: str, schema: str, within: timedelta) -> Connection:
    """A connection for the projector: what a crash takes back comes again, so nothing is flushed.

    No transaction lasts longer than `within`, also when this process is frozen in the middle of
    one: its locks would keep out whoever takes over.
    """
    opened: Connection = await asyncpg.connect(
        dsn,
        connection_class=Connection,
        server_settings={**_settings(schema), "synchronous_commit": "off"},
        timeout=10,
        command_timeout=within.total_seconds(),
    )
    await _prepare(opened)
    await _limit(opened, within)
    return opened


@asynccontextmanager
async def one_moment(db: Db) -> AsyncIterator[None]:
    """Nothing that `db` sees moves, and it writes nothing."""
    await db.execute("BEGIN ISOLATION LEVEL REPEATABLE READ, READ ONLY")
    try:
        yield
    finally:
        async with asyncio.timeout(LETTING_GO):
            await db.execute("COMMIT")


async def _limit(opened: Connection, within: timedelta) -> None:
    limits = {"idle_in_transaction_session_timeout": min(within, LONGEST_THOUGHT)}
    if opened.get_server_version().major >= 17:  # the only one that ends a COPY whose rows stay out
        limits["transaction_timeout"] = within
    for name, limit in limits.items():
        await opened.execute(f"SET {name} = {limit // timedelta(milliseconds=1)}")


def _settings(schema: str) -> dict[str, str]:
    return {
        "search_path": f"{checked(schema)}, {vault(schema)}, {telemetry(schema)}, {work(schema)}",
        "timezone": "UTC",  # digests are made of texts
        "datestyle": "ISO",
        "application_name": f"rollbook {schema}",  # by which a rebuild knows who reads there
        "jit": "off",  # our queries are short
    }


async def _prepare(opened: Any) -> None:
    await opened.set_type_codec(
        "jsonb", schema="pg_catalog", format="binary", encoder=encode_json, decoder=decode_json
    )
    await opened.set_type_codec(
        "json", schema="pg_catalog", format="binary", encoder=encode_text, decoder=from_json
    )


def encode_json(value: object) -> bytes:
    """A value, or JSON that is already encoded, as Postgres takes it.

    JSON knows texts with a NUL and the log knows NaN and infinity, but jsonb none of them: a NUL
    becomes U+FFFD, and the numbers become texts.
    """
    return b"\x01" + encode_text(value)


def encode_text(value: object) -> bytes:
    """The same as a json column takes it, which keeps the text: jsonb writes 1e16 as an integer."""
    text = value if isinstance(value, bytes) else to_json(value, inf_nan_mode="constants")
    if not is_storable(text):
        text = to_json(_storable(from_json(text)), inf_nan_mode="strings")
    return text


def is_storable(text: bytes) -> bool:
    """Whether Postgres takes the JSON as it is."""
    return not (b"\\u0000" in text or b"NaN" in text or b"Infinity" in text)


def decode_json(value: bytes) -> Any:
    """What stands in a jsonb column."""
    return from_json(value[1:])


def storable(text: str) -> str:
    """The text without NUL, which Postgres cannot hold."""
    return text.replace("\x00", "\ufffd")


def _storable(value: Any) -> Any:
    match value:
        case str():
            return storable(value)
        case list():
            return [_storable(part) for part in value]
        case dict():
            return {storable(key): _storable(part) for key, part in value.items()}
        case _:
            return value
