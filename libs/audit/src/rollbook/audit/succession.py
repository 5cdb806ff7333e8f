"""How a key is replaced: the old one signs that from here on another one speaks for it.

    rollbook-key-succession/1
    OLD KEY
    NEW KEY

A signed note of both keys: the old one hands over, the new one shows that somebody holds it.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from rollbook.audit.note import NoteError, SigningKey, VerifierKey, open_note, sign

FORM: Final = "rollbook-key-succession/1"
NOTE: Final = re.compile(r"succession-[0-9a-f]{8}-[0-9a-f]{8}\.note")


@dataclass(frozen=True, slots=True)
class Succession:
    """One key after another."""

    old: VerifierKey
    new: VerifierKey

    @property
    def file_name(self) -> str:
        """How its file is called."""
        return f"succession-{self.old.key_id.hex()}-{self.new.key_id.hex()}.note"

    @classmethod
    def parse(cls, note: str) -> "Succession":
        """From a note that both keys have signed; NoteError when it is none."""
        lines = note.partition("\n\n")[0].split("\n")
        if len(lines) != 3 or lines[0] != FORM:
            raise NoteError(f"no {FORM}")
        made = cls(VerifierKey.parse(lines[1]), VerifierKey.parse(lines[2]))
        _, signed = open_note(note, [made.old, made.new])
        if made.old == made.new or len(signed) != 2:
            raise NoteError("both keys must sign that one follows the other")
        return made


def hand_over(old: SigningKey, new: SigningKey) -> str:
    """The note by which the old key names the new one."""
    return sign(f"{FORM}\n{old.verifier}\n{new.verifier}\n", [old, new])


def heirs(trusted: Sequence[VerifierKey], notes: Iterable[str]) -> list[VerifierKey]:
    """The keys to be trusted: those that are, whom they have named, and so on."""
    found = list(trusted)
    steps = [Succession.parse(note) for note in notes]
    while new := [s.new for s in steps if s.old in found and s.new not in found]:
        found += dict.fromkeys(new)
    return found
