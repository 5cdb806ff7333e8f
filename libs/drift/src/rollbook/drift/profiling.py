"""The reference profile of a data set: edges and counts for each of its columns."""

from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping, Sequence
from math import inf, isfinite, nextafter
from typing import Final, TypeAlias

from rollbook.domain.profiles import Column, Loss, NumberColumn, Profile, WordColumn
from rollbook.telemetry.losses import lost, text
from rollbook.telemetry.reference import Task

Value: TypeAlias = float | str | None

BINS: Final = 10
MOST_WORDS: Final = 50
LONGEST: Final = 1_000


def profile(
    table: Mapping[str, Sequence[Value]],
    *,
    prediction: str | None = None,
    label: str | None = None,
    task: Task = "number",
    data: str = "",
) -> Profile:
    """The profile of a table by columns, of which one may hold predictions and one labels."""
    rows = max((len(column) for column in table.values()), default=0)
    if not rows:
        raise ValueError("the data set has no rows")
    special = {prediction, label}
    features = {
        name: made
        for name, column in table.items()
        if name not in special and (made := profiled(column)) is not None
    }
    return Profile(
        rows=rows,
        features=features,
        prediction=profiled(table[prediction]) if prediction is not None else None,
        label=profiled(_as(task, table[label])) if label is not None else None,
        task=task,
        loss=_loss(table[prediction], table[label], task)
        if prediction is not None and label is not None
        else None,
        data=data,
    )


def profiled(column: Sequence[Value]) -> Column | None:
    """Edges and counts of one column; None where it holds nothing."""
    values = [value for value in column if value is not None and value == value]  # noqa: PLR0124
    nulls = len(column) - len(values)
    numbers = [value for value in values if isinstance(value, int | float) and isfinite(value)]
    if not values:
        return None
    if len(numbers) == len(values):
        edges = edges_of(sorted(map(float, numbers)))
        places = Counter(bisect_right(edges, value) - 1 for value in numbers)
        counts = tuple(places[place] for place in range(len(edges) - 1))
        return NumberColumn(kind="numbers", edges=edges, counts=counts, nulls=nulls)
    words = Counter(str(value)[:LONGEST] for value in values)
    known = dict(sorted(words.most_common(MOST_WORDS)))
    return WordColumn(
        kind="words", counts=known, other=words.total() - sum(known.values()), nulls=nulls
    )


def edges_of(numbers: Sequence[float]) -> tuple[float, ...]:
    """The tenths of sorted numbers, or a bin for each where they are few; the largest is inside."""
    beyond = nextafter(numbers[-1], inf)
    distinct = sorted(set(numbers))
    if len(distinct) <= BINS:
        return (*distinct, beyond)
    inner = {numbers[len(numbers) * part // BINS] for part in range(1, BINS)}
    return (*sorted({numbers[0], *inner}), beyond)


def _as(task: Task, labels: Sequence[Value]) -> Sequence[Value]:
    """Labels as they will be counted: those of classes as words."""
    if task != "class":
        return labels
    return [None if label is None else text(label) for label in labels]


def _loss(predictions: Sequence[Value], labels: Sequence[Value], task: Task) -> Loss | None:
    losses = [
        lost(prediction, label, task)
        for prediction, label in zip(predictions, labels, strict=True)
        if prediction is not None and label is not None
    ]
    return Loss(rows=len(losses), mean=sum(losses) / len(losses)) if losses else None
