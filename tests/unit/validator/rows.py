"""Versions as the tables hold them, and policies as the log has them."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rollbook.domain.lineage import Artifact, Lineage
from rollbook.eventlog.position import Position
from rollbook.readmodel.versions import VersionRow
from rollbook.validator.handlers import Occasion, Why

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
GATE = {"gate": "accurate", "kind": "metric", "metric": "accuracy", "least": 0.9}


def version(**changes: Any) -> VersionRow:
    """A version that nobody has looked at."""
    given: dict[str, Any] = {"model": "team/churn", "version": 1, "created_at": NOW, **changes}
    return VersionRow(
        artifact=Artifact(uri="s3://b/m", digest=f"sha256:{'a' * 64}"),
        metrics={},
        params={},
        tags={},
        lineage=Lineage(),
        signature=None,
        description="",
        idempotency_key=None,
        position=Position(0, 7),
        created_by="pia",
        updated_at=NOW,
        **given,
    )


def occasion(why: Why = Why.REGISTERED, **changes: Any) -> Occasion:
    """A reason to look at the version."""
    given = {"model": "team/churn", "version": 1, "position": Position(0, 7), **changes}
    return Occasion(why, **given)


def saved(policy: str = "release", version: int = 1, **document: Any) -> dict[str, Any]:
    """What `PolicySaved` says."""
    return {"policy": policy, "version": version, "document": {"gates": [GATE], **document}}
