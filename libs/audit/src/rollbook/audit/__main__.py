"""`python -m rollbook.audit verify BUNDLE --key VKEY`: needs nothing but `cryptography`."""

import argparse
import json
import sys
import tarfile
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from rollbook.audit import wholeness
from rollbook.audit.bundle import NOTE, opened
from rollbook.audit.bundle import lines as read
from rollbook.audit.entry import Unreadable
from rollbook.audit.finding import Report
from rollbook.audit.manifest import FORMAT
from rollbook.audit.note import NoteError, VerifierKey
from rollbook.audit.proof import proven
from rollbook.audit.succession import FORM as SUCCESSION
from rollbook.audit.succession import heirs
from rollbook.audit.verification import LONGEST_LINE, verify

FOUND, USAGE = 1, 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit codes: 0 as it was signed, 1 it is not, 2 there is nothing to verify."""
    parser = argparse.ArgumentParser(prog="python -m rollbook.audit", description=__doc__)
    verbs = parser.add_subparsers(dest="verb", required=True)
    verb = verbs.add_parser("verify", help="verify a bundle, a stream, or one record")
    verb.add_argument(
        "file", type=Path, help="bundle (folder or tar), stream (.jsonl) or proof (.json)"
    )
    verb.add_argument("--key", action="append", required=True, help="verifier key, or a file")
    verb.add_argument(
        "--checkpoint",
        action="append",
        type=Path,
        default=[],
        help="a signed checkpoint that you kept, or a folder of them",
    )
    verb.add_argument("--json", action="store_true", help="one JSON document")
    asked = parser.parse_args(arguments)
    try:
        keys = keys_of(asked.key)
        if asked.file.suffix == ".json" and asked.file.is_file():
            return _proof(asked.file, keys)
        held = notes_of(asked.checkpoint)
        if asked.file.suffix == ".jsonl" and asked.file.is_file():
            with asked.file.open("rb") as stream:
                report = wholeness.verify(read(stream, FORMAT, LONGEST_LINE), keys, held)
        else:
            bundle = opened(asked.file)
            try:
                report = verify(bundle, keys, held)
            finally:
                bundle.close()
    except (OSError, tarfile.TarError, NoteError, UnicodeDecodeError) as error:
        sys.stderr.write(harmless(f"cannot verify: {error}") + "\n")
        return USAGE
    if asked.json:
        sys.stdout.write(json.dumps(shaped(report), indent=2) + "\n")
    else:
        sys.stdout.write("".join(harmless(line) + "\n" for line in lines(report)))
    return 0 if report.clean else FOUND


def keys_of(texts: Sequence[str]) -> list[VerifierKey]:
    """Verifier keys, each as text or as a file with one on each line.

    A file may also be the note by which one of the others hands over to a new key.
    """
    found, notes = [], []
    for text in texts:
        file = Path(text)
        said = file.read_text() if "+" not in text or file.is_file() else text
        if said.startswith(f"{SUCCESSION}\n"):
            notes.append(said)
        else:
            found += [VerifierKey.parse(line) for line in said.split()]
    return heirs(found, notes)


def notes_of(paths: Sequence[Path]) -> list[str]:
    """Signed checkpoints, from files and from folders that hold them."""
    files: list[Path] = []
    for path in paths:
        inside = (
            sorted(f for f in path.iterdir() if NOTE.fullmatch(f.name)) if path.is_dir() else []
        )
        files += inside or [path]
    return [file.read_text() for file in files]


def shaped(report: Report) -> dict[str, object]:
    """A report as JSON has it."""
    return asdict(report) | {"clean": report.clean}


def lines(report: Report) -> list[str]:
    """A report for people."""
    found = [str(finding) for finding in report.findings]
    found.append(
        f"{report.records:,} records of {report.streams:,} streams in {report.partitions}"
        f" partitions of {report.app!r}; {report.checkpoints} signed checkpoints,"
        f" compared with {report.held} that you hold"
    )
    if not report.clean:
        found.append(f"NOT AS IT WAS SIGNED: {len(report.findings)} findings")
    elif report.held:
        found.append("as it was signed, and what you hold is part of it")
    else:
        found.append(
            "as it was signed; to exclude that its signer wrote it anew, name a --checkpoint"
        )
    return found


def _proof(file: Path, keys: Sequence[VerifierKey]) -> int:
    try:
        entry, checkpoint = proven(file.read_bytes(), keys)
    except (Unreadable, NoteError) as error:
        sys.stdout.write(harmless(f"NOT PROVEN: {error}") + "\n")
        return FOUND
    record = f"{checkpoint.partition}:{entry.offset} {entry.model or '-'} {entry.header('ce_type')}"
    signed = f"stands in {checkpoint.origin}, as signed at {checkpoint.size} records"
    sys.stdout.write(harmless(f"{record} {signed}") + "\n")
    return 0


def harmless(text: str) -> str:
    """The text without what terminals obey: it may come from a forger."""
    return "".join(char if char.isprintable() else "\ufffd" for char in text)


if __name__ == "__main__":
    sys.exit(main())
