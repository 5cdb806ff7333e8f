"""A back-test put together from what governed, and its figures for people and for programs."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from rollbook.cli import output
from rollbook.cli.sentences import clock
from rollbook.domain.policies import Policy, PolicyDropped, PolicySaved
from rollbook.domain.rules import MetadataSchemaSet, RulesSet
from rollbook.gates.backtest import Governed, WhatIf
from rollbook.gates.ruling import Standing

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rollbook.domain.namespace import NamespaceEvent
    from rollbook.gates.tally import Flip, Incident, Tally, Verdict

TRIED = "tried"
"""What the policy is called where it would replace none."""
SHOWN = 20
"""Rows of a table; JSON has more."""
BAR = 30
"""Characters of the longest bar."""
COLOURS = {"passed": "green", "barred": "yellow", "failed": "red", "error": "red", "skipped": "dim"}


def asked(
    events: "Sequence[tuple[str, datetime, NamespaceEvent]]",
    policy: Policy,
    namespace: str,
    name: str | None,
    since: datetime | None,
) -> WhatIf:
    """What is asked of the past: the policy alone, or in place of `name` beside the others."""
    policies: dict[tuple[str, str], Standing] = {}
    governed: defaultdict[str, list[Governed]] = defaultdict(list)
    for key, at, event in events:
        before = governed[key][-1] if governed[key] else Governed(at)
        match event:
            case PolicySaved(policy=saved, version=version, document=document):
                found = Policy.model_validate(document)
                policies[key, saved] = Standing(key, saved, version, found)
            case PolicyDropped(policy=dropped):
                policies.pop((key, dropped), None)
            case RulesSet(rules=rules):
                governed[key].append(before._replace(since=at, risk=rules.default_risk))
            case MetadataSchemaSet(metadata=schema):
                governed[key].append(before._replace(since=at, schema=schema))
            case _:
                pass
    if name is None:
        tried: tuple[Standing, ...] = (Standing(namespace, TRIED, 1, policy),)
    else:
        version = policies[namespace, name].version if (namespace, name) in policies else 0
        others = (one for place, one in policies.items() if place != (namespace, name))
        tried = (*others, Standing(namespace, name, version + 1, policy))
    return WhatIf(tried, since, dict(governed))


def draw(tally: "Tally", seconds: float) -> None:
    """Write it for people."""
    for part in _parts(tally, seconds):
        output.say(part)


def page(tally: "Tally", seconds: float) -> str:
    """The same as a page of HTML."""
    from io import StringIO  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    recorded = Console(record=True, file=StringIO(), width=140, highlight=False)
    for part in _parts(tally, seconds):
        recorded.print(part)
    return recorded.export_html()


def _parts(tally: "Tally", seconds: float) -> "Iterator[RenderableType]":
    rate = tally.candidates / seconds if seconds else 0
    yield (
        f"[bold]{tally.candidates:,} candidates[/] judged in {seconds:.1f} s ({rate:,.0f}/s);"
        f" {tally.unruled:,} more are not looked at by any gate"
    )
    if not tally.candidates:
        return
    yield from _verdicts(tally)
    yield from _gates(tally)
    yield from _months(tally)
    if tally.flips:
        yield output.grid(
            ("candidate", "when", "then", "now", "because"),
            [_flip(flip) for flip in tally.flips[-SHOWN:]],
            title=f"Flips: {tally.flipped:,}, the newest {min(SHOWN, len(tally.flips))}",
        )
    if tally.incidents:
        stopped = sum(bool(one.stopped) for one in tally.incidents)
        yield output.grid(
            ("incident", "when", "version", "reason", "&stopped", "by"),
            [_incident(one) for one in tally.incidents[-SHOWN:]],
            title=f"Incidents: {len(tally.incidents):,}; it would have stopped {stopped:,}",
        )
    if tally.lacking:
        yield output.grid(
            ("gate", "lacks", "#candidates", "for example"),
            [
                (gate, what, f"{count:,}", _example(tally, gate, what))
                for (gate, what), count in tally.lacking.most_common(SHOWN)
            ],
            title="What candidates lack",
        )


def _verdicts(tally: "Tally") -> "Iterator[RenderableType]":
    rows = [
        (then or "no verdict", now, f"{count:,}", _bar(count, tally.candidates, COLOURS[now]))
        for (then, now), count in sorted(tally.verdicts.items(), key=lambda part: -part[1])
    ]
    yield output.grid(("then", "now", "#candidates", "&"), rows, title="Verdicts")


def _gates(tally: "Tally") -> "Iterator[RenderableType]":
    rows = []
    for gate, counts in tally.outcomes():
        looked = sum(counts.values())
        lost = looked - counts.get("passed", 0) - counts.get("skipped", 0)
        figures = (f"{counts.get(o, 0):,}" for o in ("passed", "failed", "skipped", "error"))
        rows.append((gate, *figures, f"{_bar(lost, looked, 'red')} {lost / looked:.1%}"))
    head = ("gate", "#passed", "#failed", "#skipped", "#error", "&stops")
    yield output.grid(head, rows, title="Gates")


def _months(tally: "Tally") -> "Iterator[RenderableType]":
    months = sorted({month for month, _ in tally.months})[-24:]
    counts = {m: {s: tally.months[m, s] for s in ("passed", "barred", "failed")} for m in months}
    most = max(sum(count.values()) for count in counts.values())
    rows = [
        (
            month,
            *(f"{counts[month][said]:,}" for said in ("passed", "barred", "failed")),
            "".join(
                f"[{COLOURS[said]}]{'█' * round(BAR * count / most)}[/]"
                for said, count in counts[month].items()
            ),
        )
        for month in months
    ]
    yield output.grid(("month", "#passed", "#barred", "#failed", "&"), rows, title="By month")


def _bar(count: int, of: int, colour: str) -> str:
    return f"[{colour}]{'█' * max(1, round(BAR * count / of))}[/]" if count else ""


def _said(verdict: "Verdict") -> str:
    if verdict.said == "barred":
        return f"barred from {', '.join(sorted(verdict.barred))}"
    return verdict.said


def _flip(flip: "Flip") -> tuple[object, ...]:
    because = "\n".join(f"{gate}: {reason}" for gate, reason in flip.because)
    where = f"{flip.model}@{flip.version}"
    return where, clock(flip.at)[:16], _said(flip.then), _said(flip.now), because


def _incident(one: "Incident") -> tuple[object, ...]:
    where = f"{one.model}@{one.version} in {one.environment}"
    stopped = "[green]yes[/]" if one.stopped else "[red]no[/]"
    by = ", ".join(gate for gate, _ in one.stopped)
    return one.kind, clock(one.at)[:16], where, one.reason, stopped, by


def _example(tally: "Tally", gate: str, what: str) -> str:
    return next(
        (
            f"{one.model}@{one.version}"
            for one in tally.lacks
            if (one.gate, one.what) == (gate, what)
        ),
        "",
    )


def shaped(tally: "Tally", seconds: float) -> dict[str, Any]:
    """It for programs."""
    return {
        "candidates": tally.candidates,
        "unruled": tally.unruled,
        "seconds": round(seconds, 3),
        "verdicts": [
            {"then": then, "now": now, "candidates": count}
            for (then, now), count in sorted(tally.verdicts.items(), key=lambda part: -part[1])
        ],
        "gates": dict(tally.outcomes()),
        "flipped": tally.flipped,
        "flips": [
            {
                "model": flip.model,
                "version": flip.version,
                "time": flip.at.isoformat(),
                "then": _verdict(flip.then),
                "now": _verdict(flip.now),
                "because": _reasons(flip.because),
            }
            for flip in tally.flips
        ],
        "incidents": [
            {
                "kind": one.kind,
                "model": one.model,
                "version": one.version,
                "environment": one.environment,
                "time": one.at.isoformat(),
                "reason": one.reason,
                "stopped": _reasons(one.stopped),
            }
            for one in tally.incidents
        ],
        "lacking": [
            {"gate": gate, "lacks": what, "candidates": count}
            for (gate, what), count in tally.lacking.most_common()
        ],
        "lacks": [one._asdict() for one in tally.lacks],
        "months": [
            {"month": month, "now": now, "candidates": count}
            for (month, now), count in sorted(tally.months.items())
        ],
    }


def _verdict(verdict: "Verdict") -> dict[str, Any]:
    return {"said": verdict.said, "barred": sorted(verdict.barred)}


def _reasons(found: Sequence[tuple[str, str]]) -> list[dict[str, str]]:
    return [{"gate": gate, "reason": reason} for gate, reason in found]
