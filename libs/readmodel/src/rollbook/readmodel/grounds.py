"""What the chain behind what serves is made of, as the tables hold it."""

from uuid import UUID

from rollbook.eventlog.position import Position
from rollbook.readmodel import timeline
from rollbook.readmodel.database import Db
from rollbook.readmodel.history import LAST
from rollbook.readmodel.timeline import Told
from rollbook.readmodel.why import ENTERED, LET_IN, entered


async def of(db: Db, key: str, environment: str, until: int = LAST) -> list[Told]:
    """What the chain behind an environment is made of, up to an offset of the model's partition.

    Causes in other streams are among it, which not everybody may see who sees the model.
    """
    stays = await db.fetch(
        "SELECT partition, off, version, until_off FROM environments WHERE model = $1"
        " AND environment = $2 AND off <= $3 ORDER BY off DESC LIMIT 2",
        key,
        environment,
        until,
    )
    if not stays:
        return []
    places = [Position(stay["partition"], stay["off"]) for stay in stays]
    version, end = stays[0]["version"], stays[0]["until_off"]
    if end is not None and end <= until:
        return await timeline.standing(db, [places[0], Position(places[0].partition, end)])
    found = await timeline.standing(db, places)
    found += await timeline.of_version(db, key, version, until=until)
    found += await timeline.classified(db, key, _first_entry(found, environment, version))
    if trained := [t for t in found if t.row.type == "RetrainingEnded"]:
        found += await timeline.retrained(db, key, trained, until)
    for rules in {t.row.data.get("rules") for t in found if t.row.type in ENTERED} - {None, 0}:
        found += await timeline.rules_set(db, key.partition("/")[0], rules)
    return _in_order(await _with_causes(db, found))


def _first_entry(found: list[Told], environment: str, version: int) -> int:
    """Where it was let in: what is found out later about the model as a whole does not matter."""
    return max(
        told.row.position.offset
        for told in found
        if told.row.type in LET_IN
        and told.row.data["environment"] == environment
        and entered(told) == version
    )


async def _with_causes(db: Db, found: list[Told]) -> list[Told]:
    asked: set[str] = set()
    while True:
        known = {name for told in found for name in (told.row.id, told.row.command_id)}
        wanted = {t.row.causation_id for t in found} - known - asked
        ids = [name for name in wanted if name is not None and _is_uuid(name)]
        if not ids:
            return found
        asked |= set(ids)
        found = found + await timeline.causing(db, ids)


def _is_uuid(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True


def _in_order(found: list[Told]) -> list[Told]:
    by_place = {told.row.position: told for told in found}
    return [by_place[place] for place in sorted(by_place)]
