"""Rows as the tables hold them, a while after their deadlines."""

from datetime import UTC, datetime, timedelta
from typing import Any

from rollbook.domain.lineage import Artifact, Lineage
from rollbook.eventlog.position import Position
from rollbook.readmodel.requests import RequestRow
from rollbook.readmodel.versions import VersionRow

NOW = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)


def card(model: str = "team/churn", version: int = 1, **changes: Any) -> VersionRow:
    """A version whose card should have been reviewed yesterday."""
    given = {"card_revision": 1, "review_by": NOW - DAY, **changes}
    return VersionRow(
        model=model,
        version=version,
        artifact=Artifact(uri="s3://b/m", digest=f"sha256:{'a' * 64}"),
        metrics={},
        params={},
        tags={},
        lineage=Lineage(),
        signature=None,
        description="",
        idempotency_key=None,
        position=Position(0, version),
        created_at=NOW - 30 * DAY,
        created_by="pia",
        updated_at=NOW - 30 * DAY,
        **given,
    )


def request(model: str = "team/churn", number: int = 1, **changes: Any) -> RequestRow:
    """A request that should have been escalated yesterday and expires tomorrow."""
    given = {"expires_at": NOW + DAY, "escalates_at": NOW - DAY, **changes}
    return RequestRow(
        model=model,
        request=number,
        version=1,
        environment="production",
        replaces=None,
        reason="better",
        rollback_plan="",
        risk="limited",
        quorum={"approver": 1},
        missing={"approver": 1},
        evidence="sha256:" + "b" * 64,
        rules=1,
        position=Position(0, 10 + number),
        requested_at=NOW - 2 * DAY,
        requested_by="pia",
        **given,
    )
