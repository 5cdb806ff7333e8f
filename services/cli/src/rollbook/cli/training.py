"""Trains the two models of the demo on data that ships with scikit-learn; a process of its own.

`python -m rollbook.cli.training FOLDER` writes one JSON object per line: first the data set, then
each model with its file, digest and measurements. scikit-learn loads and trains beside the start of
the system this way, and never holds up its event loop.
"""

import json
import platform
import signal
import sys
import time
from collections.abc import Mapping
from hashlib import sha256
from importlib.metadata import version
from importlib.resources import files
from pathlib import Path

DATASET = "breast_cancer.csv"
SEED = 7
TIMED = 40
"""Single predictions, of whose durations the median is taken."""


def main(folder: Path) -> None:
    """Train both."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # whoever started us ends us
    from sklearn.datasets import load_breast_cancer  # noqa: PLC0415
    from sklearn.model_selection import train_test_split  # noqa: PLC0415

    folder.mkdir(parents=True, exist_ok=True)
    content = files("sklearn.datasets.data").joinpath(DATASET).read_bytes()
    features, target = load_breast_cancer(return_X_y=True)
    release = version("scikit-learn")
    _tell(
        {
            "kind": "dataset",
            "name": "Breast Cancer Wisconsin (Diagnostic)",
            "uri": f"pkg:pypi/scikit-learn@{release}#sklearn/datasets/data/{DATASET}",
            "digest": f"sha256:{sha256(content).hexdigest()}",
            "rows": len(features),
            "features": features.shape[1],
            "environment": {
                "python": platform.python_version(),
                **{name: version(name) for name in ("joblib", "numpy", "scikit-learn", "scipy")},
            },
        }
    )
    split = train_test_split(features, target, test_size=0.3, stratify=target, random_state=SEED)
    for name, make, params in (
        ("logistic-regression", _linear, {"C": 0.01, "max_iter": 500}),
        ("random-forest", _forest, {"n_estimators": 150, "max_depth": 8, "random_state": SEED}),
    ):
        _tell({"kind": "model", "name": name, **_train(folder / name, make(params), split, params)})


# Each imports its own part of scikit-learn, so that the first is there sooner.


def _linear(params: Mapping[str, object]) -> object:
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415
    from sklearn.pipeline import make_pipeline  # noqa: PLC0415
    from sklearn.preprocessing import StandardScaler  # noqa: PLC0415

    return make_pipeline(StandardScaler(), LogisticRegression(**params))


def _forest(params: Mapping[str, object]) -> object:
    from sklearn.ensemble import RandomForestClassifier  # noqa: PLC0415

    return RandomForestClassifier(**params)


def _train(
    stem: Path, estimator: "object", split: "list[object]", params: Mapping[str, object]
) -> dict[str, object]:
    import joblib  # noqa: PLC0415
    from sklearn.metrics import accuracy_score, recall_score, roc_auc_score  # noqa: PLC0415

    train, test, train_target, test_target = split
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
    }


def _latency(estimator: "object", rows: "object") -> float:
    durations = []
    for row in rows[:TIMED]:  # type: ignore[index]
        began = time.perf_counter()
        estimator.predict([row])  # type: ignore[attr-defined]
        durations.append(time.perf_counter() - began)
    return sorted(durations)[len(durations) // 2]


def _tell(line: Mapping[str, object]) -> None:
    sys.stdout.write(json.dumps(line) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(Path(sys.argv[1]))
