"""Reads a table from CSV, JSON or JSON Lines, as columns of text and numbers."""

import csv
import json
from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path
from typing import Final

from rollbook.probes.formats import Unreadable

Value = float | str | None
MAX_ROWS: Final = 1_000_000
MAX_COLUMNS: Final = 400
"""A verdict holds at most 1,000 numbers, of which a column takes two."""
MISSING: Final = frozenset({"", "na", "n/a", "nan", "null", "none"})


def columns(path: Path) -> dict[str, list[Value]]:
    """The columns by name; `Unreadable` for what is no table."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            start = file.read(1)
            file.seek(0)
            match start:
                case "[":
                    rows: Iterable[object] = json.load(file)
                case "{":
                    rows = map(json.loads, file)
                case _:
                    rows = csv.DictReader(file)
            return _columns(rows)
        except (ValueError, csv.Error, RecursionError):
            raise Unreadable("its data is neither CSV nor JSON rows that can be read") from None


def _columns(rows: Iterable[object]) -> dict[str, list[Value]]:
    found: dict[str, list[Value]] = {}
    for count, row in enumerate(_objects(islice(rows, MAX_ROWS))):
        for name in row.keys() - found.keys():
            found[name] = [None] * count
        for name, values in found.items():
            values.append(row.get(name))
        if len(found) > MAX_COLUMNS:
            raise Unreadable(f"its data has more than {MAX_COLUMNS} columns")
    if not found:
        raise Unreadable("its data has no rows")
    return found


def _objects(rows: Iterable[object]) -> Iterator[dict[str, Value]]:
    for row in rows:
        if not isinstance(row, dict):
            raise Unreadable("its data is no table: a row is no object")
        yield {str(name): _value(value) for name, value in row.items() if name is not None}


def _value(value: object) -> Value:
    match value:
        case bool() | int() | float():
            return None if value != value else float(value)  # noqa: PLR0124 - NaN
        case str() if value.strip().lower() in MISSING:
            return None
        case str():
            try:
                return float(value)
            except ValueError:
                return value
        case None:
            return None
        case _:
            return json.dumps(value)
