"""What can be known of a file before a library is let at it: its size, and whether it is whole."""

import zipfile
from pathlib import Path
from typing import Final

from rollbook.probes.formats import Format, Unreadable

MAX_ENTRIES: Final = 10_000


def fits(path: Path, memory: int) -> None:
    """`Unreadable` for what is larger than the memory that it may be loaded into."""
    files = [path] if path.is_file() else [file for file in path.rglob("*") if file.is_file()]
    size = sum(file.stat().st_size for file in files)
    if size > memory:
        raise Unreadable(
            f"it has {size:,} bytes, more than the {memory:,} of memory that it may be loaded into"
        )


def whole(form: Format, path: Path, memory: int) -> None:
    """`Unreadable` for what its own library would not survive."""
    match form:
        case Format.SKOPS:
            unpacks(path, memory)
        case Format.LIGHTGBM:
            # Its reader walks on past the end of a file that is cut off.
            text = path.read_bytes()
            ends = b"\nend of parameters" if b"\nparameters:" in text else b"\nend of trees"
            if ends not in text:
                raise Unreadable("it is a LightGBM model that is cut off before its end")
        case _:
            pass


def unpacks(path: Path, memory: int) -> None:
    """`Unreadable` for a zip that unpacks to more than that."""
    try:
        with zipfile.ZipFile(path) as archive:
            entries = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unreadable("it is a zip file that is damaged or cut off") from None
    if len(entries) > MAX_ENTRIES:
        raise Unreadable(f"it holds {len(entries):,} files, more than {MAX_ENTRIES:,}")
    size = sum(entry.file_size for entry in entries)
    if size > memory:
        raise Unreadable(
            f"it unpacks to {size:,} bytes, more than the {memory:,} of memory that it may use"
        )
