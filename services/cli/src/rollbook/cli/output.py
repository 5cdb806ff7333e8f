"""What a command writes: for people, or one JSON document for programs."""

import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli.exits import Failure

if TYPE_CHECKING:
    from _typeshed import DataclassInstance
    from pydantic import JsonValue
    from rich.console import Console, RenderableType


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
    return {
        name: part.isoformat() if isinstance(part, datetime) else part
        for name, part in asdict(value).items()
    }


def line(value: Mapping[str, object]) -> None:
    """Write one JSON object on one line."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
    sys.stdout.flush()


def say(text: "RenderableType") -> None:
    """Write one line (or table) for people; rich markup is understood."""
    console().print(text)


def plain(text: object) -> str:
    """Text of somebody else, so that brackets in it are not taken for markup."""
    from rich.markup import escape  # noqa: PLC0415

    return escape(str(text))


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """Write a table; a column whose name begins with `#` holds numbers."""
    from rich.box import SIMPLE_HEAD  # noqa: PLC0415
    from rich.table import Table  # noqa: PLC0415

    drawn = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    for name in columns:
        drawn.add_column(
            name.removeprefix("#"), justify="right" if name.startswith("#") else "left"
        )
    for row in rows:
        drawn.add_row(*("" if cell is None else plain(cell) for cell in row))
    say(drawn)


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
