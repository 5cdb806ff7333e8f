"""Moments as requests name them: RFC 3339, as people and programs write it."""

import re
from datetime import datetime

RFC_3339 = re.compile(
    r"(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d(?:\.\d{1,6})?)\d*([Zz]|[+\- ]\d\d:\d\d)", re.ASCII
)


def rfc_3339(text: str) -> datetime:
    """The moment; ValueError, with the rule, when it is none."""
    found = RFC_3339.fullmatch(text)
    if found is None:
        raise ValueError("must be an RFC 3339 time with its offset, such as 2026-03-01T12:00:00Z")
    day, time, zone = found.groups()
    zone = "+00:00" if zone in "Zz" else zone.replace(" ", "+")  # a '+' that was not escaped
    try:
        return datetime.fromisoformat(f"{day}T{time}{zone}")
    except ValueError as error:
        raise ValueError(f"is no moment: {error}") from None
