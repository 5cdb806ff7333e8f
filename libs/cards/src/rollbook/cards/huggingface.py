"""A Hugging Face README, front matter and chapters, read into a card."""

from typing import Final, NamedTuple

from pydantic import ValidationError

from rollbook.cards import metadata
from rollbook.cards.chapterwise import Found, read_chapters
from rollbook.cards.plain import read
from rollbook.cards.problems import Place, problems_of, unreadable
from rollbook.domain.cards import Card
from rollbook.domain.evaluations import Evaluation

MAX_CHARACTERS: Final = 1_000_000
MAX_BODY: Final = 200_000
"""Characters after the front matter: a parser of Markdown takes its time."""


class ReadMe(NamedTuple):
    """What a README says."""

    card: Card
    evaluations: tuple[Evaluation, ...]
    """The results of `model-index` that are about whole data sets."""
    notes: tuple[str, ...]
    """What could not be taken over."""


def read_readme(text: str) -> ReadMe:
    """The card that a README holds; `Unreadable` names line and field."""
    if len(text) > MAX_CHARACTERS:
        raise unreadable(f"must have at most {MAX_CHARACTERS:,} characters")
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if "\x00" in text:
        raise unreadable("must not contain NUL", line=text.count("\n", 0, text.index("\x00")) + 1)
    front, body, first = _split(text)
    if len(body) > MAX_BODY:
        raise unreadable(f"must have at most {MAX_BODY:,} characters below the front matter")
    document = read(front, first_line=2)
    about = metadata.read_metadata(document)
    found = read_chapters(body, first)
    return ReadMe(_card(about, found), about.evaluations, about.notes)


def _split(text: str) -> tuple[str, str, int]:
    """Front matter, body, and the number of the body's first line."""
    lines = text.split("\n")
    if lines[0].rstrip() != "---":
        return "", text, 1
    for number, line in enumerate(lines[1:], start=2):
        if line.rstrip() == "---":
            return "\n".join(lines[1 : number - 1]), "\n".join(lines[number:]), number + 1
    raise unreadable("the front matter that begins here never ends: `---` is missing", line=1)


def _card(about: metadata.Metadata, found: Found) -> Card:
    raw: dict[str, object] = {name: "\n\n".join(texts) for name, texts in found.prose.items()}
    lines = dict(found.lines)
    if about.subgroups and "subgroups" in raw:
        del raw["subgroups"]  # the table says in words what the front matter says in figures
    elif "subgroups" in raw:
        table = str(raw.pop("subgroups"))
        raw["results"] = "\n\n".join(filter(None, (str(raw.get("results", "")), table)))
    for name, words in about.instead.items():
        if not raw.get(name):
            raw[name], lines[name] = words, about.lines.get(name, 2)
    if about.results and not raw.get("results"):
        raw["results"] = about.results
    impact = about.impact | found.impact
    if impact:
        raw["environmental_impact"] = impact
    references = dict.fromkeys((*found.references, *about.references))
    people = {name: names for name, names in found.people.items() if names}
    raw |= {**found.facts, **about.fields, **people}
    lines |= about.lines
    raw |= {"references": tuple(references), "subgroups": about.subgroups}
    try:
        return Card.model_validate({name: value for name, value in raw.items() if value})
    except ValidationError as error:

        def line(place: Place) -> int | None:
            return lines.get(str(place[0])) if place else None

        raise problems_of(error, line, Card.model_fields) from None
