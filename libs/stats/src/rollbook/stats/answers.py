"""What is answered: an outcome, and the numbers that it stands on."""

from dataclasses import dataclass
from enum import StrEnum


class Outcome(StrEnum):
    """Where the interval lies."""

    BREACHED = "breached"
    """All of it beyond the bar."""
    PASSED = "passed"
    """All of it on the better side."""
    INCONCLUSIVE = "inconclusive"
    NO_DATA = "no_data"
    ERROR = "error"
    """What was measured cannot be what was asked for."""


@dataclass(frozen=True, slots=True)
class Sample:
    """What one arm shows."""

    n: int
    """Rows in the steps that were looked at."""
    value: float | None


@dataclass(frozen=True, slots=True)
class Answer:
    """Of one look. The numbers are finite, and missing where there is no interval."""

    outcome: Outcome
    why: str
    candidate: Sample
    baseline: Sample | None
    """None where the candidate is held against a limit."""
    difference: float | None
    """The candidate's value less the baseline's; None against a limit."""
    low: float | None
    """Of the difference; of the candidate's own value against a limit."""
    high: float | None
    bar: float | None
    """What the interval is held against, in the unit of the metric."""
    alpha: float
