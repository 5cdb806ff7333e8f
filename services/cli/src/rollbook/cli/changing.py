"""What changed of a model between two moments, event by event, as `rollbook diff` shows it."""

from datetime import datetime
from typing import TYPE_CHECKING

from rollbook.cli import output
from rollbook.cli.comparison import shown
from rollbook.cli.exits import Exit
from rollbook.cli.moments import said
from rollbook.cli.sentences import clock
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Step


def changed(
    model: str, since: datetime | str | None, until: datetime | str | None, target: Target
) -> Exit:
    """Show what each event after `since`, up to `until`, changed of a model."""
    with target.registry() as registry:
        found = list(registry.changes(model, since=since, until=until))
    if target.json:
        output.document(
            {
                "model": model,
                "from": said(since) if since is not None else None,
                "to": said(until) if until is not None else None,
                "steps": [output.shaped(step) for step in found],
            }
        )
    elif not found:
        output.say(f"Nothing of {output.plain(model)} changed then.")
    for step in () if target.json else found:
        _tell(step)
    return Exit.DONE


def _tell(step: "Step") -> None:
    why = f": {output.plain(step.reason)}" if step.reason else ""
    output.say(
        f"[bold]{step.type}[/] by {output.plain(step.actor)}, {clock(step.time)}"
        f" [dim]at {step.position}[/]{why}"
    )
    for change in step.changes:
        old, new = shown(change["old"]), shown(change["new"])
        what = f"{change['of']}, {change['field']}"
        output.say(output.plain(f"  {what}: {old} -> {new}"))
