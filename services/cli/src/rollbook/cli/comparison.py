"""How one version differs from another, drawn for people: figures first, then everything else."""

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from rollbook.cli.output import grid
from rollbook.cli.sentences import short

if TYPE_CHECKING:
    from rich.console import RenderableType

Diff = Mapping[str, Any]

NAMED = {
    "artifact": "artifact",
    "params": "parameter",
    "properties": "property",
    "tags": "tag",
    "code": "code",
    "runtime": "runtime",
    "packages": "package",
    "terms": "terms",
    "card": "card",
}
"""Fields of a diff that map names to what changed, and what one of them is called."""

GATHERED = {
    "variants": "variant",
    "datasets": "data",
    "features": "feature",
    "parents": "made from",
    "inputs": "input",
    "outputs": "output",
}
"""Fields whose members came, went, or changed."""

LONGEST = 160
"""Characters of a value that are shown."""


def drawn(diff: Diff) -> "Iterator[RenderableType]":
    """The parts of the page, those in which there is nothing left out."""
    old = "nothing" if diff["old"] is None else f"version {diff['old']}"
    new = f"version {diff['new']}"
    if found := list(_figures(diff)):
        yield grid(("figure", f"#{old}", f"#{new}", "#difference"), found, title="Figures")
    if changed := list(changes(diff)):
        yield grid(("what", old, new), changed, title="What else is different")
    elif not found:
        yield "[dim]Nothing else is different.[/]"


def _figures(diff: Diff) -> Iterator[Sequence[object]]:
    for figure in diff["metrics"]:
        yield figure["name"], *_numbers(figure)
    for measured in diff["measured"]:
        where = [measured["kind"], measured["split"]]
        where += [f"{key}={value}" for key, value in measured["slice"].items()]
        values = {side: (measured[side] or {}).get("value") for side in ("old", "new")}
        _, _, delta = _numbers({**values, "delta": measured["delta"]})
        yield (
            f"{measured['metric']} ({', '.join(where)})",
            measure(measured["old"]),
            measure(measured["new"]),
            delta,
        )
    registered = {figure["name"] for figure in diff["metrics"]}
    for figure in diff["latency"]:
        if figure["name"] not in registered:
            yield figure["name"], *_numbers(figure)


def _numbers(figure: Mapping[str, Any]) -> tuple[str, str, str]:
    old, new, delta = figure["old"], figure["new"], figure["delta"]
    said = "" if delta is None else "same" if delta == 0 else f"{delta:+.4g}"
    if delta and old:
        said += f" ({delta / abs(old):+.1%})"
    return _number(old), _number(new), said


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:g}"


def measure(found: Mapping[str, Any] | None) -> str:
    """A figure with its interval, where one is known."""
    if found is None:
        return "-"
    low, high = found.get("low"), found.get("high")
    interval = "" if low is None and high is None else f" ({_number(low)} to {_number(high)})"
    return f"{found['value']:g}{interval}"


def changes(diff: Diff) -> Iterator[tuple[str, str, str]]:
    """Everything but the figures: what it is, before, after."""
    for field in ("label", "description"):
        if diff[field]:
            yield field, shown(diff[field]["old"]), shown(diff[field]["new"])
    for field, name in NAMED.items():
        for key, change in diff[field].items():
            yield f"{name} {key}", shown(change["old"]), shown(change["new"])
    for field, name in GATHERED.items():
        for member in diff[field]["removed"]:
            yield name, shown(member), "-"
        for member in diff[field]["added"]:
            yield name, "-", shown(member)
        for key, change in diff[field]["changed"].items():
            yield f"{name} {key}", shown(change["old"]), shown(change["new"])


def shown(value: Any) -> str:
    """Any JSON on one line or a few, not too long."""
    match value:
        case None:
            return "-"
        case str():
            text = short(value) if value.startswith("sha256:") else value
        case Mapping():
            text = ", ".join(f"{key} {shown(part)}" for key, part in value.items())
        case list():
            text = ", ".join(map(shown, value))
        case bool():
            text = str(value).lower()
        case _:
            text = str(value)
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"
