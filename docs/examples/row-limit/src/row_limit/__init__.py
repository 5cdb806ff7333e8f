"""An example of a gate that is installed beside the validator: a text model with few lines."""

from collections.abc import Mapping
from pathlib import Path


def measure(
    artifact: Path, facts: Mapping[str, object], settings: Mapping[str, object]
) -> Mapping[str, float]:
    """How many lines the file has, and whether that is at most `settings["most"]`."""
    most = settings.get("most", 1000)
    if not isinstance(most, int):
        raise TypeError("most must be a whole number")
    with artifact.open("rb") as file:
        lines = sum(1 for _ in file)
    return {"lines": float(lines), "passed": float(lines <= most)}
