"""One step of the scenario: who sends which command to which stream, and when."""

from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from rollbook.domain.streams import StreamCommand

BEGAN = datetime(2026, 1, 5, 9, 0, tzinfo=UTC)

NAMESPACE = "fraud"
MODEL = f"{NAMESPACE}/card-approval"

ADA = "ada@example.com"
"""Trains the model."""


class Step(NamedTuple):
    """A command as a pipeline would send it; some say more than they must."""

    command: StreamCommand
    actor: str = ADA
    stream: str = MODEL
    wait: timedelta = timedelta(minutes=7)
    """How long after the step before it is decided."""
    repeats: int | None = None
    """The step whose command id it has."""
    expected_seq: int | None = None
    correlation_id: str | None = None
    causation_id: str | None = None
    traceparent: str | None = None
    origin: str | None = None
    origin_time: datetime | None = None


def digest(digit: str) -> str:
    """A digest that nobody takes for a real one."""
    return "sha256:" + digit * 64
