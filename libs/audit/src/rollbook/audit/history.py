"""The rules that records of one partition keep among themselves, whoever signed them."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import lru_cache
from typing import Final

from rollbook.audit.entry import Entry
from rollbook.audit.finding import Finding
from rollbook.audit.heads import Head
from rollbook.audit.routing import partition_for

FIRST: Final = Head()


class History:
    """Follows a partition record by record, and says which cannot follow those before it.

    Codes: `header` one is missing or malformed · `claim` from a writer whose claim had ended
    · `time` went back · `command` answered out of turn · `partition` the stream lives elsewhere
    · `seq` an event of the stream is missing, or there twice · `prev` the event before it was
    another.
    """

    def __init__(self, partition: int, partitions: int) -> None:
        self.streams: dict[bytes, Head] = {}
        """The last event of each."""
        self._partition = partition
        self._partitions = partitions
        self._claim = -1
        self._time: datetime | None = None
        self._command = -1

    def follow(self, entry: Entry) -> Iterator[Finding]:
        """Take in the next record."""
        headers = dict(entry.headers)
        if headers.get("ce_type") == b"WriterClaimed":
            self._claim = entry.offset
            return
        try:
            time = _time(headers.get("ce_time"))
            claim = _number(headers, "ce_claim")
            command = _number(headers, "ce_cmdoffset")
            seq = _number(headers, "ce_seq")
            late = self._time is not None and time < self._time
        except (ValueError, TypeError) as error:  # TypeError: a time without its zone
            yield self._found(entry, "header", f"a header is missing or malformed: {error}")
            return
        if claim != self._claim:
            newest = f"the newest claim stands at {self._claim}"
            yield self._found(entry, "claim", f"written under the claim {claim}, but {newest}")
            return
        if late:
            yield self._found(entry, "time", f"the log's time goes back, from {self._time}")
        self._time = time if self._time is None or not late else self._time
        if command <= self._command:
            said = f"answers command {command} after {self._command}"
            yield self._found(entry, "command", said)
        self._command = command
        yield from self._chain(entry, seq, headers.get("ce_prev"))

    def _chain(self, entry: Entry, seq: int, prev: bytes | None) -> Iterator[Finding]:
        last = self.streams.get(entry.key, FIRST) if entry.key is not None else FIRST
        if prev is None:  # an answer that changed nothing says where its stream stands
            if seq != last.seq:
                said = f"says that its stream is at {seq}, but it is at {last.seq}"
                yield self._found(entry, "seq", said)
            return
        if entry.key is None:
            yield self._found(entry, "header", "an event without a key")
            return
        if last is FIRST:
            home = partition_for(entry.key, self._partitions)
            if home != self._partition:
                yield self._found(entry, "partition", f"its stream lives in partition {home}")
        if seq != last.seq + 1:
            said = f"event {seq} of its stream comes after event {last.seq}"
            yield self._found(entry, "seq", said)
        if prev != last.link.encode():
            said = f"names another event before it than event {last.seq} as it stands here"
            yield self._found(entry, "prev", said)
        self.streams[entry.key] = Head(seq, entry.link(), entry.offset)

    def _found(self, entry: Entry, what: str, message: str) -> Finding:
        return Finding(
            what=what,
            message=message,
            partition=self._partition,
            offset=entry.offset,
            models=(entry.model,) if entry.model is not None else (),
        )


@lru_cache(maxsize=1024)  # records that were written together have the same
def _time(text: bytes | None) -> datetime:
    return datetime.fromisoformat((text or b"").decode())


def _number(headers: Mapping[str, bytes | None], name: str) -> int:
    text = headers.get(name)
    if text is None or not (text.isdigit() and len(text) < 19):
        raise ValueError(f"{name} is {text!r}")
    return int(text)
