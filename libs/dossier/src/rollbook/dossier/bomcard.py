"""What CycloneDX calls the model card: parameters, figures, and what to consider."""

from collections.abc import Iterator, Sequence
from typing import Any

from rollbook.cards.markdown import impact_facts, slice_name
from rollbook.domain.cards import Card
from rollbook.domain.evaluations import Measure
from rollbook.dossier.pack import Pack

Json = dict[str, Any]


def model_card(pack: Pack, datasets: Sequence[str]) -> Json:
    """The card of a version; `datasets` are the references of its data."""
    version = pack.version
    card = pack.card.card if pack.card else Card()
    parameters: Json = {"datasets": [{"ref": ref} for ref in datasets]}
    if card.model_type:
        parameters["modelArchitecture"] = card.model_type
    if version.signature is not None:
        parameters["inputs"] = [{"format": _format(spec)} for spec in version.signature.inputs]
        parameters["outputs"] = [{"format": _format(spec)} for spec in version.signature.outputs]
    return {
        "bom-ref": "model-card",
        "modelParameters": parameters,
        "quantitativeAnalysis": {"performanceMetrics": list(_figures(pack, card))},
        "considerations": _considerations(card),
        "properties": list(_revision(pack)),
    }


def _format(specification: Json) -> str:
    return ", ".join(f"{name}: {value}" for name, value in specification.items())


def _figures(pack: Pack, card: Card) -> Iterator[Json]:
    for name, value in pack.version.metrics.items():
        yield {"type": name, "value": repr(value)}
    for row in pack.evaluations:
        found = row.evaluation
        parts = {"kind": found.kind, "split": found.split, **found.slice}
        for name, measure in found.metrics.items():
            yield _figure(name, measure, parts)
    for group in card.subgroups:
        for name, measure in group.metrics.items():
            yield _figure(name, measure, group.slice)


def _figure(name: str, measure: Measure, parts: dict[str, str]) -> Json:
    bounds = {"lowerBound": measure.low, "upperBound": measure.high}
    known = {bound: repr(value) for bound, value in bounds.items() if value is not None}
    return {
        "type": name,
        "value": repr(measure.value),
        "slice": slice_name(parts),
        **({"confidenceInterval": known} if known else {}),
    }


def _considerations(card: Card) -> Json:
    found: Json = {
        "useCases": _said(card.intended_use, card.downstream_use),
        "technicalLimitations": _said(card.limitations, card.out_of_scope),
        "ethicalConsiderations": [
            {"name": text, "mitigationStrategy": card.recommendations}
            for text in _said(card.ethics)
        ],
    }
    if card.environmental_impact:
        facts = impact_facts(card.environmental_impact)
        found["environmentalConsiderations"] = {
            "properties": [{"name": name, "value": value} for name, value in facts]
        }
    return {name: part for name, part in found.items() if part}


def _said(*texts: str) -> list[str]:
    return [text for text in texts if text.strip()]


def _revision(pack: Pack) -> Iterator[Json]:
    if pack.card is not None:
        yield {"name": "rollbook:card-revision", "value": str(pack.card.revision)}
        yield {"name": "rollbook:card-digest", "value": pack.card.digest}
        yield {"name": "rollbook:card-position", "value": pack.card.position}
