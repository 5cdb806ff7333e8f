"""How far the walled process is, so that whatever ends it finds the right words."""

from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Stage:
    """What is known so far, and what it would mean if the next step failed."""

    close: Callable[[], None]
    """Raises the last walls: called after libraries are there, before anything else is touched."""
    numbers: dict[str, float] = field(default_factory=dict)
    said: str = ""
    failing: str = "the probe itself failed"
