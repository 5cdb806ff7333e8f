"""Signed notes (c2sp.org/signed-note) by Ed25519: keys as text, signing, opening."""

import os
import re
from base64 import b64decode, b64encode
from collections.abc import Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

ED25519: Final = b"\x01"
"""The type of signature, in key ids and before keys."""

KEY_NAME: Final = re.compile(r"[^\s+\x00-\x1f\x7f]+")
SIGNATURE: Final = re.compile(r"— (?P<name>[^\s+]+) (?P<base64>[A-Za-z0-9+/]+={0,2})")
CONTROL: Final = re.compile(r"[\x00-\x09\x0b-\x1f]")
MOST_SIGNATURES: Final = 64


class NoteError(ValueError):
    """A key or note that is malformed, or that no known key has signed."""


@dataclass(frozen=True, slots=True)
class VerifierKey:
    """The public half of a key; as text, `name+id+base64` as Go's sumdb writes it."""

    name: str
    public: bytes = field(repr=False)

    @property
    def key_id(self) -> bytes:
        """Four bytes that stand before each of its signatures."""
        return sha256(self.name.encode() + b"\n" + ED25519 + self.public).digest()[:4]

    def __str__(self) -> str:
        return f"{self.name}+{self.key_id.hex()}+{b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, text: str) -> "VerifierKey":
        """The key that `text` describes; NoteError when it is none of Ed25519."""
        name, key_id, raw = _parts(text, "a verifier key is NAME+ID+BASE64")
        made = cls(name, raw)
        if made.key_id.hex() != key_id or str(made) != text:
            raise NoteError(f"the id of the key {name} does not fit the key")
        return made

    def verifies(self, signature: bytes, text: str) -> bool:
        """Whether it signed the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class SigningKey:
    """A key that signs; as text, `PRIVATE+KEY+name+id+base64`, to be kept secret."""

    name: str
    seed: bytes = field(repr=False)

    @classmethod
    def make(cls, name: str) -> "SigningKey":
        """A new key; NoteError when the name has spaces or a plus."""
        if not KEY_NAME.fullmatch(name):
            raise NoteError(f"{name!r} is no name of a key: no spaces, no plus, not empty")
        return cls(name, os.urandom(32))

    @property
    def verifier(self) -> VerifierKey:
        """Its public half."""
        public = Ed25519PrivateKey.from_private_bytes(self.seed).public_key()
        return VerifierKey(self.name, public.public_bytes(Encoding.Raw, PublicFormat.Raw))

    def reveal(self) -> str:
        """The secret, as text."""
        secret = b64encode(ED25519 + self.seed).decode()
        return f"PRIVATE+KEY+{self.name}+{self.verifier.key_id.hex()}+{secret}"

    @classmethod
    def parse(cls, text: str) -> "SigningKey":
        """The key that `text` describes; NoteError, which never holds the text, when it is none."""
        form = "a signing key is PRIVATE+KEY+NAME+ID+BASE64"
        if not text.startswith("PRIVATE+KEY+"):
            raise NoteError(form)
        name, key_id, raw = _parts(text.removeprefix("PRIVATE+KEY+"), form)
        made = cls(name, raw)
        if made.verifier.key_id.hex() != key_id:
            raise NoteError(f"the id of the key {name} does not fit the key")
        return made

    def sign(self, text: str) -> str:
        """The signature's line, without its end."""
        made = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        return f"— {self.name} {b64encode(self.verifier.key_id + made).decode()}"


def sign(text: str, keys: Sequence[SigningKey]) -> str:
    """The note: the text, which ends in a newline, and a signature of each key."""
    if not text.endswith("\n") or CONTROL.search(text):
        raise NoteError("the text of a note ends in a newline and has no control characters")
    return text + "\n" + "".join(f"{key.sign(text)}\n" for key in keys)


def open_note(note: str, keys: Sequence[VerifierKey]) -> tuple[str, list[VerifierKey]]:
    """The text of a note, and which of the keys have signed it.

    NoteError when none has, or when a signature that claims to be of one of them is wrong.
    Signatures of other keys do not matter.
    """
    text, blank, tail = note.rpartition("\n\n")
    text += "\n"
    lines = tail.split("\n")
    if not blank or CONTROL.search(note) or lines.pop() != "" or not lines:
        raise NoteError("this is no signed note: a text, an empty line, lines of signatures")
    if len(lines) > MOST_SIGNATURES:
        raise NoteError(f"a note with {len(lines)} signatures; {MOST_SIGNATURES} are read at most")
    known = {(key.name, key.key_id): key for key in keys}
    signed: list[VerifierKey] = []
    for line in lines:
        match = SIGNATURE.fullmatch(line)
        raw = _decoded(match["base64"]) if match else b""
        if match is None or len(raw) < 5:
            raise NoteError("a line of the note is no signature")
        key = known.get((match["name"], raw[:4]))
        if key is None:
            continue
        if not key.verifies(raw[4:], text):
            raise NoteError(f"the signature of {key.name} ({key.key_id.hex()}) is wrong")
        if key not in signed:
            signed.append(key)
    if not signed:
        raise NoteError("no key that you named has signed it")
    return text, signed


def _parts(text: str, form: str) -> tuple[str, str, bytes]:
    name, _, rest = text.partition("+")
    key_id, _, encoded = rest.partition("+")
    raw = _decoded(encoded)
    if not KEY_NAME.fullmatch(name) or not re.fullmatch("[0-9a-f]{8}", key_id):
        raise NoteError(form)
    if len(raw) != 33 or raw[:1] != ED25519:
        raise NoteError(f"{form}, and this one is not of Ed25519")
    return name, key_id, raw[1:]


def _decoded(text: str) -> bytes:
    """Base64; NoteError unless it is written in the one right way."""
    try:
        raw = b64decode(text, validate=True)
    except ValueError:
        raw = b""
    if not raw or b64encode(raw).decode() != text:
        raise NoteError("not base64")
    return raw
