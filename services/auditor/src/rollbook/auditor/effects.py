"""Reads the whole log, and the keys."""

from pathlib import Path

from rollbook.audit.entry import Entry
from rollbook.audit.merkle import Tree
from rollbook.audit.note import NoteError, SigningKey
from rollbook.auditor.handlers import Rewritten
from rollbook.eventlog.kafka import read
from rollbook.eventlog.reader import EventReader
from rollbook.eventlog.topics import LogAddress


async def trees(log: LogAddress) -> dict[int, Tree]:
    """Every partition as it stands now; `Rewritten` where a record is missing."""
    async with EventReader(log) as reader:
        await reader.start(None)
        ends = await reader.ends()
    return {number: await _tree(log, number, end) for number, end in sorted(ends.items())}


async def _tree(log: LogAddress, partition: int, end: int) -> Tree:
    tree = Tree()
    if not end:
        return tree
    async for records in read(log.kafka, log.events, partition, None, end):
        for record in records:
            if record.offset != len(tree):
                gap = f"{partition}:{len(tree)}; the next stands at {partition}:{record.offset}"
                raise Rewritten(f"the log has no record at {gap}")
            headers = tuple((name, value) for name, value in record.headers)
            entry = Entry(record.offset, record.timestamp, record.key, headers, record.value)
            tree.append(entry.leaf())
    return tree


def keys(files: tuple[Path, ...]) -> list[SigningKey]:
    """The keys in files; ValueError, which never says what is in them, where there is none."""
    found = []
    for file in files:
        try:
            found.append(SigningKey.parse(file.read_text().strip()))
        except OSError as error:
            raise ValueError(f"{file} cannot be read: {error.strerror}") from error
        except (NoteError, UnicodeDecodeError):
            raise ValueError(f"{file} holds no signing key: rollbook audit key {file}") from None
    return found
