"""A model's state as plain values and back, in blocks, so that no part grows without bound."""

from collections.abc import Iterable, Iterator
from typing import Any

from immutables import Map

from rollbook.domain.state import Model, Version

SCHEMA = 1
"""Raised when the layout changes: a snapshot of another schema is not used."""

BLOCK = 500
"""Versions per block."""


def head(model: Model) -> dict[str, Any]:
    """Everything but the versions."""
    return {
        "registered": model.registered,
        "description": model.description,
        "tags": dict(model.tags),
        "aliases": dict(model.aliases),
        "environments": dict(model.environments),
    }


def blocks(model: Model) -> Iterator[list[list[Any]]]:
    """The versions in order of number, `BLOCK` at a time."""
    for first in range(1, len(model.versions) + 1, BLOCK):
        last = min(first + BLOCK, len(model.versions) + 1)
        yield [_row(model.versions[number]) for number in range(first, last)]


def restore(head: dict[str, Any], blocks: Iterable[list[list[Any]]]) -> Model:
    """The model that `head` and `blocks` were made from."""
    rows = (row for block in blocks for row in block)
    versions = Map(
        (number, Version(digest, archived, description, Map(tags), key))
        for number, (digest, archived, description, tags, key) in enumerate(rows, start=1)
    )
    return Model(
        registered=head["registered"],
        description=head["description"],
        tags=Map(head["tags"]),
        versions=versions,
        keys=Map((v.idempotency_key, n) for n, v in versions.items() if v.idempotency_key),
        aliases=Map(head["aliases"]),
        environments=Map((e, tuple(places)) for e, places in head["environments"].items()),
    )


def _row(version: Version) -> list[Any]:
    return [
        version.digest,
        version.archived,
        version.description,
        dict(version.tags),
        version.idempotency_key,
    ]
