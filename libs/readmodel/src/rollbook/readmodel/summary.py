"""The answer to why something serves, as one sentence."""

from collections.abc import Iterator, Sequence
from typing import Any, TypeAlias

from rollbook.readmodel.because import Because
from rollbook.readmodel.history import HistoryRow

Chain: TypeAlias = Sequence[tuple[Because, HistoryRow]]


def summary(environment: str, version: int | None, chain: Chain) -> str:
    """What serves, by whom, at whose wish, signed by whom, on which verdict."""
    if not chain:
        return f"nothing has ever served in {environment}"
    top = chain[0][1]
    data: dict[str, Any] = top.data
    match top.type:
        case "EnvironmentCleared":
            return (
                f"nothing serves in {environment}: {top.actor} took version {data['version']} away:"
                f" {data['reason']}"
            )
        case "VersionRolledBack":
            said = f"again: {top.actor} rolled version {data['version']} back: {data['reason']}"
        case "GlassBroken":
            said = f"past the rules: {_glass(top, chain)}"
        case _:
            instead = data.get("replaced")
            place = f" in place of version {instead}" if instead is not None else ""
            said = f"because {top.actor} promoted it{place}"
    return "; ".join((f"version {version} serves in {environment} {said}", *_grounds(chain)))


def _grounds(chain: Chain) -> Iterator[str]:
    for row in _of(chain, Because.FIRST):
        how = f"past the rules: {_glass(row, chain)}" if row.type == "GlassBroken" else ""
        yield f"first put there by {row.actor}{f', {how}' if how else ''}"
    for row in _of(chain, Because.ASKED):
        yield f"asked for by {row.actor}: {row.data['reason']}"
    signed = [f"{row.actor} as {row.data['title']}" for row in _of(chain, Because.SIGNED)]
    if signed:
        yield f"signed by {', '.join(signed)}"
    elif not any(_of(chain, Because.ASKED)):
        yield "nobody asked for it or signed"
    verdicts = list(_of(chain, Because.JUDGED))
    for row in verdicts:
        gates: Any = row.data.get("gates") or ()
        names = ", ".join(f"{gate['gate']} {gate['outcome']}" for gate in gates)
        yield (
            f"the gates {'let it pass' if row.type == 'VersionValidated' else 'were against it'}"
            + (f" ({names})" if names else "")
        )
    if not verdicts:
        yield "no gate had looked at it"
    for row in _of(chain, Because.RULED):
        yield f"by the rules in their version {row.data['version']}"
    for row in _of(chain, Because.REGISTERED):
        yield f"registered by {row.actor}{_made(row)}"


def _made(row: HistoryRow) -> str:
    lineage: Any = row.data.get("lineage") or {}
    code = "@".join(lineage[name] for name in ("code_uri", "code_commit") if lineage.get(name))
    datasets = lineage.get("datasets") or ()
    data = [data["uri"] for data in datasets if data.get("role", "train") == "train"]
    made = [f"code {code}"] if code else []
    made += [f"data {', '.join(data)}"] if data else []
    return f", from {' and '.join(made)}" if made else ""


def _glass(row: HistoryRow, chain: Chain) -> str:
    past: Any = row.data.get("bypassed") or ()
    reviews = [f"found {r.data['verdict']} by {r.actor}" for r in _of(chain, Because.REVIEWED)]
    return (
        f"{row.actor} broke the glass ({', '.join(past) or 'no rule was in the way'}):"
        f" {row.data['reason']}, {reviews[0] if reviews else 'which nobody has reviewed'}"
    )


def _of(chain: Chain, because: Because) -> Iterator[HistoryRow]:
    return (row for why, row in chain if why is because)
