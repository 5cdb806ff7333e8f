"""How wrong a prediction was, once its label is known."""

from bisect import bisect_right

from rollbook.telemetry.edges import MICRO, MOST
from rollbook.telemetry.reference import Reference, Task
from rollbook.telemetry.sums import Histogram, Measure, Window


def loss_of(
    window: Window, prediction: float | str, label: float | str, reference: Reference
) -> None:
    """Count a prediction and its label: 1 for a wrong answer, the difference between numbers."""
    loss = round(MICRO * lost(prediction, label, reference.task))
    window.loss.add(Measure(1, loss, loss * loss // MICRO))
    if size := reference.size("label"):
        histogram = window.columns.setdefault("label", Histogram([0] * size))
        place = _place(label, reference)
        if place is None:
            histogram.odd += 1
        else:
            histogram.bins[place] += 1


def lost(prediction: float | str, label: float | str, task: Task) -> float:
    """1 for a wrong answer, 0 for a right one; of numbers the difference."""
    if task == "class" or isinstance(prediction, str) or isinstance(label, str):
        return float(text(prediction) != text(label))
    if task == "probability":
        return float((prediction >= 0.5) != (label >= 0.5))
    return min(abs(prediction - label), MOST)


def text(value: float | str) -> str:
    """Classes that are numbers are written without a fraction, as JSON may give either."""
    return value if isinstance(value, str) else f"{value:g}"


def _place(label: float | str, reference: Reference) -> int | None:
    edges = reference.numbers.get("label")
    if edges is not None:
        return None if isinstance(label, str) else bisect_right(edges, label)
    words = reference.words["label"]
    word = text(label)
    return words.index(word) if word in words else len(words)
