"""The `Range` header of a request: one range of bytes, or none that is for us."""

import re
from typing import Final, NamedTuple

_ONE: Final = re.compile(r"bytes=(?:(\d{1,19})-(\d{0,19})|-(\d{1,19}))", re.IGNORECASE)


class Unsatisfiable(Exception):
    """None of the bytes that were asked for are there."""


class Range(NamedTuple):
    """Bytes from `start` to before `stop`."""

    start: int
    stop: int


def wanted(header: str | None, size: int) -> Range | None:
    """What is wanted of `size` bytes; None for all of them.

    Several ranges, and what is no range at all, are answered with all, as RFC 9110 lets us.
    """
    found = _ONE.fullmatch(header.replace(" ", "")) if header is not None else None
    if found is None:
        return None
    first, last, suffix = found.groups()
    if suffix is not None:
        start, stop = max(0, size - int(suffix)), size
    else:
        start, stop = int(first), min(int(last) + 1, size) if last else size
        if last and int(last) < start:
            return None
    if start >= stop:
        raise Unsatisfiable
    return Range(start, stop)
