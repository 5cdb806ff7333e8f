"""Sums of telemetry are exact, and the same in whatever order and batches the rows come."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from rollbook.monitor import taking
from rollbook.monitor.taking import Ended, Known, Taken
from rollbook.telemetry import folding
from rollbook.telemetry.batch import Arm, Batches, Row
from rollbook.telemetry.edges import BUCKETS, MICRO, bin_of, bucket_of
from rollbook.telemetry.messages import Predictions, decode
from rollbook.telemetry.reference import NOTHING, Reference
from rollbook.telemetry.sums import TallyKey, Window, WindowKey

MODEL = "shop/churn"
MINUTE = 60_000
START = 1_772_000_000_000 - 1_772_000_000_000 % MINUTE
REFERENCE = Reference(
    profile="sha256:p",
    numbers={"feature:age": (0.0, 30.0, 60.0, 100.0), "prediction": (0.0, 0.5, 1.0)},
    words={"feature:city": ("Bonn", "Rome")},
    task="probability",
)
ENDED = Ended(MINUTE, 10 * MINUTE)


def rows(count: int, seed: int = 1) -> list[Row]:
    chance = random.Random(seed)
    return [
        Row(
            START + chance.randrange(5 * MINUTE),
            id=f"r{number}",
            unit=f"u{chance.randrange(50)}",
            latency=chance.lognormvariate(1, 1),
            error=chance.random() < 0.1,
            prediction=chance.choice([chance.random(), None]),
            features={
                "age": chance.choice([chance.gauss(40, 30), None, "old"]),
                "city": chance.choice(["Bonn", "Rome", "Oslo", None, 7.0]),
            },
            values={"earned": chance.choice([chance.gauss(0, 5), None])},
        )
        for number in range(count)
    ]


@dataclass
class Stored:
    """A record as the topic has it."""

    value: bytes
    offset: int = 0
    key: bytes | None = None
    timestamp: int = START + 6 * MINUTE


def records(found: Sequence[Row], size: int) -> list[Stored]:
    source = Batches(f"s{size}")
    made: list[Stored] = []
    for begin in range(0, len(found), size):
        for row in found[begin : begin + size]:
            source.add(Arm(MODEL, "production", 3, rollout=4, step=1), row)
        made += [Stored(value) for _, value in source.take(START)]
    return made


def taken(stored: Sequence[Stored], stretch: int = 3) -> Taken:
    """What records add up to, stretch by stretch, as after as many restarts."""
    whole = Taken()
    known = Known({}, {}, {(MODEL, 3): REFERENCE})
    for begin in range(0, len(stored), stretch):
        messages, letters = taking.read(0, stored[begin : begin + stretch])
        assert not letters
        part = Taken()
        taking.take(messages, known, ENDED, part)
        taking.close(part, ENDED)
        for key, tally in part.tallies.items():
            whole.tallies.setdefault(key, type(tally)()).add(tally)
        for window_key, window in part.windows.items():
            whole.windows.setdefault(window_key, Window()).add(window)
        for window_key, waiting in part.awaited.items():
            kept = [*whole.awaited.get(window_key, ()), *waiting]
            whole.awaited[window_key] = folding.smallest(kept)
        whole.repeated += part.repeated
    return whole


def test_rows_in_any_order_and_any_batches_give_the_same_sums() -> None:
    found = rows(1_000)
    first = taken(records(found, 100))
    for seed in range(3):
        chance = random.Random(seed)
        shuffled = chance.sample(found, len(found))
        other = records(shuffled, chance.choice([1, 7, 333]))
        again = taken(chance.sample(other, len(other)), stretch=chance.choice([1, 50]))
        assert again.tallies == first.tallies
        assert again.windows == first.windows
        assert again.awaited == first.awaited


def test_a_batch_that_comes_again_counts_once() -> None:
    stored = records(rows(100), 10)
    twice = taken([*stored, *reversed(stored)])
    assert twice.windows == taken(stored).windows
    assert twice.repeated == len(stored)


def test_a_tally_is_what_counting_by_hand_gives() -> None:
    found = rows(500)
    tallies = taken(records(found, 50)).tallies
    latency = tallies[TallyKey(MODEL, 4, 1, 3, shadow=False, metric="latency")]
    errors = tallies[TallyKey(MODEL, 4, 1, 3, shadow=False, metric="errors")]
    earned = tallies[TallyKey(MODEL, 4, 1, 3, shadow=False, metric="value:earned")]
    for bucket in range(BUCKETS):
        here = [row for row in found if bucket_of(row.unit or "") == bucket]
        assert latency.n[bucket] == len(here)
        assert latency.x[bucket] == sum(round((row.latency or 0) * MICRO) for row in here)
        assert errors.x[bucket] == MICRO * sum(row.error for row in here)
        values = [row.values["earned"] for row in here]
        assert earned.n[bucket] == sum(value is not None for value in values)
    for number, count in earned.bins.items():
        values = [row.values["earned"] for row in found]
        assert count == sum(value is not None and bin_of(value) == number for value in values)
    assert not errors.bins


def test_a_window_counts_by_the_edges_and_words_of_its_reference() -> None:
    found = [row for row in rows(500) if row.time < START + MINUTE]
    (window,) = taken(records(found, 20)).windows.values()
    assert window.rows == len(found)
    ages = [row.features["age"] for row in found]
    numbers = [age for age in ages if isinstance(age, float)]
    age = window.columns["feature:age"]
    assert age.bins == [
        sum(value < 0 for value in numbers),
        sum(0 <= value < 30 for value in numbers),
        sum(30 <= value < 60 for value in numbers),
        sum(60 <= value < 100 for value in numbers),
        sum(value >= 100 for value in numbers),
    ]
    assert (age.nulls, age.odd) == (ages.count(None), ages.count("old"))
    cities = [row.features["city"] for row in found]
    city = window.columns["feature:city"]
    assert city.bins == [cities.count("Bonn"), cities.count("Rome"), cities.count("Oslo")]
    assert (city.nulls, city.odd) == (cities.count(None), cities.count(7.0))
    predicted = [row.prediction for row in found if isinstance(row.prediction, float)]
    assert window.sure.n == len(predicted)
    assert window.sure.x == sum(round(max(p, 1 - p) * MICRO) for p in predicted)
    assert Window.of(window.as_json()) == window


def test_a_feature_that_no_row_of_a_batch_has_is_missing() -> None:
    source = Batches("s")
    source.add(Arm(MODEL, "production", 3), Row(START, features={"age": 5.0}))
    ((_, value),) = source.take(START)
    (window,) = taken([Stored(value)]).windows.values()
    assert window.columns["feature:city"].nulls == 1


def test_late_rows_and_rows_of_the_future_are_counted_and_nothing_else_of_them() -> None:
    message = decode(
        records([Row(START), Row(START + MINUTE), Row(START + 99 * MINUTE)], 3)[0].value
    )
    assert isinstance(message, Predictions)
    timing = folding.Timing(MINUTE, open_from=START + MINUTE, stamp=START + 2 * MINUTE)
    found = folding.fold(message, NOTHING, timing)
    windows = {key.start: window for key, window in found.windows.items()}
    assert {start: window.rows for start, window in windows.items() if window.rows} == {
        START + MINUTE: 1
    }
    assert sum(window.late for window in windows.values()) == 1
    assert sum(window.ahead for window in windows.values()) == 1
    assert found.newest == START + MINUTE


def test_shadows_count_for_rollouts_only() -> None:
    source = Batches("s")
    source.add(Arm(MODEL, "production", 3, rollout=4, step=1, shadow=True), Row(START, latency=1.0))
    ((_, value),) = source.take(START)
    found = taken([Stored(value)])
    assert {key.shadow for key in found.tallies} == {True}
    assert not found.windows


def test_numbers_beyond_counting_are_missing() -> None:
    source = Batches("s")
    for latency in (1.0, 1e300, float("nan"), float("inf"), None):
        source.add(Arm(MODEL, "production", 3, rollout=4), Row(START, latency=latency))
    ((_, value),) = source.take(START)
    tally = taken([Stored(value)]).tallies[
        TallyKey(MODEL, 4, -1, 3, shadow=False, metric="latency")
    ]
    assert (sum(tally.n), sum(tally.x)) == (1, MICRO)


def test_windows_close_when_time_has_left_them_behind_by_the_lateness() -> None:
    assert Ended(MINUTE, 0).open_from(START + 5 * MINUTE + 1) == START + 5 * MINUTE
    assert Ended(MINUTE, MINUTE).open_from(START + 5 * MINUTE + 1) == START + 4 * MINUTE
    assert Ended(MINUTE, MINUTE).open_from(5) == 0


def test_which_predictions_wait_for_labels_does_not_depend_on_their_order() -> None:
    key = WindowKey(MODEL, "production", 3, START, REFERENCE.profile)
    found = [Row(START, id=f"r{n}", prediction=1.0) for n in range(2_000)]
    kept = taken(records(found, 400)).awaited[key]
    assert len(kept) == folding.SAMPLE
    assert taken(records(found[::-1], 90)).awaited[key] == kept
