"""What a walled process has around it: what it may read, and where its answers go."""

import os
import sys
from collections.abc import Iterable
from pathlib import Path

SYSTEM = ("/usr", "/lib", "/lib64", "/etc/ld.so.cache", "/sys/devices/system", "/dev/urandom")
PROC = ("self", "cpuinfo", "meminfo", "stat", "sys/vm", "sys/kernel", "filesystems")
"""Of ourselves and the machine, not of other processes."""


def readable(given: Iterable[Path]) -> list[Path]:
    """What it may read: the system's libraries, ours, and what it was given."""
    ours = [Path(place) for place in sys.path if place]
    prefixes = [Path(sys.prefix), Path(sys.base_prefix), Path(sys.executable).resolve()]
    return [*map(Path, SYSTEM), *(Path("/proc", name) for name in PROC), *ours, *prefixes, *given]


def channel() -> int:
    """Where the answer goes: what libraries and models print goes nowhere."""
    answers = os.dup(1)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, 1)
    return answers
