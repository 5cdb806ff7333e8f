"""What is fetched for a chain is all that it takes: it is as if everything had been told."""

import asyncio
from collections.abc import Set
from dataclasses import replace

from hypothesis import HealthCheck, Phase, given, settings

from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import VersionPromoted
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import VersionRegistered
from rollbook.readmodel import grounds, timeline
from rollbook.readmodel.because import Because
from rollbook.readmodel.timeline import Told
from rollbook.readmodel.why import why
from tests.integration.readmodel.shown import shown
from tests.support.commands import World, governed_worlds, worlds
from tests.support.stack import Cluster
from tests.unit.projector.books import Book
from tests.unit.readmodel.telling import told

KEY = "team/churn"


def speaks_of(event: Told, version: int, requests: Set[object], breaks: Set[object]) -> bool:
    data, kind = event.row.data, event.row.type
    return (
        version in (data.get("version"), data.get("restored"), data.get("replaced"))
        or (kind.startswith("Promotion") and data.get("request") in requests)
        or (kind == "BreakGlassReviewed" and data["number"] in breaks)
    )


@settings(
    max_examples=20,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],  # each example makes its own tables
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(worlds | governed_worlds)
def test_chains_and_timelines_are_what_the_whole_history_makes_of_them(
    cluster: Cluster, world: World
) -> None:
    book = Book()
    book.claims()
    book.tells(world, KEY)
    events = told(book.records)
    own = [event for event in events if event.row.model == KEY]

    async def check() -> None:
        async with shown(cluster, book) as db:
            for cut in {len(own) // 3, len(own) - 1} if own else ():
                end = own[cut].row.position
                before = [event for event in events if event.row.position <= end]
                for environment in ("production", "staging"):
                    found = await grounds.of(db, KEY, environment, end.offset)
                    assert why(KEY, environment, found) == why(KEY, environment, before)
            for number in world.model.versions:
                mine = [event for event in own if event.row.data.get("version") == number]
                asked = {event.row.data.get("request") for event in mine} - {None}
                broken = {e.row.data["number"] for e in mine if e.row.type == "GlassBroken"}
                wanted = [event for event in own if speaks_of(event, number, asked, broken)]
                assert await timeline.of_version(db, KEY, number) == wanted

    asyncio.run(check())


def test_a_cause_is_found_in_whatever_stream_it_stands(cluster: Cluster) -> None:
    book = Book()
    book.claims()
    book.says("team/other", ModelRegistered(), actor="alarm")
    cause = told(book.records)[-1]
    book.says(KEY, ModelRegistered())
    artifact = Artifact(uri="s3://b/m", digest="sha256:" + "a" * 64)
    book.says(KEY, VersionRegistered(version=1, registered_by="ann", artifact=artifact))
    book.says(KEY, VersionPromoted(version=1, environment="production"))
    last = book.records[-1]
    because = ("ce_causationid", cause.row.id.encode())
    book.records[-1] = replace(last, headers=(*last.headers, because))

    async def check() -> None:
        async with shown(cluster, book) as db:
            found = await grounds.of(db, KEY, "production")
            answer = why(KEY, "production", found)
            assert answer == why(KEY, "production", told(book.records))
            assert [(link.because, link.actor) for link in answer.links][-1] == (
                Because.CAUSED,
                "alarm",
            )

    asyncio.run(check())
