"""The service levels of hand-made histories, where everybody can see the right number."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rollbook.domain.catalog import ModelRegistered, OwnerAssigned
from rollbook.domain.environments import (
    EnvironmentCleared,
    GlassBroken,
    VersionPromoted,
    VersionRolledBack,
)
from rollbook.domain.lineage import Artifact
from rollbook.domain.rulebook import MetadataSchema
from rollbook.domain.rules import MetadataSchemaSet
from rollbook.domain.versions import VersionDescribed, VersionRegistered
from rollbook.eventlog.outcomes import CommandRefused
from rollbook.eventlog.position import Position
from rollbook.readmodel.questions.slo.level import Level
from tests.integration.readmodel.questioning import asking
from tests.integration.readmodel.shown import shown
from tests.support.stack import Cluster
from tests.unit.projector.books import Book

KEY = "team/churn"
CI = "account:team/ci"
START = datetime(2026, 3, 1, tzinfo=UTC)
END = START + timedelta(days=27)
NOTHING: tuple[str, ...] = ()


class Story(Book):
    """A book whose records are told by hours since the beginning."""

    def __init__(self) -> None:
        super().__init__()
        self.claims()

    def at(self, hours: float, message: object, model: str = KEY, actor: str = "ann") -> int:
        time = START + timedelta(hours=hours)
        self.says(model, message, time=time.isoformat(), actor=actor)  # type: ignore[arg-type]
        return len(self.records) - 1

    def registers(self, hours: float, version: int, model: str = KEY) -> None:
        if version == 1:
            self.at(hours, ModelRegistered(), model)
        artifact = Artifact(uri="s3://b/m", digest="sha256:" + "a" * 64)
        fact = VersionRegistered(version=version, registered_by="ann", artifact=artifact)
        self.at(hours, fact, model)

    def promotes(
        self,
        hours: float,
        version: int,
        replaced: int | None = None,
        model: str = KEY,
        actor: str = "ann",
    ) -> int:
        fact = VersionPromoted(version=version, environment="production", replaced=replaced)
        return self.at(hours, fact, model, actor)

    def rolls_back(self, hours: float, version: int, restored: int, model: str = KEY) -> int:
        fact = VersionRolledBack(
            version=version, environment="production", restored=restored, reason="worse"
        )
        return self.at(hours, fact, model)


async def levels(cluster: Cluster, book: Book, slo: str, **parameters: Any) -> dict[str, Level]:
    async with shown(cluster, book) as db, asking(cluster, db) as ask:
        found = await ask(f"slo-{slo}", await ask.now(END), **parameters)
        return {level.part: level for level in found}


def share(level: Level) -> tuple[int | None, int | None, float | None, str]:
    return level.numerator, level.denominator, level.value, level.state


async def test_promotions_that_were_rolled_back_did_not_succeed(cluster: Cluster) -> None:
    book = Story()
    for version in (1, 2, 3):
        book.registers(0, version)
    book.promotes(1, 1, actor=CI)
    book.promotes(2, 2, 1, actor=CI)
    book.rolls_back(3, 2, 1)
    book.promotes(4, 3, 1)
    broken = GlassBroken(
        version=1, environment="production", replaced=3, reason="fire", number=1, broken_by="ann"
    )
    book.at(5, broken)
    book.promotes(6, 2, 1)
    book.at(7, EnvironmentCleared(version=2, environment="production", reason="retired"))
    found = await levels(cluster, book, "m1")
    assert share(found["all"]) == (2, 4, 0.5, "missed")
    assert share(found["automatic"]) == (1, 2, 0.5, "missed")
    assert share(found["manual"]) == (1, 2, 0.5, "missed")
    (row,) = found["automatic"].broken
    assert (row["version"], row["ended_by"], row["reason"]) == (2, "VersionRolledBack", "worse")
    (row,) = found["manual"].broken
    assert (row["version"], row["ended_by"], row["by"]) == (3, "GlassBroken", "ann")


async def test_a_promotion_counts_as_what_was_known_of_it_then(cluster: Cluster) -> None:
    book = Story()
    book.registers(0, 1)
    book.registers(0, 2)
    book.promotes(1, 1)
    book.promotes(2, 2, 1)
    back = book.rolls_back(2, 2, 1)  # at the same time: only their places differ
    async with shown(cluster, book) as db, asking(cluster, db) as ask:
        before = await ask("slo-m1", await ask.at(Position(0, back - 1)))
        after = await ask("slo-m1", await ask.at(Position(0, back)))
        then = await ask("slo-m1", await ask.at(START + timedelta(hours=2)))
    assert share(before[0]) == (2, 2, 1.0, "met")
    assert share(after[0]) == share(then[0]) == (1, 2, 0.5, "missed")


async def test_only_promotions_in_the_time_count(cluster: Cluster) -> None:
    book = Story()
    book.registers(0, 1)
    book.registers(0, 2)
    book.promotes(24, 1)
    book.promotes(48, 2, 1)
    since = (START + timedelta(hours=36)).isoformat()
    assert share((await levels(cluster, book, "m1", since=since))["all"]) == (1, 1, 1.0, "met")
    found = (await levels(cluster, book, "m1", days=1))["all"]
    assert share(found) == (0, 0, None, "no data")
    assert found.why == "there was nothing of the kind in this time"


async def test_a_day_from_registration_to_production_is_too_long_for_machines(
    cluster: Cluster,
) -> None:
    book = Story()
    book.registers(0, 1)
    book.registers(1, 2)
    book.promotes(2, 1, actor=CI)
    book.promotes(26, 2, 1, actor=CI)  # 25 h after its registration
    book.promotes(50, 1, 2, actor=CI)  # served before
    book.registers(0, 1, "team/other")
    book.promotes(600, 1, model="team/other")
    found = await levels(cluster, book, "m4")
    assert share(found["automatic"]) == (1, 2, 0.5, "missed")
    (row,) = found["automatic"].broken
    assert (row["version"], row["seconds"]) == (2, 25 * 3600)
    assert share(found["manual"])[:3] == (0, 1, 0.0)
    assert (found["manual"].met, found["manual"].target) == (None, None)


async def test_nobody_knows_how_long_a_roll_back_took_of_what_stood_for_long(
    cluster: Cluster,
) -> None:
    book = Story()
    book.registers(0, 1)
    book.registers(0, 2)
    book.promotes(1, 1)
    book.promotes(2, 2, 1)
    book.rolls_back(2.25, 2, 1)
    assert share((await levels(cluster, book, "m6"))["all"]) == (1, 1, 1.0, "met")
    book.promotes(3, 2, 1)
    book.rolls_back(8, 2, 1)
    found = (await levels(cluster, book, "m6"))["all"]
    assert share(found) == (1, 2, 0.5, "no data")
    assert found.why is not None
    assert found.why.startswith("1 of 2 roll-backs")
    assert [row["stood"] for row in found.broken] == [5 * 3600]


async def test_records_are_complete_by_what_their_namespace_asks_for(cluster: Cluster) -> None:
    book = Story()
    book.registers(0, 1)
    book.registers(0, 1, "team/other")
    book.registers(0, 1, "free/easy")
    for key in (KEY, "team/other", "free/easy"):
        book.promotes(1, 1, model=key)
    found = (await levels(cluster, book, "m9"))["all"]
    assert (found.state, found.denominator) == ("no data", 0)
    book.at(2, MetadataSchemaSet(metadata=MetadataSchema(required=("owner",)), version=1), "team")
    owned = book.at(3, OwnerAssigned(owner="ann"))
    async with shown(cluster, book) as db, asking(cluster, db) as ask:
        (now,) = await ask("slo-m9", await ask.now(END))
        (before,) = await ask("slo-m9", await ask.at(Position(0, owned - 1)))
    assert share(now) == (1, 2, 0.5, "missed")
    assert [(row["model"], row["lacks"]) for row in now.broken] == [
        ("team/other", ["owner is missing"])
    ]
    assert share(before) == (0, 2, 0.0, "missed")


async def test_records_are_judged_as_they_were_by_what_was_asked_for_then(
    cluster: Cluster,
) -> None:
    book = Story()
    book.registers(0, 1)
    book.promotes(1, 1)
    described = MetadataSchema(required=("description",))
    first = book.at(2, MetadataSchemaSet(metadata=described, version=1), "team")
    told = book.at(2, VersionDescribed(version=1, description="it tells who leaves"))
    owned = MetadataSchema(required=("owner",))
    last = book.at(3, MetadataSchemaSet(metadata=owned, version=2), "team")
    async with shown(cluster, book) as db, asking(cluster, db) as ask:
        found = [
            (await ask("slo-m9", await ask.at(Position(0, end))))[0]
            for end in (first - 1, first, told, last)
        ]
    assert [share(level)[:2] for level in found] == [(0, 0), (0, 1), (1, 1), (0, 1)]
    assert [row["lacks"] for level in found for row in level.broken] == [
        ["description is missing"],
        ["owner is missing"],
    ]


async def test_every_denied_command_counts(cluster: Cluster) -> None:
    book = Story()
    book.registers(0, 1)
    assert share((await levels(cluster, book, "m10"))["all"]) == (0, None, 0.0, "met")
    for hours, code in ((1, "forbidden"), (2, "not_validated"), (3, "unauthenticated")):
        refused = CommandRefused(command="PromoteVersion", code=code, message="no")
        book.at(hours, refused, actor="eve")
    book.at(4, CommandRefused(command="SetRules", code="forbidden", message="no"), "team")
    async with shown(cluster, book) as db, asking(cluster, db) as ask:
        (everybody,) = await ask("slo-m10", await ask.now(END))
        (ours,) = await ask("slo-m10", await ask.now(END), namespace="team")
        (theirs,) = await ask("slo-m10", await ask.now(END), namespace="other")
        ask.scope = {"team": ["ch*"]}
        (some,) = await ask("slo-m10", await ask.now(END))
    assert share(everybody) == share(ours) == (3, None, 3.0, "missed")
    assert [row["code"] for row in everybody.broken] == [
        "forbidden",
        "unauthenticated",
        "forbidden",
    ]
    assert share(theirs) == (0, None, 0.0, "met")
    assert share(some) == (2, None, 2.0, "missed")


async def test_what_the_log_cannot_tell_is_not_made_up(cluster: Cluster) -> None:
    book = Story()
    for slo in ("m2", "m3", "m5", "m7", "m8"):
        found = (await levels(cluster, book, slo))["all"]
        assert share(found) == (None, None, None, "no data")
        assert found.met is None
        assert found.why
