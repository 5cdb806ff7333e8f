"""Putting a kept log back into topics: verified first, written then, and read again at the end."""

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from rollbook.cli import auditlog
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.keptlog import Progress

if TYPE_CHECKING:
    from rollbook.audit.bundle import Bundle
    from rollbook.audit.entry import Entry
    from rollbook.audit.manifest import Manifest
    from rollbook.eventlog.restoring import Left
    from rollbook.eventlog.topics import LogAddress

LONGEST = 64 << 20
BATCH = 2_000
"""Records that are written at once."""


class Kept:
    """A log in a file or folder: `log export` writes it, and `audit export` too."""

    def __init__(self, bundle: "Bundle", manifest: "Manifest", name: str) -> None:
        self._bundle, self.manifest, self._name = bundle, manifest, name

    @classmethod
    def open(cls, file: Path) -> Self:
        """Failure where there is none."""
        import tarfile  # noqa: PLC0415

        from rollbook.audit.bundle import MANIFEST, opened  # noqa: PLC0415
        from rollbook.audit.entry import Unreadable  # noqa: PLC0415
        from rollbook.audit.manifest import Manifest  # noqa: PLC0415

        try:
            bundle = opened(file)
            with bundle.open(MANIFEST) as content:
                return cls(bundle, Manifest.parse(content.read(LONGEST)), str(file))
        except (OSError, tarfile.TarError, Unreadable) as error:
            raise Failure(
                Exit.USAGE,
                f"{file} holds no log: {error}",
                advice="name what `rollbook log export` has written",
                code="usage",
            ) from error

    def entries(self, partition: int) -> "Iterator[Entry]":
        """The records of a partition; Failure where one is not what it was."""
        from rollbook.audit.bundle import lines, records_file  # noqa: PLC0415
        from rollbook.audit.entry import Entry, Unreadable, document  # noqa: PLC0415

        form, count = self.manifest.form, 0
        try:
            with self._bundle.open(records_file(partition, form)) as file:
                for line in lines(file, form, LONGEST):
                    entry = Entry.of(document(line))
                    if entry.offset != count:
                        raise Unreadable(f"the record at {count} says that it is {entry.offset}")
                    yield entry
                    count += 1
        except (OSError, EOFError, zlib.error, Unreadable) as error:
            raise self.damaged(partition, str(error)) from error

    def root(self, partition: int) -> bytes:
        """The root that a partition must have."""
        from rollbook.audit.bundle import leaves_file  # noqa: PLC0415
        from rollbook.audit.merkle import Tree  # noqa: PLC0415

        if self.manifest.roots is not None:
            return self.manifest.roots[partition]
        try:
            with self._bundle.open(leaves_file(partition)) as tape:
                return Tree(tape.read()).root()
        except (OSError, ValueError) as error:
            raise self.damaged(partition, str(error)) from error

    def damaged(self, partition: int, why: str) -> Failure:
        """The failure that a partition's records are not what they were."""
        return Failure(
            Exit.REFUSED,
            f"{self._name} is damaged, partition {partition}: {why}",
            advice="nothing was written; take another copy",
            code="damaged",
        )

    def close(self) -> None:
        """Let go of it."""
        self._bundle.close()


@dataclass(frozen=True, slots=True)
class Restored:
    """What was put back: of each partition how many records were written, and its root as read."""

    written: dict[int, int]
    roots: dict[int, bytes]


async def put_back(kept: Kept, log: "LogAddress", replication: int) -> Restored:
    """Make the topics hold just what is kept; a beginning of it that stands there already stays.

    Failure where anything else stands there: then nothing is written.
    """
    from rollbook.eventlog import restoring, topics  # noqa: PLC0415
    from rollbook.eventlog.log import Fenced, Unavailable  # noqa: PLC0415

    try:
        count = await topics.ensure(log, len(kept.manifest.sizes), replication)
        there = await auditlog.ends(log)
        if count != len(kept.manifest.sizes):
            raise _occupied(
                log, f"its topics have {count} partitions, not {len(kept.manifest.sizes)}"
            )
        begins = await auditlog.roots(log, there)
        left = [_verified(kept, n, there[n], begins[n], log) for n in sorted(there)]
        await restoring.free(log, left)
        written = {n: await _write(kept, log, n, there[n], left[n]) for n in sorted(there)}
    except (restoring.Occupied, Fenced) as error:
        raise _occupied(log, str(error)) from error
    except (Unavailable, topics.WrongTopicError) as error:
        raise Failure(
            Exit.UNAVAILABLE,
            f"the log at {log.kafka} cannot be written: {error}",
            advice="run it again: it goes on where it stopped",
            code="unavailable",
        ) from error
    roots = await auditlog.roots(log, await auditlog.ends(log))
    for partition, root in roots.items():
        if root != kept.root(partition):
            raise _occupied(log, f"partition {partition} reads otherwise than it was written")
    return Restored(written, roots)


def _verified(kept: Kept, partition: int, there: int, begin: bytes, log: "LogAddress") -> "Left":
    """What the records leave, when they are whole and begin with what stands in the topic."""
    from rollbook.audit.merkle import Frontier  # noqa: PLC0415
    from rollbook.eventlog.restoring import Left  # noqa: PLC0415

    size = kept.manifest.sizes[partition]
    tree, left, progress = Frontier(), Left(), Progress("verified", size)
    fits = there == 0
    for entry in kept.entries(partition):
        left.take(entry)  # type: ignore[arg-type]  # its headers may be null, as Kafka's may
        tree.append(entry.leaf())
        fits = fits or (tree.size == there and tree.root() == begin)
        progress.step()
    if tree.size != size or tree.root() != kept.root(partition):
        raise kept.damaged(partition, f"it does not have the {size:,} records that it says")
    if not fits:
        said = f"partition {partition} holds {there:,} records"
        raise _occupied(log, f"{said}, and they are not the beginning of what is kept")
    return left


async def _write(kept: Kept, log: "LogAddress", partition: int, start: int, left: "Left") -> int:
    from rollbook.eventlog.envelope import Outgoing  # noqa: PLC0415
    from rollbook.eventlog.restoring import Restorer  # noqa: PLC0415

    size = kept.manifest.sizes[partition]
    progress = Progress(f"partition {partition}: wrote", size - start)
    restorer = await Restorer.open(log, partition)
    try:
        await restorer.commands(left.next_command)
        await restorer.govern(left.governance())
        batch: list[Outgoing] = []
        for entry in kept.entries(partition):
            if entry.offset < start:
                continue
            headers = [(name, value) for name, value in entry.headers]
            batch.append(Outgoing(entry.key, entry.value, headers, entry.timestamp))  # type: ignore[arg-type]
            if len(batch) == BATCH or entry.offset == size - 1:
                await restorer.events(entry.offset + 1 - len(batch), batch)
                progress.step(len(batch))
                batch = []
    finally:
        await restorer.close()
    return size - start


def _occupied(log: "LogAddress", why: str) -> Failure:
    return Failure(
        Exit.REFUSED,
        f"the log {log.app!r} at {log.kafka} is not empty: {why}",
        advice="a log can be put back only where there is none, or a beginning of the very same:"
        " name another --app, or an empty --folder",
        code="occupied",
    )
