"""Where a subscriber stands in the log: the next offset of each partition, as one text. Pure."""

import re
from collections.abc import Mapping

FORM = re.compile(r"[0-9]{1,9}:[0-9]{1,18}(?:,[0-9]{1,9}:[0-9]{1,18})*")


def written(places: Mapping[int, int]) -> str:
    """`0:12,1:7`: what `parsed` takes again."""
    return ",".join(f"{number}:{offset}" for number, offset in sorted(places.items()))


def parsed(text: str) -> dict[int, int] | None:
    """The next offset by partition; None when it is no cursor."""
    if not FORM.fullmatch(text):
        return None
    pairs = [part.split(":") for part in text.split(",")]
    found = {int(number): int(offset) for number, offset in pairs}
    return found if len(found) == len(pairs) else None
