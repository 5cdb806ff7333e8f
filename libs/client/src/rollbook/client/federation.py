"""One search in several registries at once."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from itertools import chain
from typing import Any

from rollbook.client.errors import Invalid, Refused, Unavailable
from rollbook.client.registry import Registry
from rollbook.client.results import Version
from rollbook.client.session import AsOf

MOST = 32
"""Registries that are asked at the same time."""
NEWEST = "-created"


@dataclass(frozen=True, slots=True)
class Hit:
    """A version with the registry that it stands in."""

    registry: str
    """Its URL."""
    version: Version


@dataclass(frozen=True, slots=True)
class Federated:
    """What several registries answered."""

    hits: Sequence[Hit]
    """In one order, as if it were one registry."""
    counts: Mapping[str, int]
    """Registry -> how many it found; at least so many, where counting ends at a limit."""
    silent: Mapping[str, str]
    """Registry -> why there is nothing of it here."""


def search_all(
    registries: Iterable[str],
    query: str,
    *,
    order: str = NEWEST,
    limit: int = 100,
    as_of: AsOf = None,
    token: str | None = None,
    actor: str | None = None,
    timeout: float = 10.0,  # nothing here is asynchronous
) -> Federated:
    """The first `limit` versions that a query finds in all registries together.

    Each registry is asked in a thread of its own, has `timeout` seconds, and gets the same token:
    name only those that may see it. Those that do not answer, or do not understand the query, are
    named in `silent`; `Invalid` when none understands it.
    """
    urls = tuple(dict.fromkeys(registries))

    def ask(url: str) -> tuple[list[Version], int] | Invalid | Refused | Unavailable:
        try:
            with Registry(url, token=token, actor=actor, timeout=timeout) as registry:
                found = registry.search(query, order=order, limit=limit, as_of=as_of)
                rows = list(found)
        except (Invalid, Refused, Unavailable) as error:
            return error
        return rows, max(found.counted.rows if found.counted else 0, len(rows))

    with ThreadPoolExecutor(max(1, min(MOST, len(urls)))) as threads:
        answers = dict(zip(urls, threads.map(ask, urls), strict=True))
    told = {url: answer for url, answer in answers.items() if isinstance(answer, tuple)}
    silent = {url: answer for url, answer in answers.items() if not isinstance(answer, tuple)}
    wrong = [error for error in silent.values() if isinstance(error, Invalid)]
    if wrong and not told:
        raise wrong[0]
    ranked = [[Hit(url, version) for version in rows] for url, (rows, _) in told.items()]
    return Federated(
        tuple(_merged(ranked, order))[:limit],
        {url: count for url, (_, count) in told.items()},
        {url: error.message for url, error in silent.items()},
    )


def _merged(ranked: Sequence[Sequence[Hit]], order: str) -> Iterator[Hit]:
    field = order.removeprefix("-")
    every = [(value(hit.version, field), hit) for hit in chain(*ranked)]
    having = [pair for pair in every if pair[0] is not None]
    having.sort(key=lambda pair: pair[0], reverse=order.startswith("-"))
    return (hit for _, hit in chain(having, (pair for pair in every if pair[0] is None)))


def value(version: Version, field: str) -> Any:
    """What a version has in a field that searches are ordered by; None: nothing."""
    match field.partition("."):
        case "metrics", _, name:
            return version.metrics.get(name.strip('"'))
        case "size", _, _:
            return version.artifact.get("size")
        case "trained", _, _:
            return _trained(version)
        case "review_by", _, _:
            return version.review_by
        case "updated", _, _:
            return version.updated_at
        case _:
            return version.created_at


def _trained(version: Version) -> datetime | None:
    runtime = version.lineage.get("runtime") or {}
    return datetime.fromisoformat(runtime["started_at"]) if runtime.get("started_at") else None
