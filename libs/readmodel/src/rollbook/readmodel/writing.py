"""Writes rows that records change into one set of tables: the live ones, or a moment's."""

from rollbook.readmodel import aliases, collection, environments, models, namespaces, parked
from rollbook.readmodel.changes import EVERY, KEPT, Changes
from rollbook.readmodel.database import Connection
from rollbook.readmodel.search import index


async def save(db: Connection, changes: Changes, views: frozenset[str] = EVERY) -> None:
    """Write every row of `views` that changed or is new; the records are `history`'s."""
    if rows := changes.models:
        await models.TABLE.upsert(db, rows.values())
    if spaces := changes.namespaces:
        await namespaces.TABLE.upsert(db, spaces.values())
    for view in KEPT:
        if changed := changes.changed(view):
            await view.table.update(db, changed)
        if begun := changes.begun(view):
            await view.table.insert(db, begun)
    for appended, added in changes.added.items():
        if added and appended.table.name in views:
            await appended.table.insert(db, added)
    if changes.aliases and "aliases" in views:
        await aliases.save(db, changes.aliases)
    if changes.collections and "collections" in views:
        await collection.save(db, changes.collections)
    if changes.stays:
        await environments.save(db, changes.stays_ended, changes.stays_begun)
    if changes.index is not None:
        await index.save(db, changes.index, views)
    if changes.parked:
        await parked.add(db, list(changes.parked.values()))
