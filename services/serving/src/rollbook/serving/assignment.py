"""Which version a unit gets: always the same one, as long as a rollout keeps its steps."""

from hashlib import sha256

from rollbook.domain.traffic import Trial


def place(salt: str, unit: str) -> float:
    """Where a unit falls, from 0 to 1: even over many units, and fixed for each."""
    digest = sha256(f"{salt}/{unit}".encode(errors="surrogatepass")).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def arm_of(trial: Trial | None, unit: str) -> int | None:
    """The place of the arm that answers the unit; None: what serves does."""
    if trial is None or not trial["arms"]:
        return None
    at, end = place(trial["salt"], unit), 0.0
    for number, arm in enumerate(trial["arms"]):
        end += arm["weight"]
        if at < end:
            return number
    return None


def mirrored(trial: Trial | None, identity: str) -> list[int]:
    """The places of the arms that get a copy of a request."""
    if trial is None:
        return []
    return [
        number
        for number, arm in enumerate(trial["arms"])
        if arm["mirror"] and place(f"{trial['salt']}/mirror/{number}", identity) < arm["mirror"]
    ]
