"""Ways to change an exported log, each with where it was changed."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from random import Random

from rollbook.audit.bundle import KEYS, MANIFEST, NOTE, leaves_file, records_file
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry
from tests.unit.audit.logs import APP, KEY, Log, bundled, linked, published


@dataclass(frozen=True, slots=True)
class Change:
    """What was done, and the first record that is not what it was."""

    what: str
    partition: int
    offset: int
    model: str | None
    """None where no record that is left tells it."""


def flip_a_bit_of_the_file(log: Log, folder: Path, random: Random) -> Change:
    partition = random.randrange(len(log))
    raw = bytearray((folder / records_file(partition)).read_bytes())
    place = random.randrange(len(raw))
    raw[place] ^= 1 << random.randrange(8)
    (folder / records_file(partition)).write_bytes(raw)
    line = raw[:place].count(b"\n")
    return Change("bit", partition, line, None)


def flip_a_bit_of_a_record(entries: list[Entry], random: Random) -> tuple[int, str | None]:
    offset = random.randrange(len(entries))
    entry = entries[offset]

    def flipped(content: bytes | None) -> bytes:
        raw = bytearray(content or b"\0")
        raw[random.randrange(len(raw))] ^= 1 << random.randrange(7)
        return bytes(raw)

    match random.randrange(4):
        case 0:
            entries[offset] = replace(entry, value=flipped(entry.value))
        case 1:
            entries[offset] = replace(entry, timestamp=entry.timestamp ^ 1 << random.randrange(30))
        case 2:
            entries[offset] = replace(entry, key=flipped(entry.key))
        case _:
            at = random.randrange(len(entry.headers))
            name, value = entry.headers[at]
            headers = (*entry.headers[:at], (name, flipped(value)), *entry.headers[at + 1 :])
            entries[offset] = replace(entry, headers=headers)
    return offset, entries[offset].model


def drop(entries: list[Entry], random: Random) -> tuple[int, str | None]:
    offset = random.randrange(len(entries))
    del entries[offset]
    return offset, None


def insert(entries: list[Entry], random: Random) -> tuple[int, str | None]:
    offset = random.randrange(len(entries) + 1)
    copied = random.choice(entries)
    added = replace(copied, value=(copied.value or b"") + b" ")
    entries.insert(offset, added)
    return offset, added.model


def reorder(entries: list[Entry], random: Random) -> tuple[int, str | None]:
    one, other = sorted(random.sample(range(len(entries)), 2))
    entries[one], entries[other] = entries[other], entries[one]
    return one, entries[one].model


def truncate(entries: list[Entry], random: Random) -> tuple[int, str | None]:
    size = random.randrange(len(entries))
    del entries[size:]
    return size, None


def swap_models(entries: list[Entry], random: Random) -> tuple[int, str | None]:
    one, other = random.sample(sorted({e.key for e in entries if e.key is not None}), 2)
    names = {one: other, other: one}
    first = next(e.offset for e in entries if e.key in names)
    for offset, entry in enumerate(entries):
        if entry.key in names:
            key = names[entry.key]
            headers = tuple((n, key if n == "ce_subject" else v) for n, v in entry.headers)
            entries[offset] = replace(entry, key=key, headers=headers)
    return first, entries[first].model


ON_RECORDS: tuple[Callable[[list[Entry], Random], tuple[int, str | None]], ...] = (
    flip_a_bit_of_a_record,
    drop,
    insert,
    reorder,
    truncate,
    swap_models,
)


def changed(log: Log, random: Random, covered: str) -> tuple[int, list[Entry], Change]:
    """A partition, its records after one of the changes, and the change."""
    partition = random.randrange(len(log))
    done = random.choice(ON_RECORDS)
    entries = list(log[partition])
    offset, model = done(entries, random)
    if covered == "numbered":
        entries = [replace(entry, offset=n) for n, entry in enumerate(entries)]
    if covered == "linked":
        entries = linked(entries)
    if entries == log[partition]:  # the links were all that had been changed
        return changed(log, random, covered)
    return partition, entries, Change(f"{done.__name__} {covered}", partition, offset, model)


def change_records(log: Log, folder: Path, random: Random) -> Change:
    """One of the changes above, hidden as well as one can without the key."""
    covered = ["", "numbered", "linked"][random.randrange(3)]
    partition, entries, change = changed(log, random, covered)
    (folder / records_file(partition)).write_bytes(b"".join(entry.line() for entry in entries))
    return change


def hash_leaves_anew(log: Log, folder: Path, random: Random) -> Change:
    """A change with leaves, manifest and checkpoints to fit; what cannot be signed is left out."""
    change = change_records(log, folder, random)
    lines = (folder / records_file(change.partition)).read_bytes().splitlines(keepends=True)
    leaves = b"".join(Entry.parse(line).leaf() for line in lines)
    (folder / leaves_file(change.partition)).write_bytes(leaves)
    manifest = json.loads((folder / MANIFEST).read_bytes())
    manifest["sizes"][change.partition] = len(lines)
    (folder / MANIFEST).write_text(json.dumps(manifest, separators=(",", ":")) + "\n")
    for file in folder.iterdir():
        name = NOTE.fullmatch(file.name)
        if name and int(name[1]) == change.partition and int(name[2]) > change.offset:
            file.unlink()
    return replace(change, what=f"{change.what}, hashed")


def sign_a_suffix_anew(log: Log, folder: Path, random: Random) -> Change:
    """What the owner of the key can do: everything fits, but for what others hold."""
    partition, entries, change = changed(log, random, "linked")
    forged = [*log[:partition], entries, *log[partition + 1 :]]
    for file in folder.iterdir():
        file.unlink()
    folder.rmdir()
    bundled(forged, folder, published(forged))
    return replace(change, what=f"{change.what}, signed anew")


def flip_a_bit_of_a_proof(log: Log, folder: Path, random: Random) -> Change:
    """In any file but those of records; the offset does not matter then."""
    names = sorted(f.name for f in folder.iterdir() if not f.name.startswith("records"))
    name = random.choice([n for n in names if n != KEYS])
    raw = bytearray((folder / name).read_bytes())
    raw[random.randrange(len(raw))] ^= 1 << random.randrange(8)
    (folder / name).write_bytes(raw)
    return Change(name, -1, -1, None)


def checkpoints_of(log: Log) -> list[str]:
    """What somebody outside has kept: two checkpoints of each partition."""
    notes: dict[Checkpoint, str] = published(log, (5, 10))
    assert all(note.startswith(APP) and KEY.name in note for note in notes.values())
    return list(notes.values())
