"""Values in the words of a document that is read anywhere: UTC, and lists with commas."""

from collections.abc import Iterable
from datetime import UTC, datetime


def clock(moment: datetime) -> str:
    """A moment to the second, in UTC."""
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def joined(words: Iterable[str]) -> str:
    """`a, b`."""
    return ", ".join(words)
