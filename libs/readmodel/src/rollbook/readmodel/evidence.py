"""What a decision to promote rests on now, as the read models know it; not a table of its own."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any, TypeAlias

from rollbook.domain.evidence import evidence
from rollbook.readmodel.database import Db

Ask: TypeAlias = tuple[str, int, str]
"""Model, version and environment."""


@dataclass(frozen=True, slots=True, kw_only=True)
class EvidenceRow:
    """The ingredients of the digest on which a signature is given."""

    model: str
    version: int
    environment: str
    artifact: str
    """Digest of the artifact."""
    verdict: str
    """Digest of the gates' last verdict; empty: there is none."""
    evaluated: str
    """Digest that pins the evaluations since registration; empty: there are none."""
    card: str
    """Digest of the card; empty: there is none."""
    documents: tuple[str, ...]
    """Digests of the links to documents."""
    properties: dict[str, Any]
    serving: int | None
    """What stands in the environment."""
    risk: str | None
    digest: str
    """`sha256:…` over all of it, just as the command service makes it."""


async def now(db: Db, asks: Collection[Ask]) -> dict[Ask, EvidenceRow]:
    """The evidence for each of `asks` whose version is there."""
    if not asks:
        return {}
    rows = await db.fetch(
        "SELECT k.model, k.version, k.environment, v.digest AS artifact,"
        " coalesce(v.verdict, '') AS verdict, coalesce(v.evaluated, '') AS evaluated,"
        " coalesce(v.card_digest, '') AS card, v.documents, v.properties,"
        " e.version AS serving, m.risk"
        " FROM unnest($1::text[], $2::int[], $3::text[]) k (model, version, environment)"
        " JOIN versions v ON (v.model, v.version) = (k.model, k.version)"
        " JOIN models m ON m.key = k.model"
        " LEFT JOIN environments e ON (e.model, e.environment) = (k.model, k.environment)"
        "   AND e.until_off IS NULL",
        *map(list, zip(*asks, strict=True)),
    )
    return {(row["model"], row["version"], row["environment"]): _row(row) for row in rows}


async def of(db: Db, key: str, version: int, environment: str) -> EvidenceRow | None:
    """The evidence on which the version would be promoted now; None when it is not there."""
    ask = key, version, environment
    return (await now(db, [ask])).get(ask)


def _row(found: Any) -> EvidenceRow:
    values = dict(found)
    documents = tuple(values.pop("documents"))
    return EvidenceRow(
        **values,
        documents=documents,
        digest=evidence(
            version=values["version"],
            digest=values["artifact"],
            verdict=values["verdict"],
            evaluated=values["evaluated"],
            card=values["card"],
            documents=documents,
            properties=values["properties"],
            environment=values["environment"],
            serving=values["serving"],
            risk=values["risk"],
        ),
    )
