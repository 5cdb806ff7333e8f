"""Data that drifts away from its reference raises one alarm, which clears when it is calm again."""

import json
import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from rollbook.cli.__main__ import run
from rollbook.drift.profiling import profile
from rollbook.query.examples import EXAMPLES
from rollbook.readmodel import database
from rollbook.telemetry.batch import Arm, Batches, Label, Record, Row
from tests.integration.monitor.test_telemetry import publish
from tests.integration.monitor.watching import Tables, events, registered
from tests.integration.query.system import DIGEST, Caller, until

MINUTE = 60_000
ROWS = 300
PLAIN, DRIFTED = 0.0, 1.0


def referenced(caller: Caller) -> None:
    """A version with a reference profile of one feature, its predictions and its labels."""
    registered(caller)
    chance = random.Random(1)
    table: dict[str, list[Any]] = {
        "age": [chance.gauss(0, 1) for _ in range(2_000)],
        "score": [chance.random() for _ in range(2_000)],
    }
    table["label"] = [float(score >= 0.5) for score in table["score"]]
    table["label"][:100] = [1 - label for label in table["label"][:100]]
    made = profile(table, prediction="score", label="label", task="probability")
    caller.done("RecordProfile", {"version": 1, "profile": made.model_dump(mode="json")})


def minutes(
    model: str, start: int, shifts: Sequence[float], *, wrong: float | None = None
) -> list[Record]:
    """A batch for each minute of rows, and one of labels where `wrong` says how many are wrong."""
    chance = random.Random(start)
    source = Batches(f"test/{uuid4()}")
    found: list[Record] = []
    for place, shift in enumerate(shifts):
        for number in range(ROWS):
            time, id_ = start + place * MINUTE + number * 100, f"{place}/{number}/{start}"
            score = chance.random()
            features = {"age": chance.gauss(shift, 1), "unknown to the profile": 1.0}
            row = Row(time, id=id_, prediction=score, features=features)
            source.add(Arm(model, "production", 1), row)
            if wrong is not None:
                truth = (score >= 0.5) != (chance.random() < wrong)
                source.label(model, Label(time, id_, float(truth)))
        found += source.take(time)
    return found


def began(windows: int) -> int:
    now = int(datetime.now(UTC).timestamp() * 1000)
    return now - now % MINUTE - windows * MINUTE


def alarms(caller: Caller) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = caller.read("/alarms").json()["items"]
    return found


def test_drift_raises_one_alarm_with_evidence_and_is_quiet_until_it_clears(
    tables: Tables, caller: Caller
) -> None:
    referenced(caller)
    until(lambda: caller.read("/versions/1/profile").is_success)
    shifts = [PLAIN] * 3 + [DRIFTED] * 6
    start = began(40)
    records = minutes(caller.model, start, shifts)
    with tables.watched(monitor_window="PT1M", monitor_lateness="PT0S"):
        tables.system.run(publish(tables.system.log, records))
        until(lambda: bool(events(caller, "DriftDetected")))
        until(lambda: bool(alarms(caller)))
    (alarm,) = alarms(caller)
    assert (alarm["kind"], alarm["version"], alarm["environment"]) == ("feature", 1, "production")
    assert [finding["subject"] for finding in alarm["findings"]] == ["feature:age"]
    assert alarm["findings"][0]["value"] > 0.5
    assert alarm["pictures"][0]["subject"] == "feature:age"
    picture = caller.read("/alarms/1/pictures/1")
    assert picture.headers["content-type"].startswith("image/svg+xml")
    assert "feature:age" in picture.text
    more = minutes(caller.model, start + 9 * MINUTE, [DRIFTED] * 3 + [PLAIN] * 8)
    with tables.watched(monitor_window="PT1M", monitor_lateness="PT0S"):
        tables.system.run(publish(tables.system.log, more))
        until(lambda: bool(events(caller, "DriftCleared")))
        until(lambda: alarms(caller)[0]["state"] == "cleared")
    assert len(events(caller, "DriftDetected")) == 1
    shown = caller.read("/windows", version=1).json()["items"]
    assert [window["rows"] for window in shown] == [ROWS] * 20
    assert all(0.2 < window["estimated_loss"] < 0.3 for window in shown)


