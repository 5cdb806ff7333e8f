"""`python -m tests.bench [--only PREFIX] [--quick]`: measure, one line of JSON per figure."""

import argparse
import os
import platform
import time
from collections.abc import AsyncIterator
from typing import Protocol

import uvloop

from rollbook.observability.process import collect_seldom
from tests.bench import (
    ack,
    artifacts,
    asof,
    audit,
    backtest,
    bulk,
    flat,
    gates,
    idle,
    lookup,
    rebuild,
    recovery,
    replay,
    resolver,
    search,
    serving,
    start,
    telemetry,
)
from tests.bench.figure import Figure, say, show
from tests.bench.stage import FULL, QUICK, Stage, prepared


class Group(Protocol):
    """A module that measures figures which belong together."""

    @property
    def NAMES(self) -> tuple[str, ...]:  # noqa: N802  # a constant of the module
        """The figures it can measure."""

    def measure(self, stage: Stage) -> AsyncIterator[Figure]:
        """Those of them that the stage wants."""


GROUPS: tuple[Group, ...] = (
    flat,
    gates,
    artifacts,
    backtest,
    start,
    idle,
    bulk,
    ack,
    replay,
    rebuild,
    lookup,
    asof,
    search,
    recovery,
    audit,
    resolver,
    serving,
    telemetry,
)
"""First those that need no stack or one of their own, while nothing else runs."""


async def run(stage: Stage) -> None:
    """Measure group by group, and show each figure as soon as it is there."""
    for group in GROUPS:
        if any(map(stage.wants, group.NAMES)):
            started = time.monotonic()
            async for figure in group.measure(stage):
                if stage.wants(figure.name):
                    show(figure)
            say(f"  {', '.join(group.NAMES)}: {time.monotonic() - started:.0f} s")


def main() -> None:
    """Parse the arguments, prepare the stage, run."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    parser.add_argument("--only", default="", metavar="PREFIX", help="figures whose name begins so")
    parser.add_argument(
        "--quick", action="store_true", help="small sizes, one round: to see that it works"
    )
    wanted = parser.parse_args()
    names = [name for group in GROUPS for name in group.NAMES]
    if not any(name.startswith(wanted.only) for name in names):
        parser.error(f"no figure begins with {wanted.only!r}; there are {', '.join(names)}")
    say(f"{os.cpu_count()} cores, {platform.machine()}, Python {platform.python_version()}")
    collect_seldom()  # what is measured here runs as it does in a service
    started = time.monotonic()
    with prepared(QUICK if wanted.quick else FULL, wanted.only) as stage:
        uvloop.run(run(stage))
    say(f"done in {time.monotonic() - started:.0f} s")


if __name__ == "__main__":
    main()
