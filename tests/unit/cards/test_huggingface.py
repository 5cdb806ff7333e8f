from pathlib import Path

import pytest

from rollbook.cards.huggingface import read_readme
from rollbook.cards.markdown import markdown
from rollbook.cards.problems import Unreadable
from tests.unit.cards.cards import ABOUT

READMES = Path(__file__).parent / "readmes"


def refused(text: str) -> str:
    with pytest.raises(Unreadable) as caught:
        read_readme(text)
    return str(caught.value)


def test_the_official_template_is_read_chapter_by_chapter() -> None:
    found = read_readme((READMES / "template.md").read_text())
    card = found.card

    assert card.summary == (
        "Finds toxic comments in English and Norwegian forums.\n\n"
        "A multilingual encoder with a classification head.\n\n- **Shared by [optional]:** Acme"
    )
    assert card.developed_by == "Acme Trust & Safety"
    assert card.funded_by is None
    assert card.model_type == "Transformer encoder"
    assert card.languages == ("en", "no")
    assert card.licence == "Apache-2.0"
    assert card.base_model == "google-bert/bert-base-multilingual-cased"
    assert card.tags == ("toxicity", "moderation", "transformers", "text-classification")
    assert card.references == (
        "https://example.org/toxic-comments",
        "https://example.org/paper.pdf",
    )
    assert card.intended_use == "Sorts the queue of human moderators."
    assert card.downstream_use == ""
    assert card.out_of_scope == "Must not remove comments by itself."
    assert card.limitations == "Flags reclaimed slurs more often than it should."
    assert card.recommendations == "Let people decide."
    assert card.how_to_start.startswith("```python\n# Results\n")
    assert "details" not in card.how_to_start
    assert card.training_data == "Two years of comments, labelled by three people each."
    assert card.training_procedure == (
        "##### Preprocessing [optional]\n\nNames were replaced.\n\n"
        "##### Training Hyperparameters\n\n- **Training regime:** bf16 mixed precision"
    )
    assert card.evaluation_data == "A tenth of the comments, split by author."
    assert card.factors == "Language, and age of the account."
    assert card.metrics == "Macro F1, since toxic comments are rare."
    assert card.results == ("F1 of 0.874.\n\n##### Summary\n\nGood enough to sort, not to decide.")
    assert card.citation.endswith("Acme (2026). Toxic comments.")
    assert card.owners == ("Ada Berg", "Kofi Mensah")
    assert card.contacts == ("safety@example.org",)
    assert card.more == (
        "##### Software\n\nPyTorch 2.8\n\n"
        "##### Glossary [optional]\n\nA *comment* is a post below an article."
    )


def test_what_training_cost_is_read_in_kilograms() -> None:
    impact = read_readme((READMES / "template.md").read_text()).card.environmental_impact

    assert impact is not None
    assert impact.co2_kg == 1.85
    assert impact.hours == 6.5
    assert impact.hardware == "A100"
    assert impact.provider == "on premises"
    assert impact.region is None


@pytest.mark.parametrize(
    ("words", "kilograms"),
    [("1850", 1.85), ("1,850 g", 1.85), ("2 tonnes", 2000.0), ("3.5 kgCO2eq", 3.5)],
)
def test_a_figure_without_a_unit_is_grams_as_the_template_says(
    words: str, kilograms: float
) -> None:
    text = f"## Environmental Impact\n\n- **Carbon Emitted:** {words}\n"

    impact = read_readme(text).card.environmental_impact

    assert impact is not None
    assert impact.co2_kg == pytest.approx(kilograms)


def test_words_about_emissions_that_are_no_figure_are_kept_as_words() -> None:
    card = read_readme("## Environmental Impact\n\n- **Carbon Emitted:** not measured\n").card

    assert card.environmental_impact is None
    assert card.more == "##### Environmental Impact\n\n- **Carbon Emitted:** not measured"


def test_results_of_a_model_index_are_evaluations() -> None:
    found = read_readme((READMES / "template.md").read_text())

    (evaluation,) = found.evaluations
    assert evaluation.metrics["F1 (macro)"].value == 0.874
    assert evaluation.split == "validation"
    assert evaluation.slice == {"config": "nb"}
    assert evaluation.dataset is not None
    assert evaluation.dataset.uri == "https://huggingface.co/datasets/acme/comments"
    assert evaluation.note == "Toxicity: Acme comments"
    assert found.notes == ("front matter: 'thumbnail' has no place in a card",)


