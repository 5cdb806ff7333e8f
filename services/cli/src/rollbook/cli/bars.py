"""Progress bars for files on their way, where somebody watches."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from rich.progress import TaskID

    from rollbook.client.transfers import Moved, Progress

REACHED = 0.1
"""Seconds between two drawings."""


@contextmanager
def bars() -> "Iterator[Progress | None]":
    """What to call with each step; a bar for each file and stage, gone when it is done."""
    if not sys.stderr.isatty():
        yield None
        return
    from rich.progress import (  # noqa: PLC0415
        BarColumn,
        DownloadColumn,
        Progress,
        TextColumn,
        TimeRemainingColumn,
        TransferSpeedColumn,
    )

    from rollbook.cli.output import console, plain  # noqa: PLC0415

    drawn = Progress(
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(binary_units=True),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
        console=console(stderr=True),
        transient=True,
        refresh_per_second=1 / REACHED,
    )
    tasks: dict[tuple[str, str], TaskID] = {}

    def step(moved: "Moved") -> None:
        key = moved.stage, moved.file
        if moved.done >= moved.total:
            if key in tasks:
                drawn.remove_task(tasks.pop(key))
        elif key in tasks:
            drawn.update(tasks[key], completed=moved.done)
        else:
            said = f"{moved.stage} {plain(moved.file)}"
            tasks[key] = drawn.add_task(said, total=moved.total, completed=moved.done)

    with drawn:
        yield step
