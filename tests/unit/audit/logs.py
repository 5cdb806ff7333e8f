"""An honest log, written by the real writer into memory, and bundles of it or of forgeries."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from rollbook.audit.bundle import Writer
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry
from rollbook.audit.merkle import Tree
from rollbook.audit.note import SigningKey
from rollbook.domain.catalog import DescribeModel, RegisterModel
from rollbook.eventlog.memory import MemoryBroker
from tests.unit.eventlog.running import envelope, processor, serve

APP = "rollbook"
PARTITIONS = 3
KEY = SigningKey("example.org/rollbook", bytes(range(32)))
MODELS = [f"team/model-{number}" for number in range(16)]

Log = list[list[Entry]]
"""Records by partition."""


def honest_log(rounds: int = 4) -> Log:
    """Events, confirmations, refusals and repeats of 16 models, by two writers in turn."""
    broker = MemoryBroker(PARTITIONS)
    number = 0
    for turn in range(rounds):
        for model in MODELS:
            number += 1
            command = (
                RegisterModel(description="first")
                if turn in {0, 3}
                else DescribeModel(description=f"in round {turn // 2 * 2}")
            )
            broker.send(envelope(command, number, model))
        if turn in {rounds // 2, rounds - 1}:
            asyncio.run(_answer(broker))
    return [
        [Entry(r.offset, r.timestamp, r.key, tuple(r.headers), r.value) for r in place.events]
        for place in broker.places
    ]


async def _answer(broker: MemoryBroker) -> None:
    for partition in range(PARTITIONS):
        worker = processor(partition, partitions=PARTITIONS)
        await serve(broker, worker, partition=partition)


def published(log: Log, cuts: Sequence[int] = (2, 5, 7, 10)) -> dict[Checkpoint, str]:
    """A checkpoint of each partition at each tenth that is named, signed by our key."""
    notes = {}
    for partition, entries in enumerate(log):
        tree = Tree(b"".join(entry.leaf() for entry in entries))
        for cut in cuts:
            size = len(entries) * cut // 10
            made = Checkpoint(APP, partition, size, tree.root(size))
            notes[made] = made.signed([KEY])
    return notes


def bundled(log: Log, folder: Path, notes: dict[Checkpoint, str]) -> None:
    """Write a bundle."""
    with Writer(folder, APP, len(log)) as writer:
        for partition, entries in enumerate(log):
            for entry in entries:
                writer.add(partition, entry)
        writer.finish(notes, [KEY.verifier])


def linked(entries: Sequence[Entry]) -> list[Entry]:
    """The records with offsets and, in every stream, `ce_seq` and `ce_prev` made to fit."""
    seqs: dict[bytes | None, int] = {}
    links: dict[bytes | None, str] = {}
    made = []
    for offset, entry in enumerate(entries):
        event = entry.header("ce_prev") is not None
        seq = seqs.get(entry.key, 0) + event
        fits = {"ce_seq": b"%d" % seq, "ce_prev": links.get(entry.key, "").encode()}
        headers = tuple((name, fits.get(name, value)) for name, value in entry.headers)
        fitted = replace(entry, offset=offset, headers=headers)
        if event:
            seqs[entry.key], links[entry.key] = seq, fitted.link()
        made.append(fitted)
    return made
