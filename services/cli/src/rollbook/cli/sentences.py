"""Records of the log, and moments, in the words of the console."""

from datetime import datetime

from rollbook.eventlog.sentences import sentence, short, tags

__all__ = ["clock", "sentence", "short", "tags"]


def clock(time: str | datetime) -> str:
    """A moment in the reader's time zone, to the millisecond."""
    moment = datetime.fromisoformat(time) if isinstance(time, str) else time
    return moment.astimezone().isoformat(sep=" ", timespec="milliseconds")[:23]
