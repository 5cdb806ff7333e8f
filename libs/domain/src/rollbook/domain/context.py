"""What a decision may know beside the state and the command: when, who, and by which rules."""

from datetime import datetime
from typing import NamedTuple

from rollbook.domain.tenancy import Namespace


class Context(NamedTuple):
    """Facts that were looked up before deciding."""

    time: datetime
    actor: str
    """Who sends the command, as was proven."""
    namespace: Namespace = Namespace()
    """What governs the model."""
    name: str = ""
    """The model's name within its namespace, or the namespace's own."""
    titles: frozenset[str] | None = frozenset()
    """In whose names the actor may sign; None: in anybody's, since the registry is open."""
    releaser: bool = False
    """Whether the actor may move what is protected."""
