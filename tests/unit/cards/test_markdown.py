from hypothesis import given, settings
from hypothesis import strategies as st

from rollbook.cards.huggingface import read_readme
from rollbook.cards.markdown import markdown
from rollbook.cards.plain import read
from rollbook.domain.cards import Card
from tests.unit.cards.cards import ABOUT, FULL

WORDS = st.text(st.sampled_from("abcdefg äß<>&*_|`~[]\\#.-:"), max_size=40)
PROSE = st.lists(WORDS.map(lambda words: f"a{words.strip()}z"), max_size=4).map("\n\n".join)


def front_matter(text: str) -> object:
    return read(text.split("---\n")[1]).value


def test_a_card_with_everything_comes_back_from_its_readme() -> None:
    found = read_readme(markdown(FULL, ABOUT))

    assert found.card == FULL
    assert found.evaluations == ()
    assert found.notes == ()


def test_an_empty_card_comes_back_too() -> None:
    assert read_readme(markdown(Card(), ABOUT)).card == Card()


@settings(max_examples=60, deadline=None)
@given(PROSE, PROSE, PROSE, WORDS)
def test_any_words_come_back(summary: str, results: str, more: str, name: str) -> None:
    name = " ".join(name.split())
    card = Card(summary=summary, results=results, more=more, developed_by=name or None)

    once = read_readme(markdown(card, ABOUT)).card

    assert read_readme(markdown(once, ABOUT)).card == once
    assert once.developed_by == (name or None)


def test_the_front_matter_is_what_hugging_face_expects() -> None:
    values = front_matter(markdown(FULL, ABOUT))

    assert isinstance(values, dict)
    assert values["license"] == "apache-2.0"
    assert values["language"] == ["en", "no"]
    assert values["tags"] == ["fraud", "tabular", "on", "1e5"]
    assert values["base_model"] == "acme/base"
    assert values["metrics"] == ["auc", "recall"]
    assert values["co2_eq_emissions"]["emissions"] == 12345.0
    assert values["model-index"][0]["name"] == "payments/fraud"
    assert values["model-index"][0]["results"][1]["dataset"]["name"] == "country=NO"


def test_what_older_readers_of_yaml_take_for_something_else_is_quoted() -> None:
    text = markdown(Card(languages=("no", "en"), tags=("on", "12:30")), ABOUT)

    assert "- 'no'\n- en\n" in text
    assert "- 'on'\n- '12:30'\n" in text


def test_a_licence_that_is_not_on_their_list_goes_by_its_own_name() -> None:
    text = markdown(Card(licence="LicenseRef-Acme"), ABOUT)

    assert front_matter(text) == {"license": "other", "license_name": "LicenseRef-Acme"}
    assert read_readme(text).card.licence == "LicenseRef-Acme"


def test_headings_in_prose_become_lower_than_the_documents_own() -> None:
    text = markdown(Card(summary="# Results\n\nGood.", results="Bad."), ABOUT)

    assert "\n##### Results\n" in text
    card = read_readme(text).card
    assert (card.summary, card.results) == ("##### Results\n\nGood.", "Bad.")


def test_a_fence_or_comment_left_open_swallows_nothing() -> None:
    for start in ("```\nopen", "<!-- open", "~~~~", "<script>", "<pre>"):
        card = read_readme(markdown(Card(summary=start, results="Good."), ABOUT)).card

        assert card.results == "Good.", start


def test_only_chapters_with_something_to_say_are_there() -> None:
    text = markdown(Card(results="Good."), ABOUT)

    assert "## Evaluation\n\n### Results\n\nGood.\n" in text
    assert text.count("\n#") == 3
