"""In which form a card is shown."""

import pytest

from rollbook.query.cards import acceptable
from rollbook.query.problems import Problem


@pytest.mark.parametrize(
    ("accept", "shape"),
    [
        ("*/*", "json"),
        ("", "json"),
        ("application/json", "json"),
        ("text/markdown", "markdown"),
        ("text/html", "html"),
        ("text/*", "html"),
        ("TEXT/HTML; charset=utf-8", "html"),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", "html"),
        ("text/html;q=0.4, text/markdown;q=0.5", "markdown"),
        ("application/json;q=0, */*", "html"),
    ],
)
def test_accept_says_which_form(accept: str, shape: str) -> None:
    assert acceptable(accept) == shape


@pytest.mark.parametrize("accept", ["image/png", "text/html;q=0", "text/html;q=much"])
def test_a_form_that_there_is_not_is_refused(accept: str) -> None:
    with pytest.raises(Problem) as caught:
        acceptable(accept)
    assert caught.value.status == 406
