"""The body of a README, chapter by chapter, whatever order and depth its author chose."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, NamedTuple

from rollbook.cards.chapters import LIST_TITLES, TITLES, Chapter, chapter_named, plain_name
from rollbook.cards.outline import LOWEST, blocks, headings, subordinate
from rollbook.cards.problems import unreadable

MAX_CHAPTERS: Final = 1000

_TOO_COMMON: Final = ("summary", "training_data", "training_procedure", "results")
"""Chapters whose synonyms mean something else within another chapter."""
_LIST_ITEM: Final = re.compile(r"^\s*[-*+]\s+\*\*([^*:]+)(?::\s*\*\*|\*\*\s*:?)\s*(.*)$")
_NEEDED: Final = re.compile(r"[*_]*\[?more information needed\]?[*_]*\.?", re.IGNORECASE)
_ESTIMATED: Final = re.compile(
    r"^Carbon emissions can be estimated using the \[Machine Learning Impact.*$", re.MULTILINE
)
_FOLD: Final = re.compile(r"^[ \t]*(?:</?details>|<summary>.*</summary>)[ \t]*$", re.MULTILINE)
_URI: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s<>()\[\]]+")
_FIGURE: Final = re.compile(r"^([0-9][0-9,]*(?:\.[0-9]+)?(?:e[-+]?[0-9]+)?)\s*([A-Za-z]*)")
_KILOGRAMS: Final = {"kg": 1.0, "g": 0.001, "": 0.001, "t": 1000.0, "tons": 1000.0} | {
    "tonnes": 1000.0,
    "tco": 1000.0,
    "grams": 0.001,
    "gco": 0.001,
    "kgco": 1.0,
}
_LONGEST: Final = {"licence": 100, "hardware": 100, "provider": 100, "region": 100}


@dataclass
class Found:
    """What the chapters say, by the card's fields."""

    prose: dict[str, list[str]] = field(default_factory=dict)
    facts: dict[str, object] = field(default_factory=dict)
    impact: dict[str, object] = field(default_factory=dict)
    people: dict[str, tuple[str, ...]] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)
    """Where each field was found first."""

    def add(self, name: str, text: str, line: int) -> None:
        """Another piece of prose for a field."""
        if text := text.strip("\n").rstrip():
            self.prose.setdefault(name, []).append(text)
            self.lines.setdefault(name, line)


class _Section(NamedTuple):
    chapter: Chapter | None
    title: str
    """Empty: the text belongs to the chapter itself."""
    body: str
    line: int


def read_chapters(text: str, first_line: int) -> Found:
    """What the body says; its first line is `first_line` of what the author sees."""
    found = Found()
    for section in _sections(text, first_line):
        body = subordinate(_cleaned(section.body))
        if section.title:
            body = f"{'#' * (LOWEST + 1)} {section.title}\n\n{body}" if body else ""
        _file(found, section.chapter, body, section.line)
    return found


def _sections(text: str, first_line: int) -> Iterator[_Section]:
    lines = text.split("\n")
    dividing = [heading for heading in headings(text) if heading.level <= LOWEST]
    if len(dividing) > MAX_CHAPTERS:
        line = first_line + dividing[MAX_CHAPTERS].start
        raise unreadable(f"has more than {MAX_CHAPTERS:,} headings", line=line)
    lead = dividing[0].start if dividing else len(lines)
    summary = chapter_named("summary")
    yield _Section(summary, "", "\n".join(lines[:lead]), first_line)
    chapter, depth = None, 0
    for place, heading in enumerate(dividing):
        end = dividing[place + 1].start if place + 1 < len(dividing) else len(lines)
        body, line = "\n".join(lines[heading.end : end]), first_line + heading.start
        named = chapter_named(heading.title)
        within = chapter is not None and heading.level > depth
        if plain_name(heading.title) == "table of contents":
            continue
        if named and within and named is not chapter and _means_else(named, heading.title):
            named = None
        if named:
            chapter, depth = named, heading.level
            yield _Section(chapter, "", body, line)
        elif place == 0 and heading.level == 1:
            yield _Section(summary, "", body, line)  # the title
        else:
            if not within:
                chapter, depth = None, 0
            yield _Section(chapter, " ".join(heading.title.split()), body, line)


def _means_else(named: Chapter, title: str) -> bool:
    return named.field in _TOO_COMMON and plain_name(title) != plain_name(named.title)


def _cleaned(body: str) -> str:
    """The text without the template's own hints and gaps."""
    lines = body.split("\n")
    for token in blocks(body):
        if token.type == "html_block" and token.level == 0 and token.map:
            comment = token.content.strip()
            if comment.startswith("<!--") and comment.find("-->") == len(comment) - 3:
                lines[slice(*token.map)] = [""] * (token.map[1] - token.map[0])
    text = "\n".join(line for line in lines if not _NEEDED.fullmatch(line.strip()))
    return text if "```" in text or "~~~" in text else re.sub(r"\n{3,}", "\n\n", text)


