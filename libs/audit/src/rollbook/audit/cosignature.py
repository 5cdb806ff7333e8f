"""Cosignatures (c2sp.org/tlog-cosignature): a witness says when it saw a checkpoint that fits."""

import struct
from base64 import b64decode, b64encode
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from rollbook.audit.note import SIGNATURE, NoteError, SigningKey

COSIGNATURE: Final = b"\x04"
"""The type of signature, in key ids and before keys."""


@dataclass(frozen=True, slots=True)
class WitnessKey:
    """The public half of a witness's key; as text, `name+id+base64`."""

    name: str
    public: bytes = field(repr=False)

    @property
    def key_id(self) -> bytes:
        """Four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + COSIGNATURE + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(COSIGNATURE + self.public).decode()}"

    @classmethod
    def of(cls, key: SigningKey) -> "WitnessKey":
        """That of a witness who signs with this key."""
        return cls(key.name, key.verifier.public)

    @classmethod
    def parse(cls, text: str) -> "WitnessKey":
        """The key that `text` describes; NoteError when it is none of a witness."""
        name, _, rest = text.partition("+")
        try:
            raw = b64decode(rest.partition("+")[2], validate=True)
        except ValueError:
            raw = b""
        made = cls(name, raw[1:])
        if len(raw) != 33 or raw[:1] != COSIGNATURE or str(made) != text:
            raise NoteError("a witness's key is NAME+ID+BASE64, of Ed25519 cosignatures")
        return made


def cosign(text: str, key: SigningKey, seconds: int) -> str:
    """The line, without its end, by which a witness says that it saw the checkpoint then."""
    made = Ed25519PrivateKey.from_private_bytes(key.seed).sign(_signed(text, seconds))
    raw = WitnessKey.of(key).key_id + struct.pack(">Q", seconds) + made
    return f"— {key.name} {b64encode(raw).decode()}"


def cosigned(text: str, line: str, key: WitnessKey) -> int:
    """When the witness saw the checkpoint, in seconds since 1970; NoteError if it did not."""
    match = SIGNATURE.fullmatch(line)
    raw = b64decode(match["base64"]) if match else b""
    if match is None or match["name"] != key.name or raw[:4] != key.key_id or len(raw) != 76:
        raise NoteError(f"this is no cosignature of {key.name}")
    (seconds,) = struct.unpack(">Q", raw[4:12])
    try:
        Ed25519PublicKey.from_public_bytes(key.public).verify(raw[12:], _signed(text, seconds))
    except (InvalidSignature, ValueError):
        raise NoteError(f"the cosignature of {key.name} is wrong") from None
    return int(seconds)


def _signed(text: str, seconds: int) -> bytes:
    return f"cosignature/v1\ntime {seconds}\n{text}".encode()
