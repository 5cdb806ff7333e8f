"""The one table of a card's chapters: their fields, titles, and the names others give them."""

import re
from typing import Final, NamedTuple


class Chapter(NamedTuple):
    """A heading of the document, and the field of the card that stands under it."""

    field: str | None
    """None: a heading that only holds others together."""
    title: str
    level: int
    hint: str = ""
    """What belongs there, for those who write it."""
    enough: int = 0
    """Words from which on it says something; 0: nobody has to write it."""
    synonyms: tuple[str, ...] = ()
    """Other names that READMEs give it, in lower case."""


CHAPTERS: Final = (
    Chapter(
        "summary",
        "Model Description",
        2,
        "What the model does, for whom, in a few sentences.",
        8,
        ("model details", "model summary", "summary", "overview", "description", "introduction"),
    ),
    Chapter(None, "Model Sources", 3, synonyms=("sources",)),
    Chapter(None, "Uses", 2),
    Chapter(
        "intended_use",
        "Direct Use",
        3,
        "What it is for, and who may rely on it.",
        8,
        ("uses", "intended use", "intended uses", "intended uses & limitations", "use cases"),
    ),
    Chapter(
        "downstream_use",
        "Downstream Use",
        3,
        "What may be built on it or tuned from it.",
        synonyms=("downstream uses",),
    ),
    Chapter(
        "out_of_scope",
        "Out-of-Scope Use",
        3,
        "What it must not be used for, and will not work for.",
        5,
        ("out-of-scope uses", "out of scope use", "out of scope", "misuse", "prohibited uses"),
    ),
    Chapter(
        "limitations",
        "Bias, Risks, and Limitations",
        2,
        "Where it fails, whom it may harm.",
        8,
        (
            "limitations",
            "limitations and bias",
            "limitations and biases",
            "bias, risks and limitations",
            "risks and limitations",
            "known limitations",
            "bias",
        ),
    ),
    Chapter(
        "recommendations",
        "Recommendations",
        3,
        "How users should deal with the limitations.",
    ),
    Chapter(
        "ethics",
        "Ethical Considerations",
        2,
        "Sensitive data, effects on people, what was done about them.",
        5,
        ("ethical considerations and limitations", "ethics"),
    ),
    Chapter(
        "how_to_start",
        "How to Get Started with the Model",
        2,
        "Code that loads the model and predicts.",
        synonyms=("how to get started", "getting started", "how to use", "usage", "quickstart"),
    ),
    Chapter(None, "Training Details", 2),
    Chapter(
        "training_data",
        "Training Data",
        3,
        "Which data, from where, how it was cleaned, what is missing in it.",
        8,
        ("training and evaluation data", "training dataset", "datasets", "dataset", "data"),
    ),
    Chapter(
        "training_procedure",
        "Training Procedure",
        3,
        "Preprocessing, hyperparameters, how long it ran.",
        5,
        ("training details", "training"),
    ),
    Chapter(None, "Evaluation", 2),
    Chapter(
        "evaluation_data",
        "Testing Data",
        3,
        "On which data it was measured.",
        5,
        (
            "testing data, factors & metrics",
            "testing data, factors and metrics",
            "evaluation data",
            "test data",
        ),
    ),
    Chapter(
        "factors",
        "Factors",
        3,
        "By what the results are told apart: groups, regions, devices.",
    ),
    Chapter(
        "metrics",
        "Metrics",
        3,
        "Which figures were taken, and why these.",
        3,
        ("evaluation metrics",),
    ),
    Chapter(
        "results",
        "Results",
        3,
        "What came out.",
        3,
        ("evaluation", "evaluation results", "performance", "benchmarks", "training results"),
    ),
    Chapter("subgroups", "Subgroup Performance", 3, "How it does on each group of the data.", 1),
    Chapter(
        "environmental_impact",
        "Environmental Impact",
        2,
        "What training took: hardware, hours, kg of CO2.",
        1,
        ("carbon emissions", "carbon footprint"),
    ),
    Chapter(
        "citation",
        "Citation",
        2,
        "How to cite it.",
        synonyms=("citation information", "bibtex entry and citation info", "cite", "citing"),
    ),
    Chapter(
        "owners",
        "Model Card Authors",
        2,
        "Who answers for the model.",
        1,
        ("authors", "model card author"),
    ),
    Chapter(
        "contacts",
        "Model Card Contact",
        2,
        "Where to turn to.",
        1,
        ("contact", "contacts"),
    ),
    Chapter("more", "More Information", 2, "What else readers should know."),
)

LIST_TITLES: Final = {
    "developed by": "developed_by",
    "funded by": "funded_by",
    "shared by": "shared_by",
    "model type": "model_type",
    "language(s) (nlp)": "languages",
    "language(s)": "languages",
    "languages": "languages",
    "language": "languages",
    "license": "licence",
    "licence": "licence",
    "finetuned from model": "base_model",
    "finetuned from": "base_model",
    "base model": "base_model",
    "review by": "review_by",
    "hardware type": "hardware",
    "hardware": "hardware",
    "hours used": "hours",
    "hours": "hours",
    "cloud provider": "provider",
    "compute region": "region",
    "carbon emitted": "co2_kg",
    "energy used": "energy_kwh",
}
"""What stands in bold before the colon in a list -> the card's field, or the impact's."""

TITLES: Final = {chapter.field: chapter.title for chapter in CHAPTERS if chapter.field}

_BY_NAME: Final = {
    name: chapter
    for chapter in reversed(CHAPTERS)
    for name in (*chapter.synonyms, chapter.title.lower())
}
_SYNONYMS: Final = {
    name: chapter for chapter in CHAPTERS for name in chapter.synonyms
}  # these win: the text right under "Uses" is about the intended use


def plain_name(title: str) -> str:
    """A heading or a list's title without what decorates it, in lower case."""
    title = re.sub(r"[*_`#:\[\]]|\((?:optional)\)|\[optional\]", "", title.lower())
    title = re.sub(r"\boptional\b|^\s*\d+(?:\.\d+)*[.)]?\s+", "", title.strip())
    return " ".join(re.sub(r"^[^\w(]+|[^\w)]+$", "", title).split())


def chapter_named(title: str) -> Chapter | None:
    """The chapter that goes by this title, whatever decorates it."""
    name = plain_name(title)
    return _SYNONYMS.get(name) or _BY_NAME.get(name)
