import re
from html.parser import HTMLParser

import pytest

from rollbook.cards.about import About
from rollbook.cards.page import page
from rollbook.domain.cards import Card, Subgroup
from rollbook.domain.evaluations import Measure
from tests.unit.cards.cards import ABOUT, FULL

ALLOWED = set(
    """
html head meta title style body main h1 h2 h3 h4 h5 h6 p a ul ol li dl dt dd table thead
tbody tr th td pre code em strong blockquote br hr
""".split()  # noqa: SIM905  # a line each is harder to read
)
ATTACKS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<svg/onload=alert(1)>",
    "[a](javascript:alert(1))",
    "[a](JaVaScRiPt:alert(1))",
    "[a](java\tscript:alert(1))",
    "[a](&#106;avascript:alert(1))",
    "[a](&Tab;javascript:alert(1))",
    "[a](\x01javascript:alert(1))",
    "[a](vbscript:x) [b](data:text/html;base64,PHNjcmlwdD4=) [c](file:///etc/passwd)",
    "<javascript:alert(1)>",
    "![x](https://example.org/tracker.png) ![x](javascript:alert(1))",
    '[a](https://example.org "onmouseover=alert(1) x=\\"")',
    '[a](https://example.org/"onmouseover="alert(1))',
    "[a]\n\n[a]: javascript:alert(1)",
    '```"><script>alert(1)</script>\ncode\n```',
    "</main></body><iframe srcdoc='<script>alert(1)</script>'>",
    "<style>*{background:url(https://example.org)}</style>",
    "<base href=https://example.org><form action=https://example.org>",
    "<!--><script>alert(1)</script>-->",
)


class Seen(HTMLParser):
    def __init__(self, text: str) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.links: list[str] = []
        self.attributes: set[str] = set()
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.links += [value or "" for name, value in attrs if name in ("href", "src", "action")]


@pytest.mark.parametrize("attack", ATTACKS)
def test_nothing_in_a_card_can_run_or_load(attack: str) -> None:
    line = " ".join(attack.split()).replace("\x01", "")[:90]
    card = Card(
        summary=attack,
        results=f"a {attack} b",
        more=f"- {attack}",
        owners=(line,),
        developed_by=line,
        licence=line,
        tags=(line,),
        references=("javascript:alert(1)", "https://example.org/'\"<script>"),
        subgroups=(Subgroup(slice={line: line}, metrics={line: Measure(value=1)}),),
    )

    seen = Seen(page(card, About(f"a/{line}", 1, line)))

    assert seen.tags <= ALLOWED
    assert not {name for name in seen.attributes if name.startswith("on")}
    assert seen.attributes <= {
        *("lang", "charset", "http-equiv", "content", "name", "href", "rel", "title", "class"),
        *("scope", "style", "start"),
    }
    assert all(re.match(r"(https?|mailto):", link) for link in seen.links), seen.links


def test_a_page_needs_nothing_from_elsewhere_and_says_so() -> None:
    text = page(FULL, ABOUT)

    assert "default-src &#x27;none&#x27;" in text
    assert "<link" not in text
    assert "url(" not in text


def test_a_page_shows_what_the_card_says() -> None:
    text = page(FULL, ABOUT)

    assert "<title>Model card for payments/fraud, version 3 (1.2.0)</title>" in text
    assert "Higher is <em>worse</em>." in text
    assert '<th scope="col">recall</th>' in text
    assert "<td>country=DE, channel=web | app</td><td>12,000</td>" in text
    assert "<td>0.9 (0.88 to 0.93 at 95 %)</td>" in text
    assert '<a href="https://example.org/paper?a=1&amp;b=2"' in text
    assert "<li>doi:10.1000/182</li>" in text
    assert "<dt>Carbon Emitted</dt><dd>12.345 kg CO2eq</dd>" in text
    assert "<table>\n<thead>" in text  # a table in prose


def test_links_lead_away_without_saying_from_where() -> None:
    text = page(Card(summary="[a](https://example.org) <mailto:a@b.example>"), ABOUT)

    assert '<a href="https://example.org" rel="noopener noreferrer nofollow">a</a>' in text
    assert 'href="mailto:a@b.example"' in text


def test_an_empty_card_says_that_it_is_empty() -> None:
    assert "The card says nothing yet." in page(Card(), ABOUT)


def test_deep_nesting_is_no_way_to_stop_it() -> None:
    assert "</html>" in page(Card(summary="> " * 20_000 + "a"), ABOUT)
    assert "</html>" in page(Card(summary="[" * 20_000), ABOUT)
