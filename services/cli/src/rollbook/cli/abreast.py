"""Letting what is read show all that the log holds."""

from collections.abc import Mapping
from typing import TYPE_CHECKING

from rollbook.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from rollbook.client import Registry


def ends(registry: "Registry") -> Mapping[str, int]:
    """Partition -> where the log ends now."""
    found = next((t.end_offsets for t in registry.topics() if t.end_offsets), None)
    if found is None:
        raise Failure(
            Exit.UNAVAILABLE, "the registry does not see the end of its log", code="unavailable"
        )
    return found


def show(registry: "Registry", log: Mapping[str, int]) -> None:
    """Let every read from now on show the log up to there."""
    for partition, end in log.items():
        if end:
            registry.wait(f"{partition}:{end - 1}")
