"""The probes, by name: each measures numbers whose names begin with its own."""

from enum import StrEnum
from typing import Final


class Probe(StrEnum):
    """Something that measures a version; it does not judge."""

    ARTIFACT = "artifact"
    SIGNATURE = "signature"
    LOAD = "load"
    PERFORMANCE = "performance"
    DATA = "data"
    REPRODUCTION = "reproduction"
    WEBHOOK = "webhook"
    PLUGIN = "plugin"


PREFIXES: Final = {
    probe: ("reproduced." if probe is Probe.REPRODUCTION else f"{probe}.") for probe in Probe
}
"""What the names of its measurements begin with."""


def lacking(probe: Probe) -> str:
    """The measurement that is 1 where the version lacks what the probe would look at."""
    return f"{PREFIXES[probe]}lacking"
