"""By which edges and words the columns of a version are counted."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

Edges: TypeAlias = tuple[float, ...]
"""Of numbers, growing; before the first and from the last on lies what the reference lacks."""
Task: TypeAlias = Literal["number", "class", "probability"]
Words: TypeAlias = tuple[str, ...]
"""All others fall into one bin after the last."""


@dataclass(frozen=True, slots=True)
class Reference:
    """What a version's reference profile says about counting; without one, no column is counted."""

    profile: str = ""
    """Its digest."""
    numbers: Mapping[str, Edges] = field(default_factory=dict)
    words: Mapping[str, Words] = field(default_factory=dict)
    """Columns by the names that windows have: `feature:<name>`, `prediction`, `label`."""
    task: Task = "number"
    """What predictions are: numbers, classes, or the probability that the answer is 1."""

    def size(self, column: str) -> int:
        """Bins of a column; 0 where it is not counted."""
        if (edges := self.numbers.get(column)) is not None:
            return len(edges) + 1
        words = self.words.get(column)
        return 0 if words is None else len(words) + 1


NOTHING = Reference()
