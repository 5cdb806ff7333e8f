"""Real models are really loaded and measured, and each bad one is refused by the right gate."""

import pickle
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.integration.query.system import calling
from tests.integration.validator.checking import (
    Tables,
    artifact,
    outcomes,
    reasons,
    register,
    save,
    settled,
)

COLUMNS = [{"name": f"x{n}", "type": "double"} for n in range(4)]
THERE = {"gate": "there", "kind": "artifact", "most": 20_000}
LOADS = {"gate": "loads", "kind": "load", "allow_pickle": True}
QUICK = {"gate": "quick", "kind": "performance", "p95": 5000.0, "calls": 10, "allow_pickle": True}
FAIR = {
    "gate": "fair",
    "kind": "fairness",
    "measure": "demographic_parity",
    "attribute": "sex",
}


class Evil:
    """What a pickle can do to whoever loads it."""

    def __init__(self, touched: Path) -> None:
        self.touched = touched

    def __reduce__(self) -> tuple[Any, ...]:
        return Path.touch, (self.touched,)


class Trial:
    """Lets gates look at files, each as the first version of a model of its own."""

    def __init__(self, tables: Tables) -> None:
        self.folder, self._tables = tables.models, tables

    def verdict(
        self, file: Path, *gates: dict[str, Any], format_: str = "pickle", **more: Any
    ) -> dict[str, Any]:
        """What the gates say about a file."""
        with calling(self._tables.system) as caller:
            caller.done("RegisterModel", {})
            save(caller, *gates)
            given = {"artifact": artifact(file, format_), "signature": {"inputs": COLUMNS}}
            register(caller, **{**given, **more})
            (verdict,) = settled(caller, seconds=120)
        return verdict


@pytest.fixture(scope="module")
def trial(tables: Tables) -> Iterator[Trial]:
    with tables.watched():
        yield Trial(tables)


@pytest.fixture(scope="module")
def model(tables: Tables) -> Path:
    chance = np.random.default_rng(1)
    rows = chance.normal(size=(100, 4))
    fitted = LogisticRegression().fit(rows, rows[:, 0] > 0)
    file = tables.models / "model.pkl"
    joblib.dump(fitted, file)
    return file


def test_a_good_model_passes_and_its_figures_are_recorded(trial: Trial, model: Path) -> None:
    verdict = trial.verdict(model, THERE, LOADS, QUICK)
    assert verdict["type"] == "VersionValidated", reasons(verdict)
    assert outcomes(verdict) == {"there": "passed", "loads": "passed", "quick": "passed"}
    measured = {k: v for gate in verdict["data"]["gates"] for k, v in gate["measured"].items()}
    assert measured["artifact.size"] == model.stat().st_size
    assert measured["load.done"] == 1
    assert measured["performance.p95"] > 0


def test_a_biased_model_is_refused_by_the_gate_of_fairness(trial: Trial, model: Path) -> None:
    groups = [
        {
            "slice": {"sex": sex},
            "metrics": {"selection_rate": {"value": rate}, "positive_rate": {"value": rate}},
            "samples": 500,
        }
        for sex, rate in (("f", 0.2), ("m", 0.7))
    ]
    verdict = trial.verdict(model, THERE, FAIR, evaluations=groups)
    assert outcomes(verdict) == {"there": "passed", "fair": "failed"}
    assert "sex" in reasons(verdict)["fair"]


def test_a_file_that_was_cut_off_after_registration_is_not_what_was_registered(
    trial: Trial, model: Path
) -> None:
    file = trial.folder / "corrupt.pkl"
    file.write_bytes(model.read_bytes())
    given = artifact(file, "pickle")
    file.write_bytes(model.read_bytes()[:-50])
    verdict = trial.verdict(model, THERE, LOADS, artifact=given)
    assert outcomes(verdict) == {"there": "failed", "loads": "error"}
    assert "registered" in reasons(verdict)["there"]


def test_a_file_that_was_cut_off_before_does_not_load(trial: Trial, model: Path) -> None:
    file = trial.folder / "truncated.pkl"
    file.write_bytes(model.read_bytes()[:-50])
    assert outcomes(trial.verdict(file, THERE, LOADS)) == {"there": "passed", "loads": "failed"}


def test_a_model_of_another_format_than_said_does_not_load(trial: Trial, model: Path) -> None:
    verdict = trial.verdict(model, LOADS, format_="onnx")
    assert outcomes(verdict) == {"loads": "failed"}
    assert "onnx" in reasons(verdict)["loads"]


def test_an_oversized_model_is_refused_by_the_gate_of_bytes(trial: Trial) -> None:
    file = trial.folder / "large.pkl"
    joblib.dump(np.zeros(10_000), file)
    verdict = trial.verdict(file, THERE)
    assert outcomes(verdict) == {"there": "failed"}
    assert "allowed" in reasons(verdict)["there"]


def test_a_malicious_pickle_is_refused_and_does_nothing(trial: Trial) -> None:
    touched, file = trial.folder / "touched", trial.folder / "evil.pkl"
    file.write_bytes(pickle.dumps(Evil(touched)))
    assert outcomes(trial.verdict(file, LOADS)) == {"loads": "failed"}
    assert not touched.exists()


def test_a_slow_model_is_refused_by_the_gate_of_speed(trial: Trial, model: Path) -> None:
    verdict = trial.verdict(model, QUICK | {"p95": 0.000001})
    assert outcomes(verdict) == {"quick": "failed"}
    assert "ms" in reasons(verdict)["quick"]


def test_what_only_a_condition_names_is_measured_too(trial: Trial, model: Path) -> None:
    small = {
        "gate": "small",
        "kind": "expression",
        "expression": 'measured["artifact.size"] < 20000.0',
    }
    verdict = trial.verdict(model, small)
    assert outcomes(verdict) == {"small": "passed"}, reasons(verdict)
