"""Erasing personal data: with the record that says so, for that namespace only, and for good."""

from uuid import UUID, uuid4

from rollbook.domain.erasure import PersonalDataErased, person
from rollbook.domain.rulebook import Rules
from rollbook.domain.rules import RulesSet
from rollbook.domain.tenancy import REGISTRY
from rollbook.projector.replay import rebuild, replay
from rollbook.readmodel import erasures, namespaces, offsets, parked, schema, vault
from tests.integration.projector.world import World, append, fresh, projecting
from tests.support.service import make_topics
from tests.support.stack import Cluster
from tests.unit.projector.books import Book


def erased(*references: UUID) -> PersonalDataErased:
    texts = tuple(f"{vault.PREFIX}{reference}" for reference in references)
    return PersonalDataErased(references=texts, reason="asked for")


async def kept(it: World) -> set[UUID]:
    return {row["reference"] for row in await it.db.fetch("SELECT reference FROM personal")}


async def test_what_is_erased_is_gone_and_all_else_stays(cluster: Cluster) -> None:
    one, two, other = uuid4(), uuid4(), uuid4()
    book = Book()
    book.claims()
    book.says("team", erased(one, other))
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        await schema.create(it.dsn, it.schema)
        for reference, namespace in ((one, "team"), (two, "team"), (other, "rivals")):
            await vault.add(it.db, reference, namespace, "Ann", "ann")
        async with projecting(it):
            *_, last = await append(it.log, 0, book.records)
            await offsets.wait(it.db, last)
            assert await kept(it) == {two, other}
            assert await vault.get(it.db, "team", [one, two, other]) != {}
            (row,) = await erasures.of(it.db, "team", [f"{vault.PREFIX}{one}"])
            assert (row.reason, row.erased_by) == ("asked for", "ann")
            found = await rebuild(it.log, it.dsn, it.schema, report=lambda _: None)
            assert found.identical
            assert await kept(it) == {two, other}


async def test_a_replay_erases_what_a_parked_namespace_has_missed(cluster: Cluster) -> None:
    one, two = uuid4(), uuid4()
    book = Book()
    book.claims()
    book.says("team", RulesSet(version=1, rules=Rules()))
    book.says("team", erased(one))
    async with fresh(cluster) as it:
        await make_topics(it.log, 1)
        await schema.create(it.dsn, it.schema)
        for reference in (one, two):
            await vault.add(it.db, reference, "team", "Ann", "ann")
        await it.db.execute("INSERT INTO parked VALUES ('team', 0, 1, now(), 'an old program')")
        async with projecting(it):
            *_, last = await append(it.log, 0, book.records)
            await offsets.wait(it.db, last)
            assert await kept(it) == {one, two}
            await replay(it.log, it.dsn, it.schema, report=lambda _: None)
            assert await kept(it) == {one, two}
            await rebuild(it.log, it.dsn, it.schema, report=lambda _: None)
            assert await kept(it) == {two}
            assert await parked.every(it.db) == []
            assert await namespaces.get(it.db, "team") is not None


async def test_people_are_remembered_and_forgotten(cluster: Cluster) -> None:
    async with fresh(cluster) as it:
        await schema.create(it.dsn, it.schema)
        await vault.see(it.db, "ann", "Ann", None)
        await vault.see(it.db, "ann", "Ann B.", "ann@example.org")
        found = await vault.people(it.db, ["ann", "bob"])
        assert {s: (p.name, p.mail) for s, p in found.items()} == {
            "ann": ("Ann B.", "ann@example.org")
        }
        assert await vault.erase(it.db, "team", [person("ann")]) == 0
        assert await vault.erase(it.db, REGISTRY, [person("ann"), person("bob")]) == 1
        assert await vault.people(it.db, ["ann"]) == {}
