"""Trains the models of the demo on data that ships with scikit-learn; a process of its own.

`python -m rollbook.cli.training FOLDER` writes one JSON object per line: first the data set, then
each model with its file, digest and measurements. scikit-learn loads and trains beside the start of
the system this way, and never holds up its event loop.
"""

import csv
import json
import platform
import signal
import sys
import time
from collections.abc import Mapping, Sequence
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

DATASET = "breast_cancer.csv"
TRUTH = "benign"
"""The column of the table that says what is true: 1 benign, 0 malignant."""
SEED = 7
LARGE = 12
"""Of the mean radius: one model never sees a smaller tumour."""
TIMED = 40
"""Single predictions, of whose durations the median is taken."""


def main(folder: Path) -> None:
    """Train all."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    content = files("sklearn.datasets.data").joinpath(DATASET).read_bytes()
    found = load_breast_cancer()
    columns = [str(name) for name in found.feature_names]
    release = version("scikit-learn")
    _tell(
        {
            "kind": "dataset",
            "name": "Breast Cancer Wisconsin (Diagnostic)",
            "uri": f"pkg:pypi/scikit-learn@{release}#sklearn/datasets/data/{DATASET}",
            "digest": f"sha256:{sha256(content).hexdigest()}",
            "rows": len(found.data),
            "features": len(columns),
            "environment": environment(),
            "file": str(_table(folder / DATASET, columns, found.data, found.target)),
        }
    )
    every = split(found.data, found.target)
    large = found.data[:, 0] > LARGE
    for name, make, params, data in (
        ("logistic-regression", linear, {"C": 0.01, "max_iter": 500}, every),
        (
            "random-forest",
            _forest,
            {"n_estimators": 150, "max_depth": 8, "random_state": SEED},
            every,
        ),
        ("tuned-regression", linear, {"C": 1.0, "max_iter": 500}, every),
        (
            "by-size",
            _by_size,
            {"C": 1.0, "max_iter": 500},
            split(found.data[large], found.target[large]),
        ),
    ):
        model = trained(folder / name, make(params), data, params, columns)
        _tell({"kind": "model", "name": name, **model})


def environment() -> dict[str, str]:
    """What a model was trained with."""
    return {
        "python": platform.python_version(),
        **{name: version(name) for name in ("joblib", "numpy", "scikit-learn", "scipy")},
    }


def split(rows: object, target: object) -> "list[object]":
    """Rows to learn from, rows to be tried on, and what is true of each."""
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    parts: list[object] = train_test_split(
        rows, target, test_size=0.3, stratify=target, random_state=SEED
    )
    return parts


# Each imports its own part of scikit-learn, so that the first is there sooner.


def linear(params: Mapping[str, object]) -> object:
    """A logistic regression."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    return make_pipeline(StandardScaler(), LogisticRegression(**params))


def _forest(params: Mapping[str, object]) -> object:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415

    return RandomForestClassifier(**params)


def _by_size(params: Mapping[str, object]) -> object:
    """Knows no radius below those that it has seen, and raises where there is one."""
    from sklearn.compose import ColumnTransformer  # noqa: PLC0415
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import (  # noqa: PLC0415
        MinMaxScaler,
        PowerTransformer,
        StandardScaler,
    )

    # Box and Cox's transformation takes positive numbers only.
    size = make_pipeline(MinMaxScaler(feature_range=(0.01, 1)), PowerTransformer("box-cox"))
    columns = ColumnTransformer([("size", size, [0])], remainder=StandardScaler())
    return make_pipeline(columns, LogisticRegression(**params))


def trained(
    stem: Path,
    estimator: object,
    parts: "list[object]",
    params: Mapping[str, object],
    columns: Sequence[str],
) -> dict[str, object]:
    """Fit, measure and keep it; what is on record of it, with the profile of its data."""
    import joblib  # noqa: PLC0415
    import numpy as np  # noqa: PLC0415
    from sklearn.metrics import accuracy_score, recall_score, roc_auc_score  # noqa: PLC0415

    from rollbook.drift.profiling import profile  # noqa: PLC0415

    train, test, train_target, test_target = map(np.asarray, parts)
    began = time.perf_counter()
    estimator.fit(train, train_target)  # type: ignore[attr-defined]  # sklearn has no types
    took = time.perf_counter() - began
    predicted = estimator.predict(test)  # type: ignore[attr-defined]
    scores = estimator.predict_proba(test)[:, 1]  # type: ignore[attr-defined]
    new = stem.with_suffix(".new")
    joblib.dump(estimator, new)
    digest = sha256(new.read_bytes()).hexdigest()
    # Its digest in its name: the next run must not write over what is registered.
    file = new.replace(stem.with_name(f"{stem.name}-{digest[:12]}.joblib"))
    seen = np.vstack([train, test])
    table = dict(zip(columns, seen.T.tolist(), strict=True))
    table["prediction"] = estimator.predict(seen).astype(float).tolist()  # type: ignore[attr-defined]
    table[TRUTH] = np.hstack([train_target, test_target]).tolist()
    made = profile(table, prediction="prediction", label=TRUTH, task="class", data=stem.name)
    return {
        "file": str(file),
        "digest": f"sha256:{digest}",
        "size": file.stat().st_size,
        "params": {key: str(value) for key, value in params.items()},
        "metrics": {
            "accuracy": round(float(accuracy_score(test_target, predicted)), 4),
            "auc": round(float(roc_auc_score(test_target, scores)), 4),
            "recall_malignant": round(float(recall_score(test_target, predicted, pos_label=0)), 4),
            "training_seconds": round(took, 3),
            "latency_ms": round(1000 * _latency(estimator, test), 3),
        },
        "profile": made.model_dump(mode="json"),
    }


def _latency(estimator: "object", rows: "object") -> float:
    durations = []
    for place in range(TIMED):
        row = rows[place : place + 1]  # type: ignore[index]
        began = time.perf_counter()
        estimator.predict(row)  # type: ignore[attr-defined]
        durations.append(time.perf_counter() - began)
    return sorted(durations)[len(durations) // 2]


def _table(file: Path, columns: Sequence[str], rows: object, target: object) -> Path:
    with file.open("w", newline="", encoding="utf-8") as out:
        table = csv.writer(out)
        table.writerow([*columns, TRUTH])
        for row, truth in zip(rows.tolist(), target.tolist(), strict=True):  # type: ignore[attr-defined]
            table.writerow([*row, truth])
    return file


def _tell(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
