"""Bringing old records forward: what a message of an earlier version says in the shape of today.

The log is never rewritten. Each step takes the JSON of one version to the next; steps chain.
"""

from collections.abc import Callable
from typing import Any, Final, TypeAlias

Json: TypeAlias = dict[str, Any]
Step: TypeAlias = Callable[[Json, str], Json]
"""From the JSON of one version, and the record's actor, to the JSON of the next."""


def _who_registered(value: Json, actor: str) -> Json:
    return value | {"registered_by": actor}


STEPS: Final[dict[tuple[str, int], Step]] = {
    # Only the headers said who registered it, and deciding who may sign needs to know.
    ("VersionRegistered", 1): _who_registered,
}
"""Message and version -> the step to the next version."""


def upcast(kind: str, schema: int, to: int, value: Json, actor: str) -> Json:
    """A message of version `schema` in the shape of version `to`; KeyError when a step lacks."""
    for version in range(schema, to):
        value = STEPS[kind, version](value, actor)
    return value
