r"""One record of the log, to the byte: its leaf in the tree, and its link in its stream's chain.

**Leaf.** Leaf `i` of a partition's tree is the record at offset `i`; offsets have no gaps. Its
bytes, from which `SHA-256(0x00 || bytes)` is the leaf's hash:

    "rollbook/record/1" 0x0A
    timestamp   8 bytes, signed, big-endian: milliseconds since 1970, as Kafka keeps it
    key         field
    count       4 bytes, big-endian: how many headers
    headers     for each, in the order of the record: name (UTF-8) as a field, value as a field
    value       field

    field       4 bytes, big-endian: its length; then so many bytes. Null is 0xFFFFFFFF.

Partition and offset are not in it: the checkpoint's origin names the one, the leaf's place in the
tree is the other. Two different records never have the same bytes.

**Link.** `ce_prev` of an event is the hexadecimal SHA-256 of the event before it in its stream:
over the key, then name and value of each header in the order of the record, then an empty line,
each followed by 0x0A; then the value.
"""

import json
from binascii import a2b_base64, b2a_base64
from dataclasses import dataclass
from functools import lru_cache
from hashlib import sha256
from typing import Final

from rollbook.audit import spelling
from rollbook.audit.merkle import leaf_hash

FORM: Final = b"rollbook/record/1\n"
NULL: Final = b"\xff\xff\xff\xff"


class Unreadable(ValueError):
    """Text that is not what it should be, to the byte."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A record of the log as Kafka hands it out."""

    offset: int
    timestamp: int
    key: bytes | None
    headers: tuple[tuple[str, bytes | None], ...]
    value: bytes | None

    @property
    def model(self) -> str | None:
        """The stream that it belongs to, as text."""
        return None if self.key is None else self.key.decode(errors="replace")

    def header(self, name: str) -> str | None:
        """The last header of that name, as text."""
        found = dict(self.headers).get(name)
        return None if found is None else found.decode(errors="replace")

    def leaf_bytes(self) -> bytes:
        """What the leaf holds."""
        return b"".join(
            (
                FORM,
                self.timestamp.to_bytes(8, "big", signed=True),
                _field(self.key),
                len(self.headers).to_bytes(4, "big"),
                *map(_fields, self.headers),
                _field(self.value),
            )
        )

    def leaf(self) -> bytes:
        """The leaf's hash."""
        return leaf_hash(self.leaf_bytes())

    def link(self) -> str:
        """What `ce_prev` of the stream's next event says."""
        lines = (self.key or b"", *map(_lines, self.headers), b"", self.value or b"")
        return sha256(b"\n".join(lines)).hexdigest()

    def shaped(self) -> dict[str, object]:
        """As JSON has it, bytes in base64."""
        return {
            "offset": self.offset,
            "timestamp": self.timestamp,
            "key": _text(self.key),
            "headers": [[name, _text(value)] for name, value in self.headers],
            "value": _text(self.value),
        }

    def line(self) -> bytes:
        """As one line of JSON, in the one right way to write it."""
        return canonical(self.shaped())

    @classmethod
    def parse(cls, line: bytes) -> "Entry":
        """From one line; Unreadable unless it is written in the one right way."""
        if (usual := spelling.parts(line)) is not None:
            offset, timestamp, key, headers, value = usual
            _refuse_out_of_bounds(offset, timestamp)
            return cls(offset, timestamp, key, headers, value)
        made = cls.of(document(line))
        if made.line() != line:
            raise Unreadable("the line is not written as it should be")
        return made

    @classmethod
    def of(cls, found: object) -> "Entry":
        """From JSON; Unreadable when it describes no record."""
        match found:
            case {
                "offset": int(offset),
                "timestamp": int(timestamp),
                "key": written_key,
                "headers": list(headers),
                "value": written_value,
            }:
                pairs = tuple(_pair(pair) for pair in headers)
                key, value = _bytes(written_key), _bytes(written_value)
            case _:
                raise Unreadable("no record: offset, timestamp, key, headers, value")
        if bool in {type(offset), type(timestamp)}:
            raise Unreadable("no record: true and false are no numbers")
        _refuse_out_of_bounds(offset, timestamp)
        return cls(offset, timestamp, key, pairs, value)


def _refuse_out_of_bounds(offset: int, timestamp: int) -> None:
    if offset < 0 or not -(1 << 63) <= timestamp < 1 << 63:
        raise Unreadable("no record: its numbers are out of bounds")


def canonical(value: object) -> bytes:
    """JSON in the one way that this package writes and accepts: no spaces, ASCII, one newline."""
    return json.dumps(value, separators=(",", ":")).encode() + b"\n"


def document(text: bytes) -> object:
    """The JSON in the text; Unreadable when it is none."""
    try:
        found: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"no JSON: {error}") from None
    return found


@lru_cache(maxsize=4096)  # of ten headers, seven are those of the records before
def _fields(header: tuple[str, bytes | None]) -> bytes:
    name, value = header
    return _field(name.encode()) + _field(value)


@lru_cache(maxsize=4096)
def _lines(header: tuple[str, bytes | None]) -> bytes:
    name, value = header
    return b"%b\n%b" % (name.encode(), value or b"")


def _field(content: bytes | None) -> bytes:
    return NULL if content is None else len(content).to_bytes(4, "big") + content


def _text(content: bytes | None) -> str | None:
    return None if content is None else b2a_base64(content, newline=False).decode()


def _pair(found: object) -> tuple[str, bytes | None]:
    if not isinstance(found, list) or len(found) != 2 or not isinstance(found[0], str):
        raise Unreadable("a header is a name and a value")
    name, value = found
    if not name.isascii():
        try:
            name.encode()
        except UnicodeEncodeError:
            raise Unreadable("a header's name is no text") from None
    return name, _bytes(value)


def _bytes(found: object) -> bytes | None:
    if found is None:
        return None
    if not isinstance(found, str):
        raise Unreadable("bytes are written in base64")
    try:
        return a2b_base64(found, strict_mode=True)
    except ValueError:
        raise Unreadable("bytes are written in base64") from None