def test_results_without_a_chapter_become_a_table() -> None:
    text = (READMES / "template.md").read_text()
    head = text[: text.index("# Model Card for")]

    card = read_readme(head).card

    assert "| Acme comments | validation | accuracy | 91.2 ± 0.4 |" in card.results
    assert card.training_data == "- acme/comments"
    assert card.metrics == "- f1"


def test_a_card_that_a_trainer_generated_is_read() -> None:
    card = read_readme((READMES / "trainer.md").read_text()).card

    assert card.licence == "acme-community"
    assert card.references == ("https://example.org/licence",)
    assert card.base_model == "acme/base-7b"
    assert card.tags == ("generated_from_trainer", "peft")
    assert card.summary.startswith("This model is a fine-tuned version of [acme/base-7b]")
    assert card.intended_use == "Answers drafts for the support desk."
    assert card.training_data == ""
    assert "- learning_rate: 0.0002" in card.training_procedure
    assert "| 1.2113" in card.training_procedure
    assert "generated automatically" not in card.summary


def test_a_readme_in_its_authors_own_order_is_read() -> None:
    card = read_readme((READMES / "loose.md").read_text()).card

    assert card.summary == "Tells which customers may leave within 30 days."
    assert card.limitations == (
        "Trained on customers in Ghana only.\n\n```bash\n# Usage\nnot a heading\n```"
    )
    assert card.how_to_start == "    import churn"
    assert card.results == "AUC 0.81 on the test set."
    assert card.more == "##### Who we are\n\nThe data team.\n\n##### Where we sit\n\nAccra."


@pytest.mark.parametrize("name", ["template.md", "trainer.md", "loose.md"])
def test_what_was_read_once_stays_the_same_ever_after(name: str) -> None:
    once = read_readme((READMES / name).read_text()).card

    assert read_readme(markdown(once, ABOUT)).card == once


def test_windows_line_ends_and_a_byte_order_mark_change_nothing() -> None:
    text = (READMES / "template.md").read_text()

    assert read_readme("\ufeff" + text.replace("\n", "\r\n")) == read_readme(text)


def test_norwegian_is_not_false() -> None:
    assert read_readme("---\nlanguage: no\n---\n").card.languages == ("no",)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("---\nlicense: mit\n# never ends", "line 1: the front matter"),
        ("---\n- a\n---\n", "line 2: front matter must be names and values"),
        ("---\na: 1\ntags: {x: y}\n---\n", "line 3: tags: must be text or a list of texts"),
        ("---\na: [\n---\n", "line 2: not YAML"),
        ("---\nlicense: mit\nlicense: mit\n---\n", "line 3: license: stands twice"),
        (f"---\nx: 1\ntags: [ok, {'a' * 101}]\n---\n", "line 3: tags.1: string should have"),
        ("---\nco2_eq_emissions: lots\n---\n", "line 2: co2_eq_emissions.emissions: must be"),
        ("---\nmodel-index: 3\n---\n", "line 2: model-index: must be a list"),
        ("\n\n## Results\n\n" + "a" * 50_001, "line 3: results: string should have at most"),
        ("## a\n" * 1001, "line 1001: has more than 1,000 headings"),
        ("a\x00b", "line 1: must not contain NUL"),
        ("a" * 200_001, "must have at most 200,000 characters below the front matter"),
        ("a" * 1_000_001, "must have at most 1,000,000 characters"),
    ],
)
def test_an_error_names_line_and_field(text: str, message: str) -> None:
    assert message in refused(text)


def test_a_slice_that_breaks_a_rule_is_named_with_its_line() -> None:
    text = """---
model-index:
- name: x
  results:
  - dataset: {type: slice, args: {slice: {country: DE}}}
    metrics: [{type: auc, value: 0.9, args: {low: 0.95}}]
---
"""
    assert refused(text) == "line 5: metrics.auc: must have low <= value <= high"
