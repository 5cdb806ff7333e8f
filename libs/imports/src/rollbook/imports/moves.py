"""Promotions, aliases and archivings in the order in which they happened, versions between them."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from rollbook.imports.plan import Entry, Plan

_EVER: Final = datetime.min.replace(tzinfo=UTC)


def in_order(versions: Iterable[list[Plan]], moves: Iterable[Plan]) -> list[Entry]:
    """Each version's plans (its registration first) in their order, and the moves by their time.

    A move never comes before its version; one without a time comes last.
    """
    keyed: list[tuple[datetime, int, int, Plan]] = []
    latest, begun = _EVER, dict[str | None, datetime]()
    place = 0
    for plans in versions:
        latest = max(latest, plans[0].origin_time or latest)
        begun[plans[0].version] = latest
        for plan in plans:
            keyed.append((latest, 0, place, plan))
            place += 1
    end = datetime.max.replace(tzinfo=UTC)
    for move in moves:
        at = max(move.origin_time or end, begun.get(move.version, _EVER))
        keyed.append((at, 1, place, move))
        place += 1
    return [plan for _, _, _, plan in sorted(keyed, key=lambda key: key[:3])]
