"""Which format the bytes of a model are in: by what they are, not by what somebody says."""

import zipfile
from enum import StrEnum
from pathlib import Path
from typing import Final


class Format(StrEnum):
    """A format that can be loaded here."""

    SKOPS = "skops"
    PICKLE = "pickle"
    """Of scikit-learn or of what behaves like it; joblib writes it too."""
    ONNX = "onnx"
    XGBOOST = "xgboost"
    LIGHTGBM = "lightgbm"
    SAFETENSORS = "safetensors"
    MLFLOW = "mlflow"


class Unreadable(Exception):
    """The bytes are no model that can be loaded; why, in one sentence."""


NAMES: Final = {
    **{form.value: (form,) for form in Format},
    "joblib": (Format.PICKLE,),
    "pkl": (Format.PICKLE,),
    "sklearn": (Format.SKOPS, Format.PICKLE),
    "scikit-learn": (Format.SKOPS, Format.PICKLE),
    "json": (Format.XGBOOST,),
    "ubj": (Format.XGBOOST,),
    "xgb": (Format.XGBOOST,),
    "lgb": (Format.LIGHTGBM,),
    "lgbm": (Format.LIGHTGBM,),
    "txt": (Format.LIGHTGBM,),
    "pytorch-safetensors": (Format.SAFETENSORS,),
    "pyfunc": (Format.MLFLOW,),
    "mlmodel": (Format.MLFLOW,),
}
"""What people register as the format of an artifact."""

_COMPRESSED: Final = (b"\x1f\x8b", b"BZh", b"\xfd7zXZ\x00", b"x\x01", b"x\x5e", b"x\x9c", b"x\xda")
_HEAD: Final = 4096


def format_of(path: Path, said: str | None) -> Format:
    """The format of what lies there, if it is what `said` says; `Unreadable` otherwise."""
    wanted = NAMES.get(said.lower()) if said else None
    if said and wanted is None:
        known = ", ".join(sorted(form.value for form in Format))
        raise Unreadable(f"its format is said to be {said!r}, which cannot be loaded here: {known}")
    found = recognised(path)
    if found is None:
        hint = f", and {said} neither" if said else ""
        raise Unreadable(f"its bytes are of no format that is known here{hint}: is it whole?")
    if wanted is not None and found not in wanted:
        raise Unreadable(f"it is registered as {said}, and its bytes are {found.value}")
    return found


def recognised(path: Path) -> Format | None:
    """The format of a file or a folder, by its first bytes and its structure."""
    if path.is_dir():
        return Format.MLFLOW if (path / "MLmodel").is_file() else None
    try:
        with path.open("rb") as file:
            head = file.read(_HEAD)
    except FileNotFoundError:
        raise Unreadable("there is no file where its bytes should lie") from None
    if not head:
        raise Unreadable("its file is empty")
    return _by_head(head) or (Format.SKOPS if _is_skops(path, head) else None)


def _by_head(head: bytes) -> Format | None:
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05":
        return Format.PICKLE
    if head.startswith(_COMPRESSED):
        return Format.PICKLE  # joblib compresses as a whole
    if head.startswith(b"tree\n"):
        return Format.LIGHTGBM
    if b'"learner"' in head or (head[:1] == b"{" and b"learner" in head):
        return Format.XGBOOST
    if len(head) > 9 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 1 << 27:
        return Format.SAFETENSORS
    if head[:1] == b"\x08" and 0 < head[1] < 32 and head[2:3] in b"\x12\x1a\x22\x2a\x32\x3a\x42":
        return Format.ONNX  # protobuf: field 1, the version of its IR, then another field
    return None


def _is_skops(path: Path, head: bytes) -> bool:
    if not head.startswith(b"PK\x03\x04"):
        return False
    try:
        with zipfile.ZipFile(path) as archive:
            return "schema.json" in archive.namelist()
    except (zipfile.BadZipFile, OSError, ValueError):
        raise Unreadable("it is a zip file that is damaged or cut off") from None