def _file(found: Found, chapter: Chapter | None, body: str, line: int) -> None:
    match chapter and (chapter.field or chapter.title):
        case "summary":
            found.add("summary", _facts(found, body, line), line)
        case "Model Sources":
            _references(found, body, line)
        case "environmental_impact":
            _impact(found, body, line)
        case "owners" | "contacts" as name:
            _people(found, name, body, line)
        case "how_to_start":
            found.add("how_to_start", _FOLD.sub("", body).strip("\n"), line)
        case str() as name if chapter and chapter.field:
            found.add(name, body, line)
        case _:
            found.add("more", body, line)


def _facts(found: Found, body: str, line: int) -> str:
    rest = []
    for number, text in enumerate(body.split("\n"), start=line):
        item = _LIST_ITEM.match(text)
        name = LIST_TITLES.get(plain_name(item[1])) if item else None
        value = _unmarked(item[2]) if item else ""
        if item and _NEEDED.fullmatch(value):
            continue
        nowhere = name is None or name in ("shared_by", *_IMPACT) or not value
        if name is None or nowhere or len(value) > _LONGEST.get(name, 250):
            rest.append(text)
        elif name == "languages":
            found.facts[name] = tuple(part.strip() for part in value.split(",") if part.strip())
        elif name == "review_by" and not _is_time(value):
            rest.append(text)
        else:
            found.facts[name] = value
        found.lines.setdefault(name or "summary", number)
    return "\n".join(rest).strip("\n")


_IMPACT: Final = ("hardware", "hours", "provider", "region", "co2_kg", "energy_kwh")


def _references(found: Found, body: str, line: int) -> None:
    rest, uris = [], []
    for text in body.split("\n"):
        item = _LIST_ITEM.match(text)
        value = item[2] if item else text
        if item and _NEEDED.fullmatch(value.strip()):
            continue
        if here := [uri.rstrip(".,;") for uri in _URI.findall(value)]:
            uris += here
        else:
            rest.append(text)
    found.references += tuple(uris)
    found.lines.setdefault("references", line)
    _elsewhere(found, "Model Sources", "\n".join(rest), line)


def _impact(found: Found, body: str, line: int) -> None:
    rest = []
    for text in _ESTIMATED.sub("", body).split("\n"):
        item = _LIST_ITEM.match(text)
        name = LIST_TITLES.get(plain_name(item[1])) if item else None
        value = _unmarked(item[2]) if item else ""
        if item and (_NEEDED.fullmatch(value) or not value):
            continue
        read = _impact_value(name, value) if name in _IMPACT else None
        if name is None or read is None:
            rest.append(text)
        else:
            found.impact[name] = read
    found.lines.setdefault("environmental_impact", line)
    _elsewhere(found, TITLES["environmental_impact"], "\n".join(rest), line)


def _impact_value(name: str | None, value: str) -> object | None:
    if name in ("hardware", "provider", "region"):
        return value if len(value) <= _LONGEST[name] else None
    figure = _FIGURE.match(value)
    if figure is None:
        return None
    number, unit = float(figure[1].replace(",", "")), figure[2].lower()
    if name == "co2_kg":
        factor = _KILOGRAMS.get(unit)
        return None if factor is None else number * factor
    fitting = {"hours": ("", "h", "hour", "hours", "hrs"), "energy_kwh": ("", "kwh")}
    return number if unit in fitting[str(name)] else None


def _people(found: Found, name: str, body: str, line: int) -> None:
    items = re.split(
        r"\n+|,(?=\s)" if not re.search(r"^[ \t]*[-*+]\s", body, re.MULTILINE) else r"\n+", body
    )
    people = [_unmarked(re.sub(r"^\s*[-*+]\s+", "", item)) for item in items]
    people = [person for person in people if person]
    if any(len(person) > 250 or person.startswith("#") for person in people):
        _elsewhere(found, TITLES[name], body, line)
    else:
        found.people[name] = (*found.people.get(name, ()), *people)
        found.lines.setdefault(name, line)


def _elsewhere(found: Found, title: str, text: str, line: int) -> None:
    if text := text.strip():
        found.add("more", f"{'#' * (LOWEST + 1)} {title}\n\n{text}", line)


def _unmarked(text: str) -> str:
    """One line of Markdown as plain text."""
    text = re.sub(r"(?<!\\)\[([^\]]*)\]\([^)]*\)", r"\1", text.strip())
    return re.sub(r"\\([\\`*_\[\]<>#|&~])", r"\1", text)


def _is_time(value: str) -> bool:
    try:
        return datetime.fromisoformat(value).tzinfo is not None
    except ValueError:
        return False
