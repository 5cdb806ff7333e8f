"""The folder in which signed checkpoints are kept, and the public keys that signed them."""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from rollbook.audit.checkpoint import Checkpoint
    from rollbook.audit.heads import Heads
    from rollbook.audit.merkle import Tree
    from rollbook.audit.note import SigningKey, VerifierKey


class Shelf:
    """Signed checkpoints of one log; none is ever changed or taken away."""

    def __init__(self, folder: Path, app: str, keys: "Sequence[VerifierKey]" = ()) -> None:
        from rollbook.audit.bundle import KEYS, NOTE  # noqa: PLC0415
        from rollbook.audit.checkpoint import Checkpoint  # noqa: PLC0415
        from rollbook.audit.heads import NOTE as HEADS  # noqa: PLC0415
        from rollbook.audit.note import NoteError, VerifierKey  # noqa: PLC0415

        self._folder = folder
        self._list = folder / KEYS
        self.notes: dict[Checkpoint, str] = {}
        self.heads: dict[str, str] = {}
        """By the names of their files: notes of streams' last events."""
        try:
            listed = self._list.read_text().split() if self._list.exists() else []
            self.keys = [VerifierKey.parse(text) for text in listed]
            self.keys += [key for key in keys if key not in self.keys]
            for file in sorted(folder.iterdir()) if folder.is_dir() else ():
                if NOTE.fullmatch(file.name):
                    note = file.read_text()
                    self.notes[Checkpoint.open(note, self.keys)] = note
                elif HEADS.fullmatch(file.name):
                    self.heads[file.name] = file.read_text()
        except (OSError, UnicodeDecodeError, NoteError) as error:
            raise Failure(
                Exit.ERROR, f"{folder} cannot be read: {error}", code="checkpoints"
            ) from error
        if strange := next((c for c in self.notes if c.app != app), None):
            raise bad(f"{folder} holds checkpoints of {strange.app!r}, not of {app!r}")

    def newest(self) -> "dict[int, Checkpoint]":
        """By partition; Failure where there is none at all."""
        found = {c.partition: c for c in sorted(self.notes, key=lambda c: c.size)}
        if not found:
            raise bad(
                f"{self._folder} holds no checkpoint",
                f"make one: rollbook audit checkpoint {self._folder} --key FILE",
            )
        return found

    def compare(self, partition: int, tree: "Tree") -> None:
        """Failure unless the tree begins with every checkpoint of the partition."""
        from rollbook.audit.continuity import fork  # noqa: PLC0415

        found = fork(partition, tree, self.notes)
        if found is not None:
            raise Failure(
                Exit.REFUSED,
                str(found),
                advice="nothing was signed or written; find out who rewrote the log",
                code="forked",
            )

    def add(self, checkpoint: "Checkpoint", keys: "Sequence[SigningKey]") -> None:
        """Sign it and keep it, durably; what is there already stays."""
        note = checkpoint.signed(keys)
        self._list_keys(keys)
        _write(self._folder / checkpoint.file_name, note)
        self.notes[checkpoint] = note

    def add_heads(self, heads: "Heads", keys: "Sequence[SigningKey]") -> None:
        """The same for the last events of streams at a checkpoint."""
        note = heads.signed(keys)
        self._list_keys(keys)
        _write(self._folder / heads.file_name, note)
        self.heads[heads.file_name] = note

    def _list_keys(self, keys: "Sequence[SigningKey]") -> None:
        self._folder.mkdir(parents=True, exist_ok=True)
        known = self._list.read_text().split() if self._list.exists() else []
        new = [str(key.verifier) for key in keys if str(key.verifier) not in known]
        if new:
            _write(self._list, "".join(f"{text}\n" for text in known + new))


def _write(file: Path, text: str) -> None:
    fresh = file.with_suffix(".new")
    with fresh.open("w") as out:
        out.write(text)
        out.flush()
        os.fsync(out.fileno())
    fresh.replace(file)
