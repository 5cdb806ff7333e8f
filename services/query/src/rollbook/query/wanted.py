"""Which events a subscriber wants: by type, stream and environment. Pure."""

from dataclasses import dataclass
from datetime import datetime
from fnmatch import fnmatchcase

from rollbook.eventlog.envelope import EventEnvelope
from rollbook.readmodel.scope import likes
from rollbook.readmodel.since import Sieve

PATTERN = frozenset("*?[")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is wanted; empty: no matter."""

    types: frozenset[str] = frozenset()
    models: tuple[str, ...] = ()
    """Keys or patterns, `payments/*`; one that fits is enough."""
    namespaces: frozenset[str] = frozenset()
    """A namespace's own events, and those of its models."""
    environments: frozenset[str] = frozenset()
    """Events that name one of them."""
    since: datetime | None = None

    def has(self, event: EventEnvelope) -> bool:
        """Whether this event is wanted."""
        key = event.model or ""
        return (
            (not self.types or type(event.message).__name__ in self.types)
            and (not self.models or any(fnmatchcase(key, model) for model in self.models))
            and (not self.namespaces or key.partition("/")[0] in self.namespaces)
            and (
                not self.environments
                or getattr(event.message, "environment", None) in self.environments
            )
            and (self.since is None or event.time >= self.since)
        )

    @property
    def sieve(self) -> Sieve:
        """The same as the tables can tell; it lets through a few more."""
        types = sorted(self.types) or None
        if len(self.models) == 1 and not PATTERN & set(self.models[0]):
            return Sieve(types, model=self.models[0])
        if self.models:
            parts = [model.partition("/") for model in self.models]
            patterns = [likes({n: [m]}) or [] for n, slash, m in parts if slash]
            if len(patterns) == len(parts):
                return Sieve(types, likes=[like for some in patterns for like in some])
        elif self.namespaces:
            within = likes({name: ["*"] for name in self.namespaces}) or []
            return Sieve(types, likes=[*within, *sorted(self.namespaces)])
        return Sieve(types)
