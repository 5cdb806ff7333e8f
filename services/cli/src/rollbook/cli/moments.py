"""Moments as people name them: a time, a position of the log, or the id of an event."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from cyclopts import Parameter

from rollbook.cli.arguments import bad

AsOf = Annotated[
    str | None,
    Parameter(help="As it was then: a time (RFC 3339), a log position (3:1042) or an event's id."),
]


def moment(text: str | None) -> datetime | str | None:
    """A time in the reader's zone where none is said; a position or an id stays text."""
    if text is None:
        return None
    partition, colon, offset = text.partition(":")
    if colon and partition.isdecimal() and offset.isdecimal():
        return text
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError:
        pass
    try:
        return str(UUID(text))
    except ValueError:
        raise bad(
            f"{text!r} is neither a time nor a log position nor the id of an event",
            "for example: 2026-03-01T09:00:00+01:00, or 3:1042",
        ) from None


def said(at: datetime | str) -> str:
    """A moment in a document."""
    return at.isoformat() if isinstance(at, datetime) else at
