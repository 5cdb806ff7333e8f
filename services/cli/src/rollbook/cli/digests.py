"""SHA-256 digests of files, with a bar for those that take a while."""

import hashlib
import sys
from contextlib import nullcontext
from pathlib import Path

from rollbook.cli.arguments import bad

BIG = 200 << 20
"""Bytes: from here on, a bar shows how far it is."""

CHUNK = 1 << 20


def digest(file: Path) -> tuple[str, int]:
    """`sha256:…` of the file and its size in bytes."""
    if file.is_dir():
        raise bad(
            f"{file} is a folder, and a version has one file",
            "pack it first, for example: tar -cf model.tar model/",
        )
    try:
        with file.open("rb") as content:
            size = file.stat().st_size
            return f"sha256:{_hash(content.fileno(), size, file.name)}", size
    except OSError as error:
        raise bad(f"cannot read {file}: {error.strerror}") from error


def _hash(descriptor: int, size: int, name: str) -> str:
    sha = hashlib.sha256()
    if size < BIG or not sys.stderr.isatty():
        shown = nullcontext()
        advance = None
    else:
        from rich.progress import Progress  # noqa: PLC0415

        from rollbook.cli.output import console  # noqa: PLC0415

        bar = Progress(console=console(stderr=True), transient=True)
        task = bar.add_task(f"sha256 of {name}", total=size)
        shown, advance = bar, lambda count: bar.advance(task, count)  # type: ignore[assignment]
    with shown, open(descriptor, "rb", closefd=False) as content:
        while chunk := content.read(CHUNK):
            sha.update(chunk)
            if advance:
                advance(len(chunk))
    return sha.hexdigest()
