"""Which classes a pickle may ask for: asked at the moment it does, wherever in the file it stands.

A scan that reads a file from outside stops where raw arrays lie between the opcodes, as joblib puts
them there, and sees nothing of what is compressed. The interpreter's own audit event sees all.
"""

import io
import sys
from typing import Final

KNOWN: Final = frozenset({"sklearn", "scipy", "numpy", "pandas", "joblib", "xgboost", "lightgbm"})
"""Libraries whose classes a model is made of; their functions are another matter."""
PARTS: Final = frozenset(
    {
        ("builtins", "bytearray"),
        ("builtins", "complex"),
        ("builtins", "dict"),
        ("builtins", "float"),
        ("builtins", "frozenset"),
        ("builtins", "int"),
        ("builtins", "list"),
        ("builtins", "object"),
        ("builtins", "range"),
        ("builtins", "set"),
        ("builtins", "slice"),
        ("builtins", "str"),
        ("builtins", "tuple"),
        ("_codecs", "encode"),
        ("collections", "Counter"),
        ("collections", "OrderedDict"),
        ("collections", "defaultdict"),
        ("copyreg", "_reconstructor"),
        ("datetime", "date"),
        ("datetime", "datetime"),
        ("datetime", "timedelta"),
        ("numpy", "dtype"),
        ("numpy", "ndarray"),
        ("numpy._core.multiarray", "_reconstruct"),
        ("numpy._core.multiarray", "scalar"),
        ("numpy.core.multiarray", "_reconstruct"),
        ("numpy.core.multiarray", "scalar"),
        ("numpy._core.numeric", "_frombuffer"),
        ("numpy.core.numeric", "_frombuffer"),
        ("numpy.random._pickle", "__randomstate_ctor"),
        ("numpy.random._pickle", "__generator_ctor"),
        ("numpy.random._pickle", "__bit_generator_ctor"),
        ("scipy.sparse._csr", "csr_matrix"),
        ("scipy.sparse._csc", "csc_matrix"),
        ("scipy.sparse._coo", "coo_matrix"),
        ("sklearn.neighbors._kd_tree", "newObj"),
        ("sklearn.neighbors._ball_tree", "newObj"),
    }
)
NUMBERS: Final = frozenset(
    f"{kind}{bits}" for kind in ("int", "uint", "float") for bits in (8, 16, 32, 64)
) | {"bool", "bool_", "str_", "object_", "log", "log1p", "log2", "log10", "exp", "expm1", "sqrt"}


class Untrusted(Exception):
    """A pickle asks for something that no model is made of."""


def guarded() -> None:
    """From now on, every unpickling in this process is asked; there is no way back."""
    sys.addaudithook(_asked)


def _asked(event: str, args: tuple[object, ...]) -> None:
    if event == "pickle.find_class":
        module, name = str(args[0]), str(args[1])
        if not trusted(module, name):
            raise Untrusted(f"{module}.{name}")


def trusted(module: str, name: str) -> bool:
    """Whether a pickle may ask for it."""
    if (module, name) in PARTS or (module == "numpy" and name in NUMBERS):
        return True
    if "." in name or module.partition(".")[0] not in KNOWN or dangerous(module, name):
        return False
    return name.lstrip("_")[:1].isupper() or name.startswith("__pyx_unpickle_")


def dangerous(module: str, name: str) -> bool:
    """Whether picklescan knows it as a way to run code."""
    from picklescan.scanner import scan_pickle_bytes  # noqa: PLC0415

    asks = f"c{module}\n{name}\n.".encode()
    return bool(scan_pickle_bytes(io.BytesIO(asks), name).issues_count)
