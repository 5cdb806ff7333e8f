"""The headings of a Markdown text, as a parser sees them: not in code, quotes or comments."""

from collections.abc import Iterator
from functools import cache
from itertools import pairwise
from typing import Final, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token

LOWEST: Final = 4
"""Headings down to this level divide a document; deeper ones belong to the text around them."""


class Heading(NamedTuple):
    """A heading from line `start` up to but not including line `end`, counted from 0."""

    level: int
    title: str
    start: int
    end: int


def blocks(text: str) -> list[Token]:
    """The blocks of a Markdown text; what stands within a line is not looked at."""
    return _parser().parse(text)


@cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark").enable("table")
    parser.core.ruler.disable(["inline", "text_join"])
    return parser


def headings(text: str) -> Iterator[Heading]:
    """The headings at the top level of the text."""
    tokens = blocks(text)
    for token, inline in pairwise(tokens):
        if token.type == "heading_open" and token.level == 0 and token.map:
            yield Heading(int(token.tag[1:]), inline.content, *token.map)


def subordinate(text: str) -> str:
    """The text with its headings below `LOWEST`, and with nothing in it left open."""
    text = text.replace("\r\n", "\n").strip("\n").rstrip()
    if not _closed(text):  # a fence or comment that would swallow what follows
        return "\n".join(f"> {line}".rstrip() for line in text.split("\n"))
    found = list(headings(text))
    top = min((heading.level for heading in found), default=LOWEST + 1)
    if top > LOWEST:
        return text
    lines = text.split("\n")
    for heading in reversed(found):
        level = min(6, heading.level - top + LOWEST + 1)
        title = " ".join(heading.title.split())
        lines[heading.start : heading.end] = [f"{'#' * level} {title}".rstrip()]
    return "\n".join(lines)


def _closed(text: str) -> bool:
    last = text.count("\n") + 2
    return any(heading.start == last for heading in headings(f"{text}\n\n# after\n"))
