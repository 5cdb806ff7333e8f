"""A card as YAML for people to edit, with hints, and back."""

from collections.abc import Mapping
from typing import Final

from pydantic import ValidationError

from rollbook.cards.chapters import CHAPTERS
from rollbook.cards.plain import read, write
from rollbook.cards.problems import problems_of, unreadable
from rollbook.domain.cards import Card

HINTS: Final[Mapping[str, str]] = {
    "developed_by": "Whoever made the model.",
    "funded_by": "Whoever paid for it.",
    "model_type": "Such as gradient boosting, or transformer.",
    "languages": "Such as [en, de].",
    "licence": "SPDX identifier, such as Apache-2.0.",
    "base_model": "What it was tuned from.",
    "tags": "Such as [fraud, tabular].",
    "references": "Links to code, papers, demos.",
    "subgroups": "Such as {slice: {country: DE}, metrics: {auc: {value: 0.91}}, samples: 1200}.",
    "environmental_impact": "co2_kg, energy_kwh, hours, hardware, provider, region.",
    "review_by": "When somebody must look at it again, such as 2030-01-31T00:00:00Z.",
} | {
    chapter.field: chapter.hint
    for chapter in CHAPTERS
    if chapter.field and chapter.field not in ("subgroups", "environmental_impact")
}


def dump(card: Card) -> str:
    """The card with every field, the empty ones too, each under its hint."""
    values = card.model_dump(mode="json", exclude_none=True)
    parts = []
    for name, hint in ((name, HINTS.get(name, "")) for name in Card.model_fields):
        value = values.get(name)
        written = write({name: value})
        if value is None:
            written = f"{name}:\n"
        parts.append(f"# {hint}\n{written}" if hint else written)
    return "\n".join(parts)


def load(text: str) -> Card:
    """The card that was written; `Unreadable` names line, field and rule for each problem."""
    document = read(text)
    if not isinstance(document.value, dict):
        raise unreadable("must be names and values, such as `summary: …`", line=document.line(()))
    given = {name: value for name, value in document.value.items() if value is not None}
    try:
        return Card.model_validate(given)
    except ValidationError as error:
        raise problems_of(error, document.line, Card.model_fields) from None
