from rollbook.cards.check import check
from rollbook.domain.cards import Card
from tests.unit.cards.cards import FULL


def test_an_empty_card_lacks_what_readers_need_most() -> None:
    missing = {finding.field for finding in check(Card()) if finding.lack == "missing"}

    assert {"summary", "intended_use", "limitations", "training_data", "owners"} <= missing
    assert {"licence", "review_by", "subgroups"} <= missing
    assert "citation" not in missing


def test_a_word_or_two_is_thin() -> None:
    found = {finding.field: finding for finding in check(Card(limitations="None known."))}

    assert found["limitations"].lack == "thin"
    assert str(found["limitations"]) == (
        "Bias, Risks, and Limitations is thin: Where it fails, whom it may harm."
    )


def test_a_reference_to_personal_data_is_not_thin() -> None:
    card = Card(limitations="personal:6f1f8a52-3b7b-4a5e-9d0a-6f6f2a0c9b11")

    assert "limitations" not in {finding.field for finding in check(card)}


def test_sections_that_say_enough_are_not_named() -> None:
    fields = {finding.field for finding in check(FULL)}

    assert fields <= {
        "summary",
        "limitations",
        "training_data",
        "evaluation_data",
        "out_of_scope",
    } | {"training_procedure"}
