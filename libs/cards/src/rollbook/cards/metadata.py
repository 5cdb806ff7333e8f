"""The front matter of a Hugging Face README: what it says in terms of a card."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import quote

from pydantic import ValidationError

from rollbook.cards.licences import to_spdx
from rollbook.cards.markdown import escaped
from rollbook.cards.plain import Document, Plain
from rollbook.cards.problems import Place, problems_of, unreadable
from rollbook.domain.cards import Subgroup
from rollbook.domain.evaluations import Evaluation

_TAGGED: Final = ("library_name", "pipeline_tag")
"""Hugging Face shows these as tags too."""
_TAKEN: Final = frozenset(
    {
        "license",
        "license_name",
        "license_link",
        "language",
        "tags",
        "base_model",
        "metrics",
        "datasets",
        "model-index",
        "co2_eq_emissions",
        *_TAGGED,
    }
)


@dataclass
class Metadata:
    """What front matter says."""

    fields: dict[str, object] = field(default_factory=dict)
    instead: dict[str, str] = field(default_factory=dict)
    """Words for chapters that the README itself does not have."""
    impact: dict[str, object] = field(default_factory=dict)
    references: tuple[str, ...] = ()
    subgroups: tuple[Subgroup, ...] = ()
    evaluations: tuple[Evaluation, ...] = ()
    results: str = ""
    """The results on whole data sets, as a table in Markdown."""
    notes: tuple[str, ...] = ()
    lines: dict[str, int] = field(default_factory=dict)


def read_metadata(document: Document) -> Metadata:
    """What the front matter says; `Unreadable` where it breaks its own format."""
    found = Metadata()
    if document.value is None:
        return found
    if not isinstance(document.value, dict):
        raise unreadable("front matter must be names and values", line=document.line(()))
    front = _Front(document, document.value)
    tags = front.texts("tags") + tuple(t for key in _TAGGED for t in front.texts(key))
    found.fields = {
        "languages": front.texts("language"),
        "tags": tuple(dict.fromkeys(tags)),
        "base_model": ", ".join(front.texts("base_model")),
        "licence": _licence(front),
    }
    found.references = tuple(link for link in front.texts("license_link") if ":" in link)
    places = {"languages": "language", "licence": "license"}
    found.lines = {name: front.line(places.get(name, name)) for name in found.fields}
    if datasets := front.texts("datasets"):
        found.instead["training_data"] = "\n".join(f"- {escaped(name)}" for name in datasets)
    found.impact = _impact(front)
    found.lines["environmental_impact"] = front.line("co2_eq_emissions")
    _read_index(front, found)
    if not found.subgroups and (names := front.texts("metrics")):
        found.instead["metrics"] = "\n".join(f"- {escaped(name)}" for name in names)
    found.notes = tuple(
        f"front matter: {name!r} has no place in a card" for name in front.values.keys() - _TAKEN
    )
    found.notes = tuple(sorted(found.notes))
    return found


class _Front:
    def __init__(self, document: Document, values: dict[str, Plain]) -> None:
        self.values = values
        self._document = document

    def line(self, *place: str | int) -> int:
        return self._document.line(place) or 1

    def texts(self, name: str) -> tuple[str, ...]:
        """One text or a list of them."""
        value = self.values.get(name)
        if value is None:
            return ()
        found = []
        for i, part in enumerate(value if isinstance(value, list) else [value]):
            if part is None or part == "":
                continue
            if isinstance(part, (list, dict)):
                line = self.line(name, i)
                raise unreadable("must be text or a list of texts", line=line, field=name)
            found.append(str(part))
        return tuple(found)


def _licence(front: _Front) -> str | None:
    names = front.texts("license")
    if names and names[0] != "other":
        return to_spdx(names[0]) if len(names) == 1 else " OR ".join(map(to_spdx, names))
    return next(iter(front.texts("license_name") or names), None)


def _impact(front: _Front) -> dict[str, object]:
    value = front.values.get("co2_eq_emissions")
    if value is None:
        return {}
    given = value if isinstance(value, dict) else {"emissions": value}
    grams = given.get("emissions")
    found: dict[str, object] = {}
    try:
        if grams is not None:
            found["co2_kg"] = float(str(grams)) / 1000
    except ValueError:
        raise unreadable(
            "must be grams, as a number",
            line=front.line("co2_eq_emissions", "emissions"),
            field="co2_eq_emissions.emissions",
        ) from None
    for theirs, ours in (("hardware_used", "hardware"), ("geographical_location", "region")):
        if text := given.get(theirs):
            found[ours] = str(text)
    return found


def _read_index(front: _Front, found: Metadata) -> None:
    subgroups: list[Subgroup] = []
    evaluations: list[Evaluation] = []
    rows: list[tuple[str, str, str, str]] = []
    for place, result in _results(front):
        line = front.line(*place)
        data = _mapping(result.get("dataset"))
        args = _mapping(data.get("args"))
        measures: dict[str, dict[str, Plain]] = {}
        for metric in _mappings(result.get("metrics")):
            name = str(metric.get("type" if "slice" in args else "name") or metric.get("type"))
            value = metric.get("value")
            split = str(data.get("split") or "test")
            rows.append((str(data.get("name") or data.get("type")), split, name, str(value)))
            interval = {k: v for k, v in _mapping(metric.get("args")).items() if k in _INTERVAL}
            if isinstance(value, (int, float)) and not isinstance(value, bool):
                measures[name] = {"value": value, **(interval if "slice" in args else {})}
        if not measures:
            continue
        try:
            if data.get("type") == "slice" and isinstance(args.get("slice"), dict):
                raw = {"slice": args["slice"], "metrics": measures, "samples": args.get("samples")}
                subgroups.append(Subgroup.model_validate(raw))
                del rows[-len(measures) :]
            else:
                evaluations.append(_evaluation(result, data, measures))
        except ValidationError as error:
            raise problems_of(error, lambda _, line=line: line, ()) from None  # type: ignore[misc]
    found.subgroups, found.evaluations = tuple(subgroups), tuple(evaluations)
    if rows:
        table = [("Dataset", "Split", "Metric", "Value"), ("---",) * 4]
        cells = (*table, *(tuple(escaped(cell) for cell in row) for row in rows))
        found.results = "\n".join(f"| {' | '.join(row)} |" for row in cells)


_INTERVAL: Final = ("low", "high", "confidence")


def _evaluation(
    result: Mapping[str, Plain], data: Mapping[str, Plain], measures: dict[str, dict[str, Plain]]
) -> Evaluation:
    name = str(data.get("type") or "unknown")
    words = [str(part) for part in (_mapping(result.get("task")).get("name"), data.get("name"))]
    raw: dict[str, object] = {
        "metrics": measures,
        "split": str(data.get("split") or "test"),
        "dataset": {
            "uri": f"https://huggingface.co/datasets/{quote(name)}",
            "role": "test",
        },
        "scorer": "model-index of README.md",
        "note": ": ".join(word for word in words if word != "None"),
    }
    if config := data.get("config"):
        raw["slice"] = {"config": str(config)}
    return Evaluation.model_validate(raw)


def _results(front: _Front) -> Iterator[tuple[Place, dict[str, Plain]]]:
    index = front.values.get("model-index")
    if index is None:
        return
    if not isinstance(index, list):
        raise unreadable("must be a list", line=front.line("model-index"), field="model-index")
    for i, model in enumerate(index):
        results = _mapping(model).get("results")
        for j, result in enumerate(results if isinstance(results, list) else ()):
            place = ("model-index", i, "results", j)
            if not isinstance(result, dict):
                raise unreadable(
                    "must be names and values",
                    line=front.line(*place),
                    field=".".join(map(str, place)),
                )
            yield place, result


def _mapping(value: Plain) -> dict[str, Plain]:
    return value if isinstance(value, dict) else {}


def _mappings(value: Plain) -> Iterable[dict[str, Plain]]:
    return [part for part in value if isinstance(part, dict)] if isinstance(value, list) else []
