r"""The parts of a record's line where it is spelled as nearly all are, without a parser of JSON.

Such a line has no null and no escape in it, so that its quotes are where its strings begin and end:

    {"offset":N,"timestamp":N,"key":"…","headers":[["NAME","…"],…],"value":"…"}\n

Each part is written again, and the line must be just that. So a line that has parts here is written
in the one right way; of any other, right or wrong, nothing is said.
"""

from binascii import a2b_base64, b2a_base64
from functools import lru_cache
from typing import TypeAlias

Header: TypeAlias = tuple[str, bytes]
Parts: TypeAlias = tuple[int, int, bytes, tuple[Header, ...], bytes]
"""Offset, timestamp, key, headers and value."""


def parts(line: bytes) -> Parts | None:
    """The parts of a line in the usual spelling; None where it is spelled in another way."""
    start, _, rest = line.partition(b',"headers":[[')
    pairs, _, end = rest.rpartition(b']],"value":')
    try:
        _, _, offset_, _, timestamp_, _, _, key_, _ = start.split(b'"')
        offset, timestamp = int(offset_[1:-1]), int(timestamp_[1:-1])
        key, value = a2b_base64(key_), a2b_base64(end[1:-3])
        headers = tuple(map(_header, pairs.split(b"],[")))
    except ValueError:
        return None
    if start != b'{"offset":%d,"timestamp":%d,"key":"%b"' % (offset, timestamp, _base64(key)):
        return None
    return (offset, timestamp, key, headers, value) if end == b'"%b"}\n' % _base64(value) else None


@lru_cache(maxsize=4096)  # of ten headers, seven are those of the records before
def _header(written: bytes) -> Header:
    """Name and value; ValueError where JSON would escape the name or write the value otherwise."""
    _, name_, _, value_, _ = written.split(b'"')
    name, value = name_.decode("ascii"), a2b_base64(value_)
    if not name.isprintable() or "\\" in name or written != b'"%b","%b"' % (name_, _base64(value)):
        raise ValueError(written)
    return name, value


def _base64(raw: bytes) -> bytes:
    return b2a_base64(raw, newline=False)
