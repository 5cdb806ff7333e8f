"""Cards that the tests share."""

from datetime import UTC, datetime

from rollbook.cards.about import About
from rollbook.domain.cards import Card, Impact, Subgroup
from rollbook.domain.evaluations import Measure

ABOUT = About("payments/fraud", 3, "1.2.0")

FULL = Card(
    summary="Scores card payments.\n\nHigher is *worse*.",
    owners=("Ada <ada@example.org>", "personal:6f1f8a52-3b7b-4a5e-9d0a-6f6f2a0c9b11"),
    contacts=("risk@example.org",),
    developed_by="Risk_Team [core]",
    funded_by="Acme",
    model_type="gradient boosting",
    languages=("en", "no"),
    licence="Apache-2.0",
    base_model="acme/base",
    tags=("fraud", "tabular", "on", "1e5"),
    references=("https://example.org/paper?a=1&b=2", "doi:10.1000/182"),
    citation="**BibTeX:**\n\n```\n@misc{fraud}\n```",
    intended_use="Holding back payments for people to look at.",
    downstream_use="Features of the case tool.",
    out_of_scope="Judging people.",
    how_to_start="```python\n# Results\nload()\n```",
    training_data="Two years of payments.\n\n##### Cleaning\n\nDuplicates went.",
    training_procedure="Boosting.\n\n| depth | rate |\n| --- | --- |\n| 8 | 0.1 |",
    evaluation_data="A later month.",
    factors="Country.",
    metrics="AUC, since fraud is rare.",
    results="AUC of 0.91.",
    subgroups=(
        Subgroup(
            slice={"country": "DE", "channel": "web | app"},
            metrics={
                "auc": Measure(value=0.9, low=0.88, high=0.93, confidence=0.95),
                "recall": Measure(value=0.5),
            },
            samples=12_000,
        ),
        Subgroup(slice={"country": "NO"}, metrics={"auc": Measure(value=0.1 + 0.2)}),
    ),
    limitations="Young accounts score too high.",
    recommendations="Ask a person.",
    ethics="Nobody is refused by a machine alone.",
    environmental_impact=Impact(
        co2_kg=12.345, energy_kwh=40, hours=3.5, hardware="1 x A100", provider="x", region="eu"
    ),
    review_by=datetime(2030, 1, 31, tzinfo=UTC),
    more="##### Glossary\n\nA *chargeback* is money taken back.",
)
