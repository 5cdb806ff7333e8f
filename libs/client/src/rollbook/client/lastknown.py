"""A small JSON file that is whole or is not there: what was known last, for when nobody answers."""

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

SCHEMA: Final = 1


class Damaged(Exception):
    """The file is not as it was written."""


def read(path: Path) -> Any:
    """What was written last; None where nothing was. `Damaged` for anything else."""
    try:
        text = path.read_bytes()
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Damaged(f"{path} cannot be read: {error.strerror}") from error
    first, _, body = text.partition(b"\n")
    if first != _head(body):
        raise Damaged(f"{path} is not as it was written")
    try:
        return json.loads(body)
    except ValueError as error:
        raise Damaged(f"{path} is no JSON") from error


def write(path: Path, value: Any) -> None:
    """Put the value there, at once and whole; OSError."""
    body = json.dumps(value, sort_keys=True).encode()
    path.parent.mkdir(parents=True, exist_ok=True)
    number, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}-")
    try:
        with os.fdopen(number, "wb") as file:
            file.write(_head(body) + b"\n" + body)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except BaseException:
        with suppress(OSError):
            Path(name).unlink()
        raise


def _head(body: bytes) -> bytes:
    return b"rollbook %d sha256:%s" % (SCHEMA, hashlib.sha256(body).hexdigest().encode())
