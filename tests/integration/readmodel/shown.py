"""Tables that hold what a book tells, and the same tables read back."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from rollbook.projector.effects import Views
from rollbook.readmodel import (
    aliases,
    collection,
    database,
    discussion,
    environments,
    models,
    namespaces,
    offsets,
    parked,
    requests,
    schema,
)
from rollbook.readmodel.changes import KEPT
from rollbook.readmodel.database import Connection, Db
from rollbook.readmodel.offsets import Place
from tests.support.stack import Cluster
from tests.unit.projector.books import Book
from tests.unit.projector.tables import Tables


@asynccontextmanager
async def shown(cluster: Cluster, book: Book, batch: int = 1_000) -> AsyncIterator[Connection]:
    """A connection to tables of their own that hold the book, without a Kafka between."""
    name = cluster.schema()
    await schema.create(cluster.postgres, name)
    db = await database.connection(cluster.postgres, name, synchronous_commit="off")
    try:
        views = await Views.open(db, 1)
        for first in range(0, len(book.records), batch):
            await views.write(views.read({0: book.records[first : first + batch]}))
        yield db
        await schema.drop(db, name)
        await schema.drop(db, database.vault(name))
    finally:
        await db.close()


async def read_back(db: Db) -> Tables:
    """The tables as they stand in Postgres."""
    tables = Tables()
    tables.place = (await offsets.places(db)).get(0, Place())
    tables.models = {row.key: row for row in await models.page(db, limit=100_000)}
    tables.namespaces = {row.namespace: row for row in await namespaces.page(db, limit=100_000)}
    tables.parked = {row.model: row for row in await parked.every(db)}
    for view in KEPT:
        found = await db.fetch(f"SELECT {view.table.columns} FROM {view.table.name}")
        tables.rows[view] = {view.key_of(row): row for row in map(view.row, found)}
    for key in tables.models:
        tables.stays += await environments.stays(db, key, limit=100_000)
        tables.aliases |= {(key, row.alias): row for row in await aliases.of(db, key)}
        for request in await requests.newest(db, key, limit=100_000):
            said = await discussion.of(db, key, request.request)
            tables.added[discussion.VIEW] += said
    for name in tables.namespaces:
        for row in await collection.page(db, name):
            tables.collections[name, row.collection] = row
    return tables
