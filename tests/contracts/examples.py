"""Golden examples: one file per message version, kept for ever, together one whole log.

The records of all files, in order of their offsets, are the commands and the events topic of a
log with one partition and one model: they decode, fold and chain as a real log does. A file that
was committed is never written again; a new step of the scenario makes new files.
"""

import json
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

from rollbook.command.handlers import Handlers
from rollbook.eventlog import codec
from rollbook.eventlog.codec import SOURCE, encode_command, encode_value
from rollbook.eventlog.draft import Draft
from rollbook.eventlog.envelope import Headers
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.topics import COMMANDS, EVENTS, LogAddress, Topic
from tests.contracts.scenario import BEGAN, STEPS, envelope, time_of
from tests.contracts.schemas import render

MANIFEST = "examples.sha256"
LOG = LogAddress("unused:9092")


@dataclass(frozen=True, slots=True)
class Example:
    """One golden record, with all that `Record` asks for."""

    topic: str
    offset: int
    timestamp: int
    key: bytes | None
    headers: Headers
    value: bytes | None

    @property
    def message(self) -> str:
        """The wire name."""
        return dict(self.headers)["ce_type"].decode()

    def as_json(self) -> dict[str, Any]:
        """The record as its file shows it."""
        shown = {
            "topic": self.topic,
            "partition": 0,
            "offset": self.offset,
            "timestamp": self.timestamp,
            "key": self.key.decode() if self.key is not None else None,
            "headers": {name: value.decode() for name, value in self.headers},
            "value": json.loads(self.value or b"null"),
        }
        again = from_json(shown)
        assert again == self, f"{self.message} cannot be shown as JSON without loss"
        return shown


def from_json(shown: dict[str, Any]) -> Example:
    """The record, byte for byte, that a file shows."""
    return Example(
        shown["topic"],
        shown["offset"],
        shown["timestamp"],
        shown["key"].encode() if shown["key"] is not None else None,
        tuple((name, value.encode()) for name, value in shown["headers"].items()),
        json.dumps(shown["value"], ensure_ascii=False, separators=(",", ":")).encode(),
    )


def load(folder: Path) -> dict[str, list[Example]]:
    """The committed examples by file name."""
    return {
        file.name: [from_json(shown) for shown in json.loads(file.read_text())["records"]]
        for file in sorted(folder.glob("*.json"))
    }


def topic(files: dict[str, list[Example]], wanted: Topic) -> list[Example]:
    """The examples of one topic in order."""
    name = LOG.name(wanted)
    found = [example for records in files.values() for example in records if example.topic == name]
    return sorted(found, key=lambda example: example.offset)


def missing(folder: Path) -> dict[str, str]:
    """The files to be added: those of the scenario's steps that no committed example shows."""
    committed = load(folder)
    added: defaultdict[str, list[Example]] = defaultdict(list)
    log = topic(committed, EVENTS)
    if not log:
        log.append(_claim())
        added[_file(log[0])].append(log[0])
    for step in range(len(topic(committed, COMMANDS)), len(STEPS)):
        key, value, headers = encode_command(envelope(step))
        stamp = int(time_of(step).timestamp() * 1000)
        wish = Example(LOG.commands, step, stamp, key, tuple(headers), value)
        outcome = _decide(log, wish, step)
        log.append(outcome)
        for example in (wish, outcome):
            if _file(example) in committed:
                raise ValueError(
                    f"step {step} would change {_file(example)}, which is closed for ever:"
                    " lead to the new message by messages that have no example yet"
                )
            added[_file(example)].append(example)
    return {name: _render(records) for name, records in added.items()}


def manifest(files: dict[str, bytes]) -> str:
    """`sha256sum` lines for files by name."""
    return "".join(f"{sha256(data).hexdigest()}  {name}\n" for name, data in sorted(files.items()))


def _claim() -> Example:
    headers = (
        ("ce_specversion", b"1.0"),
        ("ce_source", SOURCE.encode()),
        ("ce_type", b"WriterClaimed"),
        ("ce_time", BEGAN.isoformat().encode()),
        ("content-type", b"application/json"),
    )
    value = encode_value(WriterClaimed(writer="registry-0/71"))
    return Example(LOG.events, 0, int(BEGAN.timestamp() * 1000), None, headers, value)


def _decide(log: Sequence[Example], wish: Example, step: int) -> Example:
    partition = Partition(0)
    partition.fold(log)
    draft = Draft(partition, Handlers(), partitions=1, now=time_of(step))
    draft.add(wish)
    (made,) = draft.outcomes
    return Example(LOG.events, len(log), made.timestamp, made.key, tuple(made.headers), made.value)


def _file(example: Example) -> str:
    classes = codec.COMMANDS | codec.LOG_MESSAGES
    return f"{example.message}.v{classes[example.message].schema_version}.json"


def _render(records: list[Example]) -> str:
    name, version, _ = _file(records[0]).split(".")
    return render(
        {
            "message": name,
            "schema_version": int(version.removeprefix("v")),
            "records": [record.as_json() for record in records],
        }
    )
