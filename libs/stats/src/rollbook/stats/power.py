"""How much traffic a decision needs."""

from math import ceil, sqrt
from statistics import NormalDist

from rollbook.stats.asking import Better, Limit, Question, Relative
from rollbook.stats.boundary import boundary, crossing


def needed(
    question: Question,
    baseline: float,
    difference: float,
    share: float,
    *,
    spread: float | None = None,
    power: float = 0.8,
) -> int | None:
    """Rows of both arms after which a decision is as likely as `power`; None: none ever comes.

    `difference` is what the candidate really differs by from the baseline, and `share`, between 0
    and 1, is what it gets of the rows of both. `spread` is the standard deviation of one row, which
    only a rate has from its value; for a quantile p, it is sqrt(p (1 - p)) over the density there.
    Rows are taken to be of different units: multiply by the design effect where they are not.
    """
    value = baseline + difference
    sign = 1 if question.better is Better.LOWER else -1
    arms, weight = [(1.0, share, value), (1.0, 1 - share, baseline)], share * (1 - share)
    match question.bar:
        case Limit(limit):
            distance, arms, weight = value - limit, arms[:1], share
        case Relative(margin):
            times = 1 + sign * margin
            distance, arms[1] = value - times * baseline, (times, 1 - share, baseline)
        case bar:
            distance = difference - sign * bar.margin
    variance = sum(t * t * _variance(at, spread) / part for t, part, at in arms)
    if distance == 0:
        return None
    deviate = NormalDist().inv_cdf(power)

    def reached(rows: float) -> float:
        if rows <= 0:
            return 0.0
        strays = sqrt(2 * boundary(rows * weight, question.alpha, 255)) + deviate
        return rows * distance * distance / (strays * strays)

    fewest = max(question.fewest / part for _, part, _ in arms)
    return ceil(max(crossing(reached, variance, 1000.0), fewest)) if variance > 0 else ceil(fewest)


def _variance(value: float, spread: float | None) -> float:
    if spread is not None:
        return spread * spread
    if not 0 <= value <= 1:
        raise ValueError("what is no rate needs the spread of its rows")
    return value * (1 - value)
