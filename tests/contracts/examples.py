"""Golden examples of every version of every message, kept for ever, together one whole log.

The records of all files, in order of their offsets, are the commands and the events topic of a
log with one partition, one model and its namespace: they decode, fold and chain as a real log
does. A file that was committed is never written again; new steps of the scenario make new files,
and where a message has one already, the next is numbered.
"""

import json
from collections import defaultdict
from collections.abc import Container
from dataclasses import dataclass
from datetime import datetime
from hashlib import sha256
from itertools import chain, count
from pathlib import Path
from typing import Any

from rollbook.command.handlers import Handlers
from rollbook.eventlog import commands
from rollbook.eventlog.commands import encode_command
from rollbook.eventlog.draft import Draft
from rollbook.eventlog.envelope import Headers
from rollbook.eventlog.governance import Governance
from rollbook.eventlog.outcomes import WriterClaimed
from rollbook.eventlog.partition import Partition
from rollbook.eventlog.records import LOG_MESSAGES, SOURCE, encode_value
from rollbook.eventlog.topics import COMMANDS, EVENTS, LogAddress, Topic
from tests.contracts.scenario import STEPS, envelope, time_of
from tests.contracts.schemas import render
from tests.contracts.step import BEGAN

MANIFEST = "examples.sha256"
LOG = LogAddress("unused:9092")
CLASSES = commands.COMMANDS | LOG_MESSAGES


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
    desk = _Desk(topic(committed, EVENTS))
    if not desk.log:
        claim = _claim()
        desk.take(claim)
        added[_file(claim, committed)].append(claim)
    for step in range(len(topic(committed, COMMANDS)), len(STEPS)):
        key, value, headers = encode_command(envelope(step))
        stamp = int(time_of(step).timestamp() * 1000)
        wish = Example(LOG.commands, step, stamp, key, tuple(headers), value)
        for example in (wish, desk.decide(wish, time_of(step))):
            added[_file(example, committed)].append(example)
    return {name: _render(name, records) for name, records in added.items()}


class _Desk:
    """Decides the scenario's commands one by one, each by the rules that hold by then."""

    def __init__(self, log: list[Example]) -> None:
        self.log: list[Example] = []
        self._partition = Partition(0)
        self._governance = Governance()
        self._handlers = Handlers(governance=self._governance)
        for example in log:
            self.take(example)

    def take(self, example: Example) -> None:
        self.log.append(example)
        self._partition.fold([example])
        for namespace, state in self._partition.namespaces().items():
            self._governance.apply(namespace, state, example.offset)

    def decide(self, wish: Example, now: datetime) -> Example:
        draft = Draft(self._partition, self._handlers, partitions=1, now=now)
        draft.add([wish])
        (made,) = draft.outcomes
        outcome = Example(
            LOG.events, len(self.log), made.timestamp, made.key, tuple(made.headers), made.value
        )
        self.take(outcome)
        return outcome


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


def _file(example: Example, committed: Container[str]) -> str:
    """The message and its version; with a number after it where earlier files are closed."""
    cls = CLASSES[example.message]
    name = f"{example.message}.v{cls.schema_version}"
    numbered = (f"{name}.{number}.json" for number in count(2))
    return next(file for file in chain([f"{name}.json"], numbered) if file not in committed)


def _render(file: str, records: list[Example]) -> str:
    name, version, *_ = file.split(".")
    return render(
        {
            "message": name,
            "schema_version": int(version.removeprefix("v")),
            "records": [record.as_json() for record in records],
        }
    )
