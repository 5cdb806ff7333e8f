"""The commands behind the golden examples, the life of one model; append only, like them."""

from datetime import UTC, datetime, timedelta
from uuid import UUID, uuid5

from rollbook.domain.aliases import RemoveAlias, SetAlias
from rollbook.domain.catalog import DescribeModel, RegisterModel, TagModel, UntagModel
from rollbook.domain.environments import PromoteVersion, RollBackVersion
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Signature
from rollbook.domain.model import ModelCommand
from rollbook.domain.versions import (
    ArchiveVersion,
    DescribeVersion,
    RegisterVersion,
    TagVersion,
    UntagVersion,
)
from rollbook.eventlog.envelope import CommandEnvelope

MODEL = "fraud/card-approval"
BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)
IDS = UUID("b1b0a8f2-5c0f-5d3a-9f44-2f0d8a3b7c55")


def _digest(digit: str) -> str:
    return "sha256:" + digit * 64


FULL = RegisterVersion(
    artifact=Artifact(
        uri="s3://models/fraud/card-approval/run-4711/model.skops",
        digest=_digest("a"),
        size=1_482_113,
        format="skops",
    ),
    metrics={"auc": 0.931, "auc/slice:new-customers": 0.902, "latency_p95_ms": 11.5},
    params={"max_depth": "6", "learning_rate": "0.1"},
    tags={"owner": "risk-team"},
    lineage=Lineage(
        run_id="run-4711",
        code_uri="https://git.example.com/risk/fraud",
        code_commit="6f0c2d1e8b7a49c5b1d0f3e2a4c6978b5d3e1f20",
        datasets=(
            Dataset(uri="s3://data/cards/2025-12/train", digest=_digest("b")),
            Dataset(uri="s3://data/cards/2025-12/test", digest=_digest("c"), role="test"),
        ),
        environment={"python": "3.11.7", "scikit-learn": "1.7.2"},
    ),
    signature=Signature(
        inputs=({"name": "amount", "type": "double"}, {"name": "country", "type": "string"}),
        outputs=({"name": "fraud", "type": "double"},),
    ),
    description="Gradient boosting on December's transactions.",
    idempotency_key="run-4711",
)
PROMOTED = PromoteVersion(version=1)

STEPS: tuple[ModelCommand, ...] = (
    RegisterModel(description="Approves card payments.", tags={"team": "risk", "tier": "1"}),
    FULL,
    RegisterVersion(
        artifact=Artifact(uri="s3://models/fraud/run-4802/model.onnx", digest=_digest("d"))
    ),
    DescribeModel(description="Approves or declines card payments in real time."),
    TagModel(tags={"tier": "0", "pager": "risk-on-call"}),
    UntagModel(keys=("pager",)),
    DescribeVersion(version=2, description="The same, exported for the edge."),
    TagVersion(version=2, tags={"reviewed-by": "ada", "ticket": "RISK-88"}),
    UntagVersion(version=2, keys=("ticket",)),
    PROMOTED,
    PromoteVersion(version=2),
    RollBackVersion(reason="false declines doubled within an hour"),
    SetAlias(alias="champion", version=2),
    SetAlias(alias="champion", version=1),
    SetAlias(alias="challenger", version=2),
    RemoveAlias(alias="challenger"),
    ArchiveVersion(version=2, reason="replaced before it served a week"),
    SetAlias(alias="champion", version=1),  # already so
    PromoteVersion(version=9),  # refused
    PROMOTED,  # sent again
)

REPEATS = {19: 9}
"""Step -> the step whose command id it repeats."""


def command_id(step: int) -> str:
    """The command id of a step."""
    return str(uuid5(IDS, str(REPEATS.get(step, step))))


def time_of(step: int) -> datetime:
    """When the service decides the step's command."""
    return BEGAN + timedelta(minutes=7 * (step + 1))


def envelope(step: int) -> CommandEnvelope:
    """The step's command as a pipeline would send it; some say more than they must."""
    return CommandEnvelope(
        id=command_id(step),
        model=MODEL,
        command=STEPS[step],
        source="/pipelines/fraud-nightly",
        actor="ada@example.com",
        expected_seq=10 if step == 10 else None,
        correlation_id="release-2026-01" if step in {10, 11} else None,
        causation_id="alarm-17" if step == 11 else None,
        traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
        if step == 1
        else None,
    )
