"""What a card lacks, in words for the people who could write it."""

import re
from typing import Final, Literal, NamedTuple

from rollbook.cards.chapters import CHAPTERS
from rollbook.domain.cards import Card

_WORD: Final = re.compile(r"\w+")
_OTHERS: Final = {
    "licence": "Which licence it may be used under, as an SPDX identifier.",
    "model_type": "What kind of model it is.",
    "review_by": "When somebody must look at it again.",
}


class Finding(NamedTuple):
    """A section that should say more."""

    field: str
    title: str
    lack: Literal["missing", "thin"]
    hint: str

    def __str__(self) -> str:
        return f"{self.title} is {self.lack}: {self.hint}"


def check(card: Card) -> list[Finding]:
    """The sections that are missing, or too thin to tell anything, in the card's order."""
    found = [
        Finding(chapter.field, chapter.title, lack, chapter.hint)
        for chapter in CHAPTERS
        if chapter.field and chapter.enough
        for lack in [_lack(getattr(card, chapter.field), chapter.enough)]
        if lack
    ]
    return found + [
        Finding(name, name.replace("_", " ").capitalize(), "missing", hint)
        for name, hint in _OTHERS.items()
        if not getattr(card, name)
    ]


def _lack(value: object, enough: int) -> Literal["missing", "thin"] | None:
    if not value:
        return "missing"
    if isinstance(value, str) and not value.startswith("personal:"):
        words = len(_WORD.findall(value))
        return "missing" if words == 0 else "thin" if words < enough else None
    return None
