"""A card as Markdown with the front matter that Hugging Face reads."""

import re
from collections.abc import Iterator

from rollbook.cards.about import About
from rollbook.cards.chapters import CHAPTERS, Chapter
from rollbook.cards.licences import to_hugging_face
from rollbook.cards.outline import subordinate
from rollbook.cards.plain import Plain, write
from rollbook.domain.cards import Card, Impact, Subgroup
from rollbook.domain.evaluations import Measure

_SPECIAL = re.compile(r"([\\`*_\[\]<>#|&~])")


def markdown(card: Card, about: About) -> str:
    """The whole document: front matter, then the chapters that have something to say."""
    front = write(front_matter(card, about))
    parts = [f"---\n{front}---", f"# Model card for {escaped(str(about))}"]
    pending: list[Chapter] = []
    for chapter in CHAPTERS:
        if chapter.level == 2:
            pending = []
        body = "\n\n".join(_body(card, chapter))
        if chapter.field is None and not body:
            pending = [*(p for p in pending if p.level < chapter.level), chapter]
        elif body:
            parts += [f"{'#' * c.level} {c.title}" for c in (*pending, chapter)]
            parts.append(body)
            pending = []
    return "\n\n".join(parts) + "\n"


def front_matter(card: Card, about: About) -> dict[str, Plain]:
    """What Hugging Face's metadata can say of the card."""
    found: dict[str, Plain] = {}
    if card.languages:
        found["language"] = list(card.languages)
    if card.licence:
        found |= to_hugging_face(card.licence)
    if card.tags:
        found["tags"] = list(card.tags)
    if card.base_model:
        found["base_model"] = card.base_model
    if card.environmental_impact:
        found |= _emissions(card.environmental_impact)
    if card.subgroups:
        found["metrics"] = list(dict.fromkeys(name for s in card.subgroups for name in s.metrics))
        results: list[Plain] = [_result(subgroup) for subgroup in card.subgroups]
        found["model-index"] = [{"name": about.model, "results": results}]
    return found


def escaped(text: str) -> str:
    """One line of plain text, so that Markdown takes none of it for markup."""
    return _SPECIAL.sub(r"\\\1", " ".join(text.split()))


def slice_name(slice_: dict[str, str]) -> str:
    """A slice in one line, such as `country=DE, age=18-25`."""
    return ", ".join(f"{key}={value}" for key, value in slice_.items())


def measure_words(measure: Measure) -> str:
    """A figure with its interval, such as `0.91 (0.89 to 0.93 at 95 %)`."""
    if measure.low is None and measure.high is None:
        return f"{measure.value:g}"
    low = "?" if measure.low is None else f"{measure.low:g}"
    high = "?" if measure.high is None else f"{measure.high:g}"
    at = f" at {measure.confidence * 100:g} %" if measure.confidence else ""
    return f"{measure.value:g} ({low} to {high}{at})"


def subgroup_rows(card: Card) -> list[list[str]]:
    """The table of subgroups, its head first."""
    names = list(dict.fromkeys(name for group in card.subgroups for name in group.metrics))
    rows = [["Slice", "Samples", *names]]
    for group in card.subgroups:
        samples = "" if group.samples is None else f"{group.samples:,}"
        figures = [
            measure_words(group.metrics[name]) if name in group.metrics else "" for name in names
        ]
        rows.append([slice_name(group.slice), samples, *figures])
    return rows


def facts(card: Card) -> list[tuple[str, str]]:
    """The short fields, under the titles that the official template gives them."""
    found = [
        ("Developed by", card.developed_by),
        ("Funded by", card.funded_by),
        ("Model type", card.model_type),
        ("Language(s) (NLP)", ", ".join(card.languages)),
        ("License", card.licence),
        ("Finetuned from model", card.base_model),
        ("Review by", card.review_by.isoformat() if card.review_by else None),
    ]
    return [(title, value) for title, value in found if value]


def impact_facts(impact: Impact) -> list[tuple[str, str]]:
    """What training cost, under the titles that the official template gives."""
    found = [
        ("Hardware Type", impact.hardware),
        ("Hours used", None if impact.hours is None else _number(impact.hours)),
        ("Cloud Provider", impact.provider),
        ("Compute Region", impact.region),
        ("Carbon Emitted", None if impact.co2_kg is None else f"{_number(impact.co2_kg)} kg CO2eq"),
        ("Energy Used", None if impact.energy_kwh is None else f"{_number(impact.energy_kwh)} kWh"),
    ]
    return [(title, value) for title, value in found if value]


def _body(card: Card, chapter: Chapter) -> Iterator[str]:
    match chapter.field:
        case None if chapter.title == "Model Sources" and card.references:
            yield "\n".join(f"- <{uri}>" for uri in card.references)
        case None:
            pass
        case "summary":
            if card.summary:
                yield subordinate(card.summary)
            if found := facts(card):
                yield _list(found)
        case "owners" | "contacts" as field:
            people = card.owners if field == "owners" else card.contacts
            if people:
                yield "\n".join(f"- {escaped(person)}" for person in people)
        case "subgroups":
            if card.subgroups:
                yield _table(subgroup_rows(card))
        case "environmental_impact":
            if card.environmental_impact and (found := impact_facts(card.environmental_impact)):
                yield _list(found)
        case field:
            if text := str(getattr(card, field)).strip("\n").rstrip():
                yield subordinate(text)


def _number(value: float) -> str:
    return repr(value).removesuffix(".0")


def _list(found: list[tuple[str, str]]) -> str:
    return "\n".join(f"- **{title}:** {escaped(value)}" for title, value in found)


def _table(rows: list[list[str]]) -> str:
    head, *rest = [" | ".join(escaped(cell) for cell in row) for row in rows]
    rule = " | ".join("---" for _ in rows[0])
    return "\n".join(f"| {row} |" for row in (head, rule, *rest))


def _emissions(impact: Impact) -> dict[str, Plain]:
    found: dict[str, Plain] = {}
    if impact.co2_kg is not None:
        found["emissions"] = impact.co2_kg * 1000  # Hugging Face counts grams
    if impact.region:
        found["geographical_location"] = impact.region
    if impact.hardware:
        found["hardware_used"] = impact.hardware
    return {"co2_eq_emissions": found} if "emissions" in found else {}


def _result(group: Subgroup) -> Plain:
    slice_: dict[str, Plain] = dict(group.slice)
    args: dict[str, Plain] = {"slice": slice_}
    if group.samples is not None:
        args["samples"] = group.samples
    return {
        "task": {"type": "other"},
        "dataset": {"name": slice_name(group.slice), "type": "slice", "args": args},
        "metrics": [_metric(name, measure) for name, measure in group.metrics.items()],
    }


def _metric(name: str, measure: Measure) -> Plain:
    found: dict[str, Plain] = {"type": name, "value": measure.value}
    interval: dict[str, Plain] = measure.model_dump(exclude={"value"}, exclude_none=True)
    return found | {"args": interval} if interval else found