def test_predictions_that_become_wrong_raise_an_alarm_when_their_labels_come(
    tables: Tables, caller: Caller
) -> None:
    referenced(caller)
    until(lambda: caller.read("/versions/1/profile").is_success)
    start = began(30)
    records = minutes(caller.model, start, [PLAIN] * 4, wrong=0.05)
    records += minutes(caller.model, start + 4 * MINUTE, [PLAIN] * 6, wrong=0.3)
    # Some labels are quicker than their predictions.
    early = [record for record in records[-4:] if b'"kind":"labels"' in record[1]]
    assert len(early) == 2
    with tables.watched(monitor_window="PT1M", monitor_lateness="PT0S"):
        tables.system.run(publish(tables.system.log, early))
        rest = [record for record in records if record not in early]
        tables.system.run(publish(tables.system.log, rest))
        until(lambda: bool(events(caller, "DriftDetected")))
        until(lambda: bool(alarms(caller)))
        until(lambda: len(caller.read("/windows").json()["items"]) == 10)
    kinds = {alarm["kind"]: alarm for alarm in alarms(caller)}
    assert kinds.keys() == {"performance"}
    assert kinds["performance"]["findings"][0]["subject"] == "loss"
    fares = caller.read("/versions/1/decline").json()
    assert (fares["measure"], fares["windows"], fares["rows"]) == ("accuracy", 10, 3_000)
    assert fares["first"] > 0.9 > fares["newest"]
    assert 0 < fares["days"] < 1


def test_what_is_served_against_the_will_of_the_registry_raises_an_alarm(
    tables: Tables, caller: Caller
) -> None:
    registered(caller)
    standing = caller.version(DIGEST)["version"]
    caller.done("PromoteVersion", {"version": standing})
    until(lambda: bool(caller.read("/environments").json()["items"]))
    foreign = "sha256:" + "f" * 64

    async def serve(*served: tuple[int, str]) -> None:
        db = await database.connection(*tables.where)
        try:
            now = datetime.now(UTC)
            await db.execute("DELETE FROM presence WHERE model = $1", caller.model)
            await db.executemany(
                "INSERT INTO presence (source, target, model, environment, version, digest, since,"
                " seen) VALUES ('pod-1', 'local', $1, 'production', $2, $3, $4, $5)",
                [(caller.model, v, d, now - timedelta(minutes=9), now) for v, d in served],
            )
        finally:
            await db.close()

    with tables.watched():
        tables.system.run(serve((standing, DIGEST), (7, foreign)))
        until(lambda: bool(alarms(caller)))
        (alarm,) = alarms(caller)
        assert (alarm["kind"], alarm["version"]) == ("serving", 7)
        assert alarm["findings"][0]["measure"] == "unregistered"
        assert foreign in alarm["findings"][0]["note"]
        tables.system.run(serve((standing, DIGEST)))
        until(lambda: alarms(caller)[0]["state"] == "cleared")
    assert len(events(caller, "DriftDetected")) == 1


def test_profiles_and_alarms_from_the_command_line(
    tables: Tables,
    caller: Caller,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("ROLLBOOK_URL", tables.system.url)
    monkeypatch.setenv("ROLLBOOK_ACTOR", "ann")

    def typed(*arguments: object) -> str:
        code = run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        assert code == 0, written.out + written.err
        return written.out

    registered(caller)
    data = tmp_path / "train.csv"
    lines = [f"{n},{n % 60},{'Rome' if n % 3 else 'Bonn'},{n / 100}" for n in range(100)]
    data.write_text("\n".join(["id,age,city,score", *lines]))
    made = json.loads(typed("profile", "make", data, "--prediction", "score", "--ignore", "id"))
    assert set(made["features"]) == {"age", "city"}
    model = caller.model
    typed("profile", "record", model, 1, data, "--prediction", "score", "--ignore", "id")
    assert "Bonn, Rome" in typed("profile", "show", model, 1)
    caller.done("DetectDrift", {**EXAMPLES["DetectDrift"], "version": 1})
    assert "feature:age psi 0.31" in typed("alarm", "list", model)
    assert model in typed("alarm", "list")
    shown = typed("alarm", "show", model, 1)
    assert "█" in shown
    assert "30 to 45" in shown
    typed("alarm", "ack", model, 1, "--note", "a campaign")
    assert "seen by ann: a campaign" in typed("alarm", "show", model, 1)
    typed("alarm", "clear", model, 1, "--reason", "over")
    assert json.loads(typed("alarm", "list", model, "--json"))["alarms"][0]["state"] == "cleared"
    assert typed("alarm", "list", model).count("cleared") == 1
