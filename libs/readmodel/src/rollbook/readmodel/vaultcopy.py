"""The vault as lines of JSON, to be kept elsewhere, and back: without what was erased since.

The first line is `{"format": "rollbook-vault/1"}`, the last `{"rows": how many}`; between them
stands a row on each line, `{"personal": {…}}` or `{"person": {…}}`.
"""

from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import asdict
from typing import Final, TypeAlias

from pydantic import TypeAdapter, ValidationError
from pydantic_core import from_json, to_json

from rollbook.readmodel import vault
from rollbook.readmodel.database import Connection
from rollbook.readmodel.vault import PersonalRow, PersonRow

FORMAT: Final = "rollbook-vault/1"
BATCH: Final = 1_000

Row: TypeAlias = PersonalRow | PersonRow

_personal: Final = TypeAdapter(PersonalRow)
_person: Final = TypeAdapter(PersonRow)


class NoVault(ValueError):
    """The lines are not those of a vault, or not all of them."""


async def lines(db: Connection) -> AsyncIterator[bytes]:
    """Everything that stands in the vault at one moment."""
    count = 0
    yield to_json({"format": FORMAT}) + b"\n"
    async with db.transaction(isolation="repeatable_read", readonly=True):
        found = "SELECT reference, namespace, content, created_at, created_by FROM personal"
        async for row in db.cursor(f"{found} ORDER BY reference", prefetch=BATCH):
            yield to_json({"personal": asdict(PersonalRow(**dict(row)))}) + b"\n"
            count += 1
        found = "SELECT subject, name, mail, seen_at FROM people"
        async for row in db.cursor(f"{found} ORDER BY subject", prefetch=BATCH):
            yield to_json({"person": asdict(PersonRow(**dict(row)))}) + b"\n"
            count += 1
    yield to_json({"rows": count}) + b"\n"


async def put_back(db: Connection, kept: Iterable[bytes]) -> tuple[int, int]:
    """Put back what stands in no row, then erase again; how many were new, how many erased.

    What the log says is erased does not come back: neither what the tables know of by now, nor
    what they will come to. Raises NoVault, and then nothing has changed.
    """
    async with db.transaction():
        # From here until the end no projector writes: an erasure comes either before or after.
        await db.execute("LOCK TABLE projection_offset IN EXCLUSIVE MODE")
        new = 0
        for row in rows(kept):
            new += await _put(db, row)
        return new, await vault.erase_again(db)


def rows(kept: Iterable[bytes]) -> Iterator[Row]:
    """The rows in the lines of a file; NoVault where it is none, or its end is missing."""
    numbered = enumerate(kept)
    if _read(next(numbered, (0, b""))[1]) != {"format": FORMAT}:
        raise NoVault(f"it does not begin as a {FORMAT}")
    for number, line in numbered:
        try:
            match _read(line):
                case {"rows": int(count)} if count == number - 1:
                    if next(numbered, None) is not None:
                        raise NoVault("it goes on behind its end")
                    return
                case {"personal": dict(found)}:
                    yield _personal.validate_python(found)
                case {"person": dict(found)}:
                    yield _person.validate_python(found)
                case _:
                    raise NoVault(f"line {number + 1} is no row")
        except ValidationError:  # which would hold what it found
            raise NoVault(f"line {number + 1} is no row") from None
    raise NoVault("its end is missing")


async def _put(db: Connection, row: Row) -> int:
    match row:
        case PersonalRow():
            done = await db.execute(
                "INSERT INTO personal (reference, namespace, content, created_at, created_by)"
                " VALUES ($1, $2, $3, $4, $5) ON CONFLICT DO NOTHING",
                *(row.reference, row.namespace, row.content, row.created_at, row.created_by),
            )
        case PersonRow():
            done = await db.execute(
                "INSERT INTO people (subject, name, mail, seen_at) VALUES ($1, $2, $3, $4)"
                " ON CONFLICT DO NOTHING",
                *(row.subject, row.name, row.mail, row.seen_at),
            )
    return int(done.rpartition(" ")[2])


def _read(line: bytes) -> object:
    try:
        return from_json(line)
    except ValueError:
        raise NoVault("a line is not JSON") from None
