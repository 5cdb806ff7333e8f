"""What a command writes: for people, or one JSON document for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli.exits import Failure
from rollbook.cli.sentences import clock, sentence

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import JsonValue
    from rich.console import Console, RenderableType

    from rollbook.client import Record, Version


_OBEYED = dict.fromkeys(
    (
        *(code for code in range(32) if chr(code) not in "\n\t"),
        *range(127, 160),
        *range(0x202A, 0x202F),  # these turn the direction of what follows
        *range(0x2066, 0x206A),
    ),
    "\ufffd",
)


def console(*, stderr: bool = False) -> "Console":
    """Where people read; long lines and links stay whole when nobody watches."""
    from rich.console import Console  # noqa: PLC0415  # 50 ms that --json does not need

    stream = sys.stderr if stderr else sys.stdout
    return Console(
        stderr=stderr,
        highlight=False,
        soft_wrap=True,
        width=None if stream.isatty() else 120,
    )


def document(value: "JsonValue | Mapping[str, object] | Sequence[object]") -> None:
    """Write the one JSON document of a command with --json."""
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")


def shaped(value: "DataclassInstance") -> dict[str, object]:
    """A result of the SDK as JSON has it."""
    return {name: _plain(part) for name, part in asdict(value).items()}


def _plain(part: object) -> object:
    match part:
        case datetime():
            return part.isoformat()
        case dict():
            return {name: _plain(inner) for name, inner in part.items()}
        case list() | tuple():
            return [_plain(inner) for inner in part]
        case _:
            return part


def line(value: Mapping[str, object]) -> None:
    """Write one JSON object on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def raw(text: str) -> None:
    """Write text as it is, for a file or another program; harmless where a person watches."""
    text = harmless(text) if sys.stdout.isatty() else text
    sys.stdout.write(text if text.endswith("\n") else text + "\n")


def say(text: "RenderableType") -> None:
    """Write one line (or table) for people; rich markup is understood."""
    console().print(text)


def plain(text: object) -> str:
    """Text of somebody else, so that it can neither be taken for markup nor steer a terminal."""
    from rich.markup import escape  # noqa: PLC0415

    return escape(harmless(str(text)))


def harmless(text: str) -> str:
    """The text without what terminals obey: a comment must not repaint the page that it is on."""
    return text.translate(_OBEYED)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table; a column whose name begins with `#` holds numbers."""
    say(grid(columns, rows))


def grid(
    columns: Sequence[str], rows: Sequence[Sequence[object]], *, title: str | None = None
) -> "RenderableType":
    """A table; a column whose name begins with `#` holds numbers, with `&` our own markup."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    drawn = Table(
        box=SIMPLE_HEAD,
        pad_edge=False,
        show_edge=False,
        title=f"\n{plain(title)}" if title else None,
        title_justify="left",
        title_style="bold",
    )
    for name in columns:
        drawn.add_column(name.lstrip("#&"), justify="right" if name.startswith("#") else "left")
    ours = [name.startswith("&") for name in columns]
    for row in rows:
        cells = zip(row, ours, strict=True)
        drawn.add_row(
            *("" if cell is None else str(cell) if own else plain(cell) for cell, own in cells)
        )
    return drawn


def records(found: "Sequence[Record]") -> None:
    """Write records of the log, each as a sentence; of imported ones where from, and when."""
    table(
        ("time", "position", "#seq", "what", "by"),
        [
            (
                clock(r.time),
                r.position,
                r.seq,
                sentence(r.type, r.data) + (f"\n{imported(r)}" if r.origin else ""),
                r.actor,
            )
            for r in found
        ],
    )


def imported(found: "Record | Version") -> str:
    """Where it was imported from, and when it happened there."""
    then = f", {clock(found.origin_time)}" if found.origin_time else ""
    return f"from {found.origin}{then}"


def failed(failure: Failure, *, as_json: bool) -> None:
    """Write why the command failed: to standard error, and with --json as the document."""
    if as_json:
        document(
            {
                "error": {
                    "code": failure.code,
                    "detail": failure.message,
                    "advice": failure.advice or None,
                    "exit": int(failure.exit_code),
                }
            }
        )
    out = console(stderr=True)
    out.print(f"[bold red]rollbook:[/] {plain(failure.message)}")
    if failure.advice:
        out.print(f"  {plain(failure.advice)}")
