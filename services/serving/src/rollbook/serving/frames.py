"""What goes between the service and the process of a version: numbered frames of bytes."""

import struct
from enum import IntEnum
from typing import BinaryIO, Final

HEAD: Final = struct.Struct("!IIB")
"""Bytes that follow, the request's number, and the kind."""


class Kind(IntEnum):
    """What a frame holds."""

    LOADED = 0
    """The model is there."""
    CANNOT = 1
    """It cannot be loaded; why, as text. The process ends."""
    ASKED = 2
    """A request: two bytes with the length of its id, the id, and its body."""
    ASKED_AND_TOLD = 3
    """The same; afterwards it is told what was seen."""
    ANSWERED = 4
    """The body of an answer."""
    WRONG = 5
    """The request is no such thing; why, as text."""
    FAILED = 6
    """The model failed at it; why, as text."""
    SEEN = 7
    """Inputs and predictions as JSON, after the answer."""


def packed(kind: Kind, number: int, payload: bytes) -> bytes:
    """A frame."""
    return HEAD.pack(len(payload), number, kind) + payload


def asked(identity: str, body: bytes) -> bytes:
    """What a request's frame holds."""
    name = identity.encode()[:1000]
    return len(name).to_bytes(2, "big") + name + body


def unasked(payload: bytes) -> tuple[str, bytes]:
    """The id and the body of a request."""
    end = 2 + int.from_bytes(payload[:2], "big")
    return payload[2:end].decode(errors="replace"), payload[end:]


def read(source: BinaryIO) -> tuple[Kind, int, bytes] | None:
    """The next frame; None at the end."""
    head = source.read(HEAD.size)
    if len(head) < HEAD.size:
        return None
    length, number, kind = HEAD.unpack(head)
    payload = source.read(length)
    return (Kind(kind), number, payload) if len(payload) == length else None
