"""What stored artifacts cost, and whom: shared bytes are counted once, and split."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from rollbook.domain.custody import Action, Entry, Ruling

NOBODY = "-"
"""Where no team, or no version at all, is known."""


class Payer(NamedTuple):
    """Who answers for bytes."""

    namespace: str
    team: str


@dataclass(frozen=True, slots=True)
class Share:
    """Bytes of one payer; of what several name, each has an equal part."""

    standard: float = 0.0
    archive: float = 0.0
    standard_after: float = 0.0
    archive_after: float = 0.0
    """What would be left after a sweep."""

    def __add__(self, other: "Share") -> "Share":
        return Share(
            self.standard + other.standard,
            self.archive + other.archive,
            self.standard_after + other.standard_after,
            self.archive_after + other.archive_after,
        )

    def month(self, price: float, archive_price: float) -> float:
        """What it costs in a month, at prices of a byte."""
        return self.standard * price + self.archive * archive_price

    def saved(self, price: float, archive_price: float) -> float:
        """What a sweep would save in a month."""
        after = self.standard_after * price + self.archive_after * archive_price
        return self.month(price, archive_price) - after


def shares(
    rulings: Iterable[Ruling], entries: Iterable[Entry], teams: Mapping[str, str | None]
) -> dict[Payer, Share]:
    """What each payer has in the store; `teams` by model."""
    rulings = list(rulings)
    payers: dict[str, set[Payer]] = defaultdict(set)
    for entry in entries:
        payer = Payer(entry.model.partition("/")[0], teams.get(entry.model) or NOBODY)
        for digest in entry.digests:
            payers[digest].add(payer)
    for ruling in rulings:
        for digest in ruling.blob.files:
            payers[digest] |= payers[ruling.blob.digest]
    found: dict[Payer, Share] = {}
    for ruling in rulings:
        among = payers[ruling.blob.digest] or {Payer(NOBODY, NOBODY)}
        part = _share(ruling, len(among))
        for payer in among:
            found[payer] = found.get(payer, Share()) + part
    return dict(sorted(found.items()))


def _share(ruling: Ruling, among: int) -> Share:
    part = ruling.blob.size / among
    cold = ruling.blob.archived
    match ruling.action:
        case Action.DELETE:
            after = (0.0, 0.0)
        case Action.ARCHIVE:
            after = (0.0, part)
        case Action.RESTORE:
            after = (part, 0.0)
        case Action.KEEP:
            after = (0.0, part) if cold else (part, 0.0)
    return Share(0.0 if cold else part, part if cold else 0.0, *after)
