"""Versions that were found, as rows; how they spread, as bars."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from rollbook.cli import output
from rollbook.cli.sentences import clock, tags

if TYPE_CHECKING:
    from rollbook.client import Share, Version

METRICS = 3
"""Metrics of a row, where the query names none."""
BAR = 24
"""Characters of the longest bar."""
NAMED = re.compile(r"\bmetrics\.(\"(?:[^\"\\]|\\.)*\"|[^\s()<>=!:,\"\\]+)")

COLUMNS = ("version", "stage", "serves in", "metrics", "tags", "registered", "by")


def cells(version: "Version", asked: str) -> tuple[object, ...]:
    """A version in a row below `COLUMNS`, with the metrics that were asked for."""
    label = f" ({version.label})" if version.label else ""
    return (
        f"{version.model}@{version.version}{label}",
        "archived" if version.archived_reason else version.stage,
        ", ".join((*version.environments, *(f"@{alias}" for alias in version.aliases))),
        tags(dict(_metrics(version, asked))),
        tags(version.tags),
        clock(version.created_at)[:16],
        version.created_by,
    )


def _metrics(version: "Version", asked: str) -> Iterator[tuple[str, float]]:
    named = [name.strip('"') for name in NAMED.findall(asked)]
    wanted: Iterable[str] = dict.fromkeys(named) or list(version.metrics)[:METRICS]
    for name in wanted:
        if name in version.metrics:
            yield name, version.metrics[name]


def bars(name: str, shares: "Sequence[Share]") -> str:
    """How many have each value of a field, drawn."""
    longest = max((share.count for share in shares), default=1) or 1
    width = max((len(share.value or "none") for share in shares), default=0)
    lines = [f"[bold]{output.plain(name)}[/]"]
    for share in shares:
        value = output.plain((share.value if share.value is not None else "none").ljust(width))
        bar = "█" * max(1, round(BAR * share.count / longest))
        lines.append(f"  {value}  [cyan]{bar.ljust(BAR)}[/] {share.count:>7,}")
    return "\n".join(lines)
