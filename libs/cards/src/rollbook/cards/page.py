"""A card as one HTML page to be read and printed; nothing in it can run, whatever the card says."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from markdown_it import MarkdownIt
from markdown_it.renderer import RendererProtocol
from markdown_it.token import Token
from markdown_it.utils import EnvType, OptionsDict

from rollbook.cards.about import About
from rollbook.cards.chapters import CHAPTERS, Chapter
from rollbook.cards.markdown import facts, impact_facts, subgroup_rows
from rollbook.domain.cards import Card

SCHEMES: Final = ("http", "https", "mailto")
POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"
"""For those who serve the page: the same as it says itself."""

_STYLE: Final = """
:root { color-scheme: light dark; }
body { font: 1rem/1.55 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto;
  padding: 0 1rem; overflow-wrap: anywhere; }
h1 { font-size: 1.6rem; line-height: 1.25; } h2 { font-size: 1.25rem; margin-top: 2rem;
  border-bottom: 1px solid #8886; } h3 { font-size: 1.05rem; }
table { border-collapse: collapse; margin: 1rem 0; display: block; overflow-x: auto; }
th, td { border: 1px solid #8886; padding: .3rem .6rem; text-align: left; vertical-align: top; }
pre { background: #8882; padding: .8rem; overflow-x: auto; white-space: pre-wrap; }
code { font-family: ui-monospace, monospace; font-size: .92em; }
blockquote { border-left: 3px solid #8886; margin-left: 0; padding-left: 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
dt { font-weight: 600; } dd { margin: 0; }
.empty { color: #888; }
@media print { body { max-width: none; margin: 0; font-size: 10.5pt; }
  h2, h3 { break-after: avoid; } table, pre { break-inside: avoid; }
  a[href]::after { content: " (" attr(href) ")"; font-size: .85em; } }
"""


def page(card: Card, about: About) -> str:
    """A whole page, with everything it needs in it."""
    body = chapters(card) or '<p class="empty">The card says nothing yet.</p>'
    return document(f"Model card for {about}", body)


def document(title: str, body: str) -> str:
    """A page around HTML that is harmless already; the title is text."""
    title = escape(title)
    return (
        "<!doctype html>\n"
        '<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(POLICY)}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        f"<title>{title}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<main>\n"
        f"<h1>{title}</h1>\n{body}\n</main>\n</body>\n</html>\n"
    )


def chapters(card: Card, below: int = 1) -> str:
    """The chapters that have something to say, under a heading of level `below`."""
    return "\n".join(_chapters(card, below - 1))


def harmless(text: str) -> str:
    """Markdown as HTML without raw HTML, pictures, or links that could do more than lead away."""
    parser = MarkdownIt("commonmark", {"html": False}).enable("table").disable("image")
    parser.validateLink = is_harmless  # type: ignore[method-assign,assignment]  # how it is meant to be set
    parser.add_render_rule("link_open", _link)
    tokens = parser.parse(text)
    for token in tokens:
        if token.type in ("heading_open", "heading_close"):
            token.tag = f"h{min(6, int(token.tag[1:]) + 3)}"
    return str(parser.renderer.render(tokens, parser.options, {}))


def is_harmless(uri: str) -> bool:
    """Whether a link may lead there."""
    try:
        return urlsplit(uri).scheme.lower() in SCHEMES
    except ValueError:
        return False


def _link(
    renderer: RendererProtocol,
    tokens: Sequence[Token],
    place: int,
    options: OptionsDict,
    env: EnvType,
) -> str:
    tokens[place].attrSet("rel", "noopener noreferrer nofollow")
    return str(renderer.renderToken(tokens, place, options, env))  # type: ignore[attr-defined]


def _chapters(card: Card, deeper: int) -> Iterator[str]:
    pending: list[Chapter] = []
    for chapter in CHAPTERS:
        if chapter.level == 2:
            pending = []
        body = _body(card, chapter)
        if chapter.field is None and not body:
            pending = [*(p for p in pending if p.level < chapter.level), chapter]
        elif body:
            for heading in (*pending, chapter):
                level = heading.level + deeper
                yield f"<h{level}>{escape(heading.title)}</h{level}>"
            yield body
            pending = []


def _body(card: Card, chapter: Chapter) -> str:
    match chapter.field:
        case None if chapter.title == "Model Sources" and card.references:
            return _list(reference(uri) for uri in card.references)
        case None:
            return ""
        case "summary":
            short = facts(card) + ([("Tags", ", ".join(card.tags))] if card.tags else [])
            return harmless(card.summary) + facts_list(short)
        case "owners" | "contacts" as field:
            return _list(map(escape, card.owners if field == "owners" else card.contacts))
        case "subgroups":
            return table(subgroup_rows(card)) if card.subgroups else ""
        case "environmental_impact":
            impact = card.environmental_impact
            return facts_list(impact_facts(impact)) if impact else ""
        case field:
            return harmless(str(getattr(card, field)))


def facts_list(found: Sequence[tuple[str, str]]) -> str:
    """Names with what they stand for, both as text; nothing where there are none."""
    rows = "".join(f"<dt>{escape(name)}</dt><dd>{escape(value)}</dd>" for name, value in found)
    return f"<dl>{rows}</dl>" if rows else ""


def _list(items: Iterator[str]) -> str:
    rows = "".join(f"<li>{item}</li>" for item in items)
    return f"<ul>{rows}</ul>" if rows else ""


def reference(uri: str) -> str:
    """A link, where one may lead there; otherwise only its text."""
    if not is_harmless(uri):
        return escape(uri)
    return f'<a href="{escape(uri)}" rel="noopener noreferrer nofollow">{escape(uri)}</a>'


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text, the head first."""
    head, *rest = rows
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = ("".join(f"<td>{escape(cell)}</td>" for cell in row) for row in rest)
    body = "".join(f"<tr>{line}</tr>" for line in lines)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"
