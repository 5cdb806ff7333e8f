"""The vault kept in lines and put back: all of it, but nothing that the log says was erased."""

import asyncio
from uuid import uuid4

import pytest

from rollbook.domain.erasure import PersonalDataErased, person
from rollbook.domain.tenancy import REGISTRY
from rollbook.readmodel import database, offsets, schema, vault, vaultcopy
from rollbook.readmodel.vaultcopy import NoVault
from tests.integration.projector.world import World, append, fresh, projecting
from tests.support.service import make_topics
from tests.support.stack import Cluster
from tests.unit.projector.books import Book


async def kept(it: World) -> list[bytes]:
    db = await database.connection(it.dsn, it.schema)
    try:
        return [line async for line in vaultcopy.lines(db)]
    finally:
        await db.close()


async def put_back(it: World, lines: list[bytes]) -> tuple[int, int]:
    db = await database.connection(it.dsn, it.schema)
    try:
        return await vaultcopy.put_back(db, lines)
    finally:
        await db.close()


async def test_all_comes_back_but_what_was_erased_since(cluster: Cluster) -> None:
    one, two = uuid4(), uuid4()
    book = Book()
    book.claims()
    book.says("team", PersonalDataErased(references=(f"personal:{one}",), reason="asked for"))
    book.says(REGISTRY, PersonalDataErased(references=(person("eve"),), reason="left"))
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        await schema.create(it.dsn, it.schema)
        for reference, text in ((one, "Bob"), (two, "Ada \u2014 'quoted', \n and more")):
            await vault.add(it.db, reference, "team", text, "ann")
        await vault.see(it.db, "eve", "Eve", None)
        await vault.see(it.db, "ida", "Ida", "ida@example.com")
        lines = await kept(it)
        assert len(lines) == 6
        async with projecting(it):
            *_, last = await append(it.log, 0, book.records)
            await offsets.wait(it.db, last)
        before = await kept(it)
        assert len(before) == 4
        await it.db.execute("DELETE FROM personal; DELETE FROM people")
        assert await put_back(it, lines) == (4, 2)
        assert await kept(it) == before
        assert await put_back(it, lines) == (2, 2)  # what stood there stays, and is not doubled
        assert await kept(it) == before


async def test_an_erasure_that_the_tables_have_not_come_to_yet_is_not_passed_over(
    cluster: Cluster,
) -> None:
    one = uuid4()
    book = Book()
    book.claims()
    book.says("team", PersonalDataErased(references=(f"personal:{one}",), reason="asked for"))
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        await schema.create(it.dsn, it.schema)
        await vault.add(it.db, one, "team", "Bob", "ann")
        lines = await kept(it)
        await it.db.execute("DELETE FROM personal")
        *_, last = await append(it.log, 0, book.records)
        async with projecting(it):  # whichever of the two is first
            await asyncio.gather(put_back(it, lines), offsets.wait(it.db, last))
        assert len(await kept(it)) == 2


async def test_what_is_not_a_whole_vault_changes_nothing(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        await schema.create(it.dsn, it.schema)
        await vault.add(it.db, uuid4(), "team", "Ada", "ann")
        await vault.add(it.db, uuid4(), "team", "Bob", "ann")
        lines = await kept(it)
        await it.db.execute("DELETE FROM personal")
        for wrong in (
            [],
            lines[1:],
            lines[:-1],
            [*lines[:2], *lines[3:]],
            [*lines, lines[1]],
            [lines[0], b"no json", *lines[2:]],
            [lines[0], b'{"personal": {"reference": "Ada"}}\n', *lines[2:]],
        ):
            with pytest.raises(NoVault) as refused:
                await put_back(it, wrong)
            assert "Ada" not in str(refused.value)
            assert len(await kept(it)) == 2
