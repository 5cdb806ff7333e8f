"""What a decision to promote rests on, as one digest that a person can have seen or not."""

from collections.abc import Iterable, Mapping
from hashlib import sha256
from typing import Any

from pydantic_core import to_json

from rollbook.domain.state import Model


def evidence(
    *,
    version: int,
    digest: str,
    verdict: str,
    evaluated: str,
    card: str,
    documents: Iterable[str],
    properties: Mapping[str, Any],
    environment: str,
    serving: int | None,
    risk: str | None,
) -> str:
    """`sha256:…` over what stands against `environment`: another digest means other facts.

    The registered facts need not be in it: a version's number names them for good.
    """
    facts = [version, digest, verdict, evaluated, card, sorted(documents)]
    named = sorted(properties.items())
    return "sha256:" + sha256(to_json([*facts, named, environment, serving, risk])).hexdigest()


def evidence_of(state: Model, number: int, environment: str) -> str:
    """The evidence on which version `number` would be promoted now."""
    version = state.versions[number]
    return evidence(
        version=number,
        digest=version.digest,
        verdict=version.review.verdict,
        evaluated=version.review.evaluated,
        card=version.review.card,
        documents=version.review.documents,
        properties=version.properties,
        environment=environment,
        serving=state.serving(environment),
        risk=state.risk,
    )
