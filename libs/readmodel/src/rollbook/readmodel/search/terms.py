"""The terms of a version and of a model: `=field=value`, as the index holds them. Pure."""

from collections.abc import Iterable, Iterator, Mapping
from hashlib import sha256
from itertools import accumulate
from math import isfinite
from typing import Final

from rollbook.readmodel.database import storable
from rollbook.readmodel.models import ModelRow
from rollbook.readmodel.versions import VersionRow

LONGEST: Final = 500
KEPT: Final = 400
"""Characters of a term; of a longer one those that are kept, beside its digest. A lexeme has at
most 2046 bytes."""
MOST_PROSE: Final = 60_000
MOST_TERMS: Final = 100_000
"""Characters in which words are looked for, and those of all terms together: with four bytes each
they fit into the megabyte that a tsvector holds. What is beyond is not found."""


def head(name: str) -> str:
    """What the terms of a field begin with: no other field's do."""
    return f"={name.replace('=', _OTHER)}=" if "=" in name else f"={name}="


_OTHER: Final = "\x01"
"""What stands for a `=` in a name."""


def term(name: str, value: str) -> str:
    """A field with one of its values: whole, or its beginning with a digest."""
    whole = storable(head(name) + value)
    if len(whole) <= LONGEST:
        return whole
    return f"{whole[:KEPT]}…{sha256(whole.encode(errors='replace')).hexdigest()}"


def of_version(row: VersionRow) -> list[str]:
    """Everything of a version that a query compares with texts."""
    return _bounded(
        {
            "stage": row.stage,
            "created_by": row.created_by,
            "digest": row.artifact.digest,
            "card": _card(row),
            "label": row.label,
            "format": row.artifact.format,
            "origin": row.origin,
            "commit": row.lineage.code_commit,
            "run": row.lineage.run_id,
        },
        [
            *(("digest", variant.digest) for variant in row.variants),
            *(("card.section", section) for section in row.card_sections),
            *_lineage(row),
            *((f"tags.{name}", value) for name, value in sorted(row.tags.items())),
            *((f"properties.{name}", _said(value)) for name, value in row.properties.items()),
            *((f"params.{name}", value) for name, value in sorted(row.params.items())),
        ],
    )


def _bounded(single: Mapping[str, str | None], more: Iterable[tuple[str, str]]) -> list[str]:
    """Terms, as many as there is room for."""
    facts = [(name, value) for name, value in single.items() if value]
    found = dict.fromkeys([term(name, value) for name, value in (*facts, *more)])
    if sum(map(len, found)) <= MOST_TERMS:
        return list(found)
    ends = accumulate(map(len, found))
    return [term for term, end in zip(found, ends, strict=True) if end <= MOST_TERMS]


def _said(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _lineage(row: VersionRow) -> Iterator[tuple[str, str]]:
    lineage = row.lineage
    for dataset in lineage.datasets:
        yield "dataset", dataset.uri
        if dataset.digest:
            yield "dataset.digest", dataset.digest
    for feature in lineage.features:
        yield "feature", feature.name
    for parent in lineage.parents:
        yield "base", parent.model
    if (terms := row.terms) is not None:
        if terms.licence:
            yield "licence", terms.licence
        if terms.pii:
            yield "pii", terms.pii
        for use in terms.data_use:
            yield "data_use", use


def _card(row: VersionRow) -> str:
    if not row.card_revision:
        return "none"
    return "stale" if row.card_stale else "current"


def of_model(row: ModelRow) -> list[str]:
    """Everything of a model that a query compares with texts."""
    return _bounded(
        {
            "model": row.key,
            "namespace": row.namespace,
            "name": row.name,
            "owner": row.owner,
            "team": row.team,
            "risk": row.risk,
        },
        [(f"model.tags.{name}", value) for name, value in sorted(row.tags.items())],
    )


def numbers(row: VersionRow) -> dict[str, float]:
    """Everything of a version that a query compares with numbers, by the field's name."""
    found: dict[str, float] = {f"metrics.{k}": v for k, v in row.metrics.items() if isfinite(v)}
    for name, text in row.params.items():
        if text[-1:] in _ENDS and (number := _number(text)) is not None:
            found[f"params.{name}"] = number
    for name, value in row.properties.items():
        if isinstance(value, (int, float)) and not isinstance(value, bool) and isfinite(value):
            found[f"properties.{name}"] = float(value)
    return found


SEAM: Final = "\nthe the\n"
"""Words that no text is searched for: between two texts they keep phrases from going over it."""
_ENDS: Final = frozenset("0123456789.")


def _number(text: str) -> float | None:
    if len(text) > 50 or not text or text[-1] not in "0123456789.":
        return None
    try:
        number = float(text)
    except ValueError:
        return None
    return number if isfinite(number) else None


def prose(row: VersionRow) -> str:
    """The texts of a version in which words are looked for, besides its card."""
    tags = dict(sorted(row.tags.items()))  # jsonb does not keep their order
    said = (row.label or "", row.description, *tags, *tags.values())
    return storable(SEAM.join(filter(None, said)))[:MOST_PROSE]
