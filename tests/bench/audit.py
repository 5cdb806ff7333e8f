"""audit.verify, audit.prove: what it costs to verify a log, and to prove one of its records."""

import asyncio
import shutil
import time
from collections.abc import AsyncIterator
from hashlib import sha256
from pathlib import Path

from rollbook.audit.bundle import Folder, Writer, records_file
from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.entry import Entry
from rollbook.audit.merkle import Tree
from rollbook.audit.note import SigningKey
from rollbook.audit.proof import proof, proven
from rollbook.audit.verification import verify
from rollbook.eventlog.kafka import read
from tests.bench.figure import Figure, middle
from tests.bench.process import Failed
from tests.bench.recorded import Recorded, recorded
from tests.bench.stage import Stage

NAMES = ("audit.verify", "audit.prove")

KEY = SigningKey("example.org/bench", bytes(range(32)))
PROOFS = 500


async def measure(stage: Stage) -> AsyncIterator[Figure]:
    """A bundle of the recorded log, verified by one process; proofs of records in it."""
    log = await recorded(stage)
    folder = stage.folder / "audit"
    shutil.rmtree(folder, ignore_errors=True)
    try:
        entries = await _bundle(log, folder)
        yield await asyncio.to_thread(_verified, log, folder, stage.sizes.rounds)
        yield await asyncio.to_thread(_proved, log.log.app, entries, stage.sizes.rounds)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _bundle(log: Recorded, folder: Path) -> list[Entry]:
    """Write it, and return the records of the longest partition."""
    longest = max(log.ends, key=lambda number: log.ends[number])
    kept: list[Entry] = []
    notes: dict[Checkpoint, str] = {}
    with Writer(folder, log.log.app, len(log.ends)) as writer:
        for number, end in log.ends.items():
            async for batch in read(log.log.kafka, log.log.events, number, 0, end):
                for record in batch:
                    headers = tuple((name, value) for name, value in record.headers)
                    entry = Entry(
                        record.offset, record.timestamp, record.key, headers, record.value
                    )
                    writer.add(number, entry)
                    if number == longest:
                        kept.append(entry)
            tree = writer.tree(number)
            for size in {len(tree) // 2, len(tree)}:
                made = Checkpoint(log.log.app, number, size, tree.root(size))
                notes[made] = made.signed([KEY])
        writer.finish(notes, [KEY.verifier])
    return kept


def _verified(log: Recorded, folder: Path, rounds: int) -> Figure:
    verified, hashed = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        size = 0
        for number in log.ends:
            content = (folder / records_file(number)).read_bytes()
            sha256(content).digest()
            size += len(content)
        hashed.append(log.records / (time.perf_counter() - started))
        started = time.perf_counter()
        report = verify(Folder(folder), [KEY.verifier])
        verified.append(log.records / (time.perf_counter() - started))
        if not report.clean or report.records != log.records:
            raise Failed(f"the bundle is not verified: {report.findings[:3]}")
    return Figure(
        "audit.verify",
        middle(verified),
        "records/s",
        "SHA-256 over the same bytes",
        middle(verified) / middle(hashed),
        {"reference_per_s": middle(hashed), "records": log.records, "megabytes": size / 1e6},
    )


def _proved(app: str, entries: list[Entry], rounds: int) -> Figure:
    tree = Tree()
    for entry in entries:
        tree.append(entry.leaf())
    checkpoint = Checkpoint(app, 0, len(tree), tree.root())
    note = checkpoint.signed([KEY])
    step = max(1, len(entries) // PROOFS)
    chosen = entries[::step]
    made, checked = [], []
    for _ in range(rounds):
        started = time.perf_counter()
        proofs = [proof(entry, tree, checkpoint, note) for entry in chosen]
        made.append(len(chosen) / (time.perf_counter() - started))
        started = time.perf_counter()
        for each in proofs:
            proven(each, [KEY.verifier])
        checked.append(len(chosen) / (time.perf_counter() - started))
    return Figure(
        "audit.prove",
        middle(made),
        "proofs/s",
        extra={"checked_per_s": middle(checked), "records": len(entries)},
    )
