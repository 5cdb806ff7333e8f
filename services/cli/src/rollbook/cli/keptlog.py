"""Writing the log into a file that keeps it: a bundle of the second form, whole or not at all."""

import shutil
import tempfile
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from rollbook.cli import auditlog, output
from rollbook.cli.arguments import bad

if TYPE_CHECKING:
    from rollbook.audit.manifest import Manifest
    from rollbook.cli.auditshelf import Shelf
    from rollbook.eventlog.topics import LogAddress


SAY_EVERY = 5.0
"""Seconds."""


class Progress:
    """Says from time to time how far something has come."""

    def __init__(self, done: str, goal: int) -> None:
        self._done, self._goal = done, goal
        self._count = 0
        self._said = time.monotonic()
        self._print = output.console(stderr=True).print

    def step(self, count: int = 1) -> None:
        """Some more are done."""
        self._count += count
        if time.monotonic() - self._said > SAY_EVERY:
            self._said = time.monotonic()
            self._print(f"[dim]{self._done} {self._count:,} of {self._goal:,} records[/]")


async def keep(
    place: "LogAddress",
    stops: Mapping[int, int],
    to: Path,
    *,
    as_of: str | None = None,
    shelf: "Shelf | None" = None,
) -> "Manifest":
    """Write the records before the stops to a new folder, or to a file NAME.tar."""
    from rollbook.audit.bundle import pack  # noqa: PLC0415

    try:
        with tempfile.TemporaryDirectory(prefix=f".{to.name}-", dir=to.parent) as passing:
            work = Path(passing) / "bundle"
            made = await _write(place, stops, work, as_of, shelf)
            if to.suffix == ".tar":
                packed = Path(passing) / "bundle.tar"
                pack(work, packed)
                shutil.rmtree(work)
                packed.rename(to)
            else:
                work.rename(to)
    except OSError as error:
        raise bad(f"cannot write {to}: {error.strerror}") from error
    return made


async def _write(
    place: "LogAddress",
    stops: Mapping[int, int],
    work: Path,
    as_of: str | None,
    shelf: "Shelf | None",
) -> "Manifest":
    from rollbook.audit.bundle import Writer  # noqa: PLC0415
    from rollbook.audit.manifest import PACKED  # noqa: PLC0415

    progress = Progress("exported", sum(stops.values()))
    with Writer(work, place.app, len(stops), PACKED) as writer:
        async for partition, entry in auditlog.entries(place, stops):
            writer.add(partition, entry)
            progress.step()
        made = datetime.now(UTC).isoformat(timespec="seconds")
        if shelf is None:
            return writer.finish({}, [], made=made, as_of=as_of)
        if as_of is not None:  # what was signed later says nothing of a beginning
            shelf.notes = {c: n for c, n in shelf.notes.items() if c.size <= stops[c.partition]}
        for partition in stops:
            shelf.compare(partition, writer.tree(partition))
        return writer.finish(shelf.notes, shelf.keys, made=made, as_of=as_of)
