"""What one window says, subject by subject: how far from the reference, and how sure that is."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from math import erfc, sqrt
from typing import Any, Final, TypeAlias

from rollbook.domain.profiles import Column, Loss, NumberColumn, Profile
from rollbook.domain.state import AlarmKind
from rollbook.drift import adwin, distances
from rollbook.telemetry.edges import MICRO
from rollbook.telemetry.sums import Histogram, Measure, Window

FEWEST: Final = 200
"""Rows below which a window says nothing by itself, and waits for the next one."""
FEWEST_VALUES: Final = 100
"""Of one column, or labels."""
SURE: Final = 0.001
"""P-values, corrected for how many subjects were looked at, up to which a distance counts."""

PSI: Final = 0.1
"""Beyond what chance would bring; half of it is calm."""
SHARE: Final = 0.05
"""By which more values may be missing, unknown or out of range; half of it is calm."""
WORSE: Final = 0.1
"""By which the loss may grow, as a share of the reference's; half of it is calm."""

Bins: TypeAlias = tuple[list[int], list[int]]
"""Of the reference and of the window."""


@dataclass(frozen=True, slots=True)
class Sign:
    """One subject of one window."""

    kind: AlarmKind
    subject: str
    measure: str
    value: float
    threshold: float
    p: float
    rows: int
    more: Mapping[str, float]

    @property
    def over(self) -> bool:
        """Whether it has drifted, surely."""
        return self.value >= self.threshold and self.p <= SURE

    @property
    def calm(self) -> bool:
        """Whether it is well below what an alarm would need."""
        return self.value < self.threshold / 2

    def as_json(self) -> list[Any]:
        """For a table."""
        return [
            *(self.kind, self.subject, self.measure, self.value, self.threshold, self.p),
            *(self.rows, dict(self.more)),
        ]


def of_data(profile: Profile, window: Window) -> list[Sign]:
    """What is seen as soon as predictions are made: features, predictions, quality."""
    found: list[Sign] = []
    for name, column, histogram in columns(profile, window):
        if name == "label":
            continue
        kind: AlarmKind = "prediction" if name == "prediction" else "feature"
        found += _distance(kind, name, column, histogram)
        found += _quality(name, column, histogram)
    return _corrected(found)


def of_truth(profile: Profile, window: Window) -> list[Sign]:
    """What is seen when labels have come: labels, and how right predictions were."""
    found: list[Sign] = []
    for name, column, histogram in columns(profile, window):
        if name == "label":
            found += _distance("label", name, column, histogram)
    if profile.loss is not None and window.loss.n >= FEWEST_VALUES:
        found.append(_performance(profile.loss, window.loss))
    return _corrected(found)


def of_change(losses: Sequence[Measure]) -> list[Sign]:
    """Where no reference says how right a version was, its own past does; newest first."""
    found = adwin.cut(losses)
    if found is None:
        mean = sum(loss.x for loss in losses) / MICRO / max(sum(loss.n for loss in losses), 1)
        before = after = mean
    else:
        before, after = found.before, found.after
    value = (after - before) / max(before, 1e-9)
    more = {"loss": after, "before": before}
    p = 1.0 if found is None else adwin.DELTA
    rows = sum(loss.n for loss in losses)
    return [Sign("performance", "loss", "adwin", value, WORSE, p, rows, more)]


def columns(profile: Profile, window: Window) -> Iterator[tuple[str, Column, Histogram]]:
    """The columns that both have."""
    wanted: dict[str, Column] = {f"feature:{n}": c for n, c in profile.features.items()}
    if profile.prediction is not None:
        wanted["prediction"] = profile.prediction
    if profile.label is not None:
        wanted["label"] = profile.label
    for name, column in sorted(wanted.items()):
        if (histogram := window.columns.get(name)) is not None:
            yield name, column, histogram


def bins(column: Column, histogram: Histogram) -> Bins:
    """Both by the same bins: what lies out of range counts to the nearest."""
    if isinstance(column, NumberColumn):
        inner = histogram.bins[1:-1]
        inner[0] += histogram.bins[0]
        inner[-1] += histogram.bins[-1]
        return [*column.counts], inner
    return [*column.counts.values(), column.other], histogram.bins


def _distance(kind: AlarmKind, name: str, column: Column, histogram: Histogram) -> Iterator[Sign]:
    reference, window = bins(column, histogram)
    if sum(window) < FEWEST_VALUES or not sum(reference):
        return
    value = distances.psi(reference, window) - distances.psi_by_chance(reference, window)
    more = {"js": distances.js(reference, window)}
    if isinstance(column, NumberColumn):
        more["ks"] = distances.ks(reference, window)
    statistic, freedom = distances.chi_squared(reference, window)
    more["chi2"] = statistic
    p = distances.p_value(statistic, freedom)
    yield Sign(kind, name, "psi", value, PSI, p, sum(window), more)


def _quality(name: str, column: Column, histogram: Histogram) -> Iterator[Sign]:
    counted = histogram.counted
    rows = counted + histogram.nulls + histogram.odd
    if rows < FEWEST_VALUES:
        return
    if isinstance(column, NumberColumn):
        inside = sum(column.counts)
        stray = "outside", 0, histogram.bins[0] + histogram.bins[-1]
    else:
        inside = sum(column.counts.values()) + column.other
        stray = "unknown", column.other, histogram.bins[-1]
    whole = inside + column.nulls
    for measure, before, after, of, all_ in (
        ("nulls", column.nulls, histogram.nulls, rows, whole),
        ("odd", 0, histogram.odd, rows, whole),
        (*stray, counted, inside),
    ):
        if of and all_:
            value = after / of - before / all_
            yield Sign(
                "quality",
                name,
                measure,
                value,
                SHARE,
                _more_often(before, all_, after, of),
                of,
                {"share": after / of, "reference": before / all_},
            )


def _performance(reference: Loss, loss: Measure) -> Sign:
    mean = loss.x / MICRO / loss.n
    variance = max(loss.xx / MICRO / loss.n - mean * mean, 0)
    # The reference is uncertain as well; how much its losses spread, the window tells.
    error = sqrt(variance * (1 / loss.n + 1 / reference.rows))
    least = max(reference.mean, 1e-9)
    value = (mean - reference.mean) / least
    p = _above((mean - reference.mean) / error) if error else float(mean <= reference.mean)
    more = {"loss": mean, "reference": reference.mean}
    return Sign("performance", "loss", "worse", value, WORSE, p, loss.n, more)


def _more_often(before: int, n: int, after: int, m: int) -> float:
    """How likely so many more are by chance."""
    share = (before + after) / (n + m)
    error = sqrt(share * (1 - share) * (1 / n + 1 / m))
    return _above((after / m - before / n) / error) if error else 1.0


def _above(z: float) -> float:
    return 0.5 * erfc(z / sqrt(2))


def _corrected(found: list[Sign]) -> list[Sign]:
    values = distances.corrected([sign.p for sign in found])
    return [replace(sign, p=p) for sign, p in zip(found, values, strict=True)]
