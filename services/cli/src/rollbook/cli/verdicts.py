"""What the gates found, drawn for people."""

from typing import TYPE_CHECKING

from rollbook.cli import output
from rollbook.cli.sentences import clock

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rollbook.client import Verdict

COLOURS = {"passed": "green", "failed": "red", "error": "red", "skipped": "yellow"}


def gates(verdict: "Verdict") -> "RenderableType":
    """What each gate measured, and what it made of it."""
    rows = [
        (
            gate["gate"],
            f"[{COLOURS.get(gate['outcome'], 'white')}]{output.plain(gate['outcome'])}[/]",
            ", ".join(f"{name}={value:g}" for name, value in (gate.get("measured") or {}).items()),
            gate.get("reason") or "",
            ", ".join(where for where, names in verdict.barred.items() if gate["gate"] in names),
        )
        for gate in verdict.gates
    ]
    title = f"Gates: {verdict.stage}, {clock(verdict.decided_at)[:16]} by {verdict.decided_by}"
    return output.grid(("gate", "&outcome", "measured", "why", "bars from"), rows, title=title)
