"""Snapshots of a partition: what changed since the last one, in records that compaction keeps."""

from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from rollbook.domain import snapshot
from rollbook.domain.state import Model
from rollbook.domain.streams import NEW_MODEL
from rollbook.domain.tenancy import Namespace
from rollbook.eventlog.envelope import Outgoing, Record
from rollbook.eventlog.partition import Partition, Sealed, Stream

CHUNK = 5_000
"""Remembered command ids per record."""

SCHEMA = snapshot.SCHEMA


class Snapshotter:
    """Writes what changed since its last snapshot of one partition."""

    def __init__(self) -> None:
        self._written: dict[str, Model] = {}

    def take(self, partition: Partition) -> Iterator[list[Outgoing]]:
        """Records to be appended in order; the last one makes the snapshot valid.

        The caller clears `partition.touched` when all stand in the log.
        """
        touched = {key: partition.streams[key] for key in partition.touched}
        answered = [[mark.hex(), offset] for mark, offset in partition.answered.items()]
        manifest = {
            "schema": SCHEMA,
            "offset": partition.next_offset,
            "next_command": partition.next_command,
            "claim": partition.claim,
            "time": partition.time.isoformat(),
            "chunks": -(-len(answered) // CHUNK),
        }
        return self._records(touched, answered, manifest)

    def _records(
        self, touched: dict[str, Stream], answered: list[list[Any]], manifest: dict[str, Any]
    ) -> Iterator[list[Outgoing]]:
        offset = manifest["offset"]
        for key, stream in touched.items():
            head = {
                "offset": offset,
                "seq": stream.seq,
                "prev": stream.prev,
                "broken": stream.broken,
            }
            if isinstance(stream.state, Namespace):
                own = snapshot.namespace_head(stream.state)
                yield [_record(f"head/{key}", head | {"blocks": 0, "namespace": own})]
                continue
            before = self._written.get(key, NEW_MODEL)
            rows = list(snapshot.blocks(stream.state))
            yield [
                _record(f"blocks/{number}/{key}", {"offset": offset, "rows": block})
                for number, block in enumerate(rows)
                if _changed(stream.state, before, number)
            ]
            own = snapshot.head(stream.state)
            yield [_record(f"head/{key}", head | {"blocks": len(rows), "model": own})]
            self._written[key] = stream.state
        for number in range(manifest["chunks"]):
            rows_ = answered[number * CHUNK : (number + 1) * CHUNK]
            yield [_record(f"answered/{number}", rows_)]
        yield [_record("manifest", manifest)]


def restore(number: int, records: Iterable[Record]) -> Partition:
    """The partition as its newest whole snapshot holds it; an empty one when there is none."""
    newest: dict[str, bytes] = {}
    for record in records:
        if record.key is not None and record.value is not None:
            newest[record.key.decode()] = record.value
    empty = Partition(number)
    manifest = from_json(newest.get("manifest", b"null"))
    if manifest is None or manifest["schema"] != SCHEMA:
        return empty
    partition = Partition(number)
    partition.next_offset = partition.snapshot_offset = manifest["offset"]
    partition.next_command = manifest["next_command"]
    partition.claim = manifest["claim"]
    partition.time = datetime.fromisoformat(manifest["time"])
    for key, value in newest.items():
        part, _, model = key.partition("/")
        if part == "head":
            sealed = _seal(model, from_json(value), newest)
            if sealed is None:  # a crash came between its blocks and its head: the log has it all
                return empty
            partition.sealed[model] = sealed
    for chunk in range(manifest["chunks"]):
        rows = from_json(newest[f"answered/{chunk}"])
        partition.answered |= {bytes.fromhex(mark): offset for mark, offset in rows}
    return partition


def _seal(model: str, head: dict[str, Any], newest: dict[str, bytes]) -> Sealed | None:
    blocks = [from_json(newest[f"blocks/{number}/{model}"]) for number in range(head["blocks"])]
    if any(block["offset"] > head["offset"] for block in blocks):
        return None
    return Sealed(head["offset"], head, tuple(block["rows"] for block in blocks))


def _changed(model: Model, before: Model, block: int) -> bool:
    first = block * snapshot.BLOCK + 1
    last = min(first + snapshot.BLOCK, len(model.versions) + 1)
    return any(model.versions[n] is not before.versions.get(n) for n in range(first, last))


def _record(key: str, value: object) -> Outgoing:
    return Outgoing(key.encode(), to_json(value), [], 0)
