"""The commands behind the golden examples; append only, like them."""

from datetime import datetime
from itertools import accumulate
from uuid import UUID, uuid5

from rollbook.domain.aliases import RemoveAlias, SetAlias
from rollbook.domain.catalog import DescribeModel, RegisterModel, TagModel, UntagModel
from rollbook.domain.environments import PromoteVersion, RollBackVersion
from rollbook.domain.lineage import Artifact, Dataset, Lineage, Signature
from rollbook.domain.versions import (
    ArchiveVersion,
    DescribeVersion,
    RegisterVersion,
    TagVersion,
    UntagVersion,
)
from rollbook.eventlog.envelope import CommandEnvelope
from tests.contracts.governed import GOVERNED
from tests.contracts.step import BEGAN, Step, digest

IDS = UUID("b1b0a8f2-5c0f-5d3a-9f44-2f0d8a3b7c55")

FULL = RegisterVersion(
    artifact=Artifact(
        uri="s3://models/fraud/card-approval/run-4711/model.skops",
        digest=digest("a"),
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
            Dataset(uri="s3://data/cards/2025-12/train", digest=digest("b")),
            Dataset(uri="s3://data/cards/2025-12/test", digest=digest("c"), role="test"),
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

UNGOVERNED = (
    Step(RegisterModel(description="Approves card payments.", tags={"team": "risk", "tier": "1"})),
    Step(FULL, traceparent="00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"),
    Step(
        RegisterVersion(
            artifact=Artifact(uri="s3://models/fraud/run-4802/model.onnx", digest=digest("d"))
        )
    ),
    Step(DescribeModel(description="Approves or declines card payments in real time.")),
    Step(TagModel(tags={"tier": "0", "pager": "risk-on-call"})),
    Step(UntagModel(keys=("pager",))),
    Step(DescribeVersion(version=2, description="The same, exported for the edge.")),
    Step(TagVersion(version=2, tags={"reviewed-by": "ada", "ticket": "RISK-88"})),
    Step(UntagVersion(version=2, keys=("ticket",))),
    Step(PROMOTED),
    Step(PromoteVersion(version=2), expected_seq=10, correlation_id="release-2026-01"),
    Step(
        RollBackVersion(reason="false declines doubled within an hour"),
        correlation_id="release-2026-01",
        causation_id="alarm-17",
    ),
    Step(SetAlias(alias="champion", version=2)),
    Step(SetAlias(alias="champion", version=1)),
    Step(SetAlias(alias="challenger", version=2)),
    Step(RemoveAlias(alias="challenger")),
    Step(ArchiveVersion(version=2, reason="replaced before it served a week")),
    Step(SetAlias(alias="champion", version=1)),  # already so
    Step(PromoteVersion(version=9)),  # refused
    Step(PROMOTED, repeats=9),
)
"""A model that nothing governs."""

STEPS = (*UNGOVERNED, *GOVERNED)
WAITS = tuple(accumulate(step.wait for step in STEPS))


def command_id(number: int) -> str:
    """The command id of a step."""
    repeats = STEPS[number].repeats
    return str(uuid5(IDS, str(repeats if repeats is not None else number)))


def time_of(number: int) -> datetime:
    """When the service decides the step's command."""
    return BEGAN + WAITS[number]


def envelope(number: int) -> CommandEnvelope:
    """The step's command as its sender sends it."""
    step = STEPS[number]
    return CommandEnvelope(
        id=command_id(number),
        model=step.stream,
        command=step.command,
        source="/pipelines/fraud-nightly",
        actor=step.actor,
        expected_seq=step.expected_seq,
        correlation_id=step.correlation_id,
        causation_id=step.causation_id,
        traceparent=step.traceparent,
        origin=step.origin,
        origin_time=step.origin_time,
    )
