"""What is asked of two versions: which number, which way is better, and what it is held against."""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal, TypeAlias


class Better(StrEnum):
    """Which way a metric should go."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True)
class Quantile:
    """The value that a share of all rows does not exceed."""

    share: float
    bounds: Callable[[int], tuple[float, float]]
    """Between which values a bin lies; bins are numbered upwards."""


Statistic: TypeAlias = Literal["rate", "mean"] | Quantile
"""A rate is the mean of values between 0 and 1."""


@dataclass(frozen=True, slots=True)
class Absolute:
    """The candidate may be worse than the baseline by this much; negative: it must be better."""

    margin: float


@dataclass(frozen=True, slots=True)
class Relative:
    """The candidate may be worse by this share of the baseline; negative: it must be better."""

    margin: float


@dataclass(frozen=True, slots=True)
class Limit:
    """The candidate's own value must stay on the better side of this one."""

    value: float


Bar: TypeAlias = Absolute | Relative | Limit


@dataclass(frozen=True, slots=True)
class Question:
    """What is to be found out about a candidate."""

    statistic: Statistic
    better: Better
    bar: Bar
    alpha: float = 0.05
    """How often each of both outcomes may be wrong, over all looks."""
    fewest: int = 100
    """Rows of each arm without which nothing is said."""
