"""One measured number, and how a program and a person get to read it."""

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from statistics import median

Extra = Mapping[str, float | int | str]


@dataclass(frozen=True, slots=True)
class Figure:
    """A value with its unit, and its ratio against a reference measured in the same run."""

    name: str
    value: float
    unit: str
    reference: str | None = None
    """What `ratio` is against, in words."""
    ratio: float | None = None
    extra: Extra = field(default_factory=dict)

    def as_json(self) -> str:
        """The figure as one line of JSON."""
        own = {
            "name": self.name,
            "value": rounded(self.value),
            "unit": self.unit,
            "reference": self.reference,
            "ratio": None if self.ratio is None else rounded(self.ratio),
        }
        more = {k: v if isinstance(v, str) else rounded(v) for k, v in self.extra.items()}
        return json.dumps(own | more)

    def as_text(self) -> str:
        """The figure as one line for a person."""
        line = f"{self.name:<18} {rounded(self.value):>12,} {self.unit}"
        if self.ratio is not None:
            line += f"   {self.ratio:.2f} x {self.reference}"
        more = ", ".join(
            f"{k} {v if isinstance(v, str) else f'{rounded(v):,}'}" for k, v in self.extra.items()
        )
        return f"{line}   ({more})" if more else line


def rounded(value: float) -> float | int:
    """Four digits that mean something; whole numbers from 1,000 on."""
    if isinstance(value, int) or abs(value) >= 1000:
        return round(value)
    return float(f"{value:.4g}")


def middle(values: list[float]) -> float:
    """The median of the rounds."""
    return median(values)


def say(line: str) -> None:
    """A line for a person."""
    print(line, file=sys.stderr, flush=True)


def show(figure: Figure) -> None:
    """JSON on standard output, text on standard error."""
    say(figure.as_text())
    print(figure.as_json(), flush=True)
