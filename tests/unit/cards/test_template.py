import pytest

from rollbook.cards.problems import Unreadable
from rollbook.cards.template import HINTS, dump, load
from rollbook.domain.cards import Card
from tests.unit.cards.cards import FULL


def refused(text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        load(text)
    return str(caught.value)


def test_a_card_comes_back_from_its_yaml() -> None:
    assert load(dump(FULL)) == FULL
    assert load(dump(Card())) == Card()


def test_every_field_has_a_hint() -> None:
    assert HINTS.keys() == Card.model_fields.keys()


def test_an_empty_card_shows_every_field_to_fill_in() -> None:
    text = dump(Card())

    assert all(f"\n{name}:" in text for name in Card.model_fields)


def test_prose_is_written_as_people_write_it() -> None:
    assert "summary: |-\n  Scores card payments.\n\n  Higher is *worse*.\n" in dump(FULL)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("summary: x\nlicense: MIT\n", "line 2: license: there is no such field: did you mean"),
        ("licence: 2\n", "line 1: licence: must be text: put it in quotes"),
        ("review_by: 2030-01-01\n", "line 1: review_by: should have timezone info"),
        ("a: [\n", "not YAML"),
        ("- a\n", "line 1: must be names and values"),
        ("", "line 1: must be names and values"),
        (
            "subgroups:\n- slice: {a: b}\n  metrics:\n    auc: {value: x}\n",
            "line 4: subgroups.0.metrics.auc.value: should be a valid number",
        ),
    ],
)
def test_an_error_names_line_field_and_rule(text: str, message: str) -> None:
    assert message in refused(text)


def test_all_problems_are_told_at_once() -> None:
    assert len(refused("licence: 2\nmodel_type: 3\n").splitlines()) == 2
