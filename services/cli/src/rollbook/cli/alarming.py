"""`rollbook alarm list|show|ack|clear`: what is wrong with live data."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Annotated, Any

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Name, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client.alarming import Alarm

Number = Annotated[int, Parameter(name="NUMBER", help="Of the alarm, as `list` shows it.")]
BARS = 24
"""Characters of the longest bar."""


def list_(
    name: Annotated[str | None, Parameter(help="Of a model; without, all that are open.")] = None,
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """List alarms: of all models those that are open, or all of one model.

    ```console
    rollbook alarm list
    rollbook alarm list churn
    ```
    """
    with target.registry() as registry:
        found = list(registry.alarms(arguments.key(name) if name is not None else None))
    if target.json:
        output.document({"alarms": [output.shaped(alarm) for alarm in found]})
    elif not found:
        output.say("There was no alarm." if name else "No alarm is open.")
    else:
        output.table(
            ("model", "alarm", "kind", "version", "where", "furthest", "raised", "state"),
            [_row(alarm) for alarm in found],
        )
    return Exit.DONE


def show(
    name: Name,
    number: Number,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show an alarm: what moved how far, and a picture of the columns that moved furthest.

    ```console
    rollbook alarm show churn 1
    ```
    """
    with target.registry() as registry:
        alarm = registry.alarm(arguments.key(name), number)
    if target.json:
        output.document(output.shaped(alarm))
        return Exit.DONE
    output.say(
        f"[bold]{output.plain(alarm.model)}[/] alarm {alarm.alarm}: {output.plain(alarm.kind)},"
        f" version {alarm.version} in {output.plain(alarm.environment)}, {_state(alarm)}"
    )
    output.say(
        f"  {clock(alarm.begin_)[:16]} to {clock(alarm.end_)[:16]}: {alarm.rows:,} rows,"
        f" {alarm.windows} windows; raised {clock(alarm.raised_at)[:16]}"
    )
    for finding in alarm.findings:
        output.say(f"  {output.plain(_finding(finding))}")
    for picture in alarm.pictures:
        _draw(picture)
    if alarm.note:
        output.say(f"  seen by {output.plain(alarm.acknowledged_by)}: {output.plain(alarm.note)}")
    if alarm.reason:
        output.say(f"  cleared: {output.plain(alarm.reason)}")
    return Exit.DONE


def ack(
    name: Name,
    number: Number,
    /,
    *,
    note: Annotated[str, Parameter(name=("--note", "-n"), help="What you make of it.")],
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Say that you have seen an alarm; it stays open until it clears.

    ```console
    rollbook alarm ack churn 1 --note "a campaign, over on Friday"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        tell(registry, model, registry.acknowledge(model, number, note), as_json=target.json)
    return Exit.DONE


def clear(
    name: Name,
    number: Number,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """End an alarm by hand; what goes on raises it anew with its next window.

    ```console
    rollbook alarm clear churn 1 --reason "the reference was wrong"
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        tell(registry, model, registry.clear_drift(model, number, reason), as_json=target.json)
    return Exit.DONE


def _row(alarm: "Alarm") -> tuple[object, ...]:
    first = alarm.findings[0]
    return (
        *(alarm.model, alarm.alarm, alarm.kind, alarm.version, alarm.environment),
        f"{first['subject']} {first['measure']} {first['value']:.3g}",
        *(clock(alarm.raised_at)[:16], _plain_state(alarm)),
    )


def _plain_state(alarm: "Alarm") -> str:
    if alarm.state != "open":
        return "cleared"
    return "seen" if alarm.acknowledged_by else "open"


def _state(alarm: "Alarm") -> str:
    state = _plain_state(alarm)
    return f"[{'green' if state == 'cleared' else 'red'}]{state}[/]"


def _finding(finding: Mapping[str, Any]) -> str:
    if finding.get("note"):
        return f"{finding['subject']}: {finding['note']} ({finding['value']:g} servers)"
    said = f"{finding['subject']}: {finding['measure']} {finding['value']:.3g}"
    if finding.get("threshold") is not None:
        said += f" where {finding['threshold']:g} is too much"
    if finding.get("p") is not None:
        said += f", p {finding['p']:.1g}"
    more = ", ".join(f"{name} {value:.3g}" for name, value in finding["more"].items())
    return f"{said}, {finding['rows']:,} rows" + (f" ({more})" if more else "")


def _draw(picture: Mapping[str, Any]) -> None:
    reference, window = picture["reference"], picture["window"]
    whole = max(sum(reference), 1), max(sum(window), 1)
    pairs = [
        (name, r / whole[0], w / whole[1])
        for name, r, w in zip(picture["bins"], reference, window, strict=True)
    ]
    most = max(max(r, w) for _, r, w in pairs) or 1
    wide = max(len(name) for name, _, _ in pairs)
    output.say(f"\n  [bold]{output.plain(picture['subject'])}[/]  reference ░  window █")
    for name, r, w in pairs:
        output.say(f"  {output.plain(name.rjust(wide))} {'░' * round(BARS * r / most)} {r:.1%}")
        output.say(f"  {' ' * wide} {'█' * round(BARS * w / most)} {w:.1%}")
