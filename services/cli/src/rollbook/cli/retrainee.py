"""The pipeline of the demo: trains anew on what was asked lately, and registers the candidate.

The retrain service starts it as `python -m rollbook.cli.retrainee FOLDER`, with the folder in which
the system runs, and tells it by ROLLBOOK_RUN and ROLLBOOK_RESULT what it is asked for.
"""

import csv
import json
import os
import sys
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from rollbook.cli import flow, training
from rollbook.cli.entering import MODEL, entered
from rollbook.cli.place import Place
from rollbook.client import Registry

ROWS = 1500
"""The newest that it looks at; the same row counts once."""
FEWEST = 100


def main(place: Place) -> None:
    """Train, register, and say which version it is."""
    running = place.running()
    if running is None:
        raise SystemExit("nothing runs there, so there is nowhere to register")
    data = Path("asked.csv").resolve()  # in the run's own folder, where nobody writes it anew
    columns, rows = _newest(flow.asked(place.folder))
    with data.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([columns, *rows])
    features = [[float(value) for value in row[:-1]] for row in rows]
    params: dict[str, object] = {"C": 1.0, "max_iter": 500}
    trained: Mapping[str, Any] = training.trained(
        place.models / "retrained",
        training.linear(params),
        training.split(features, [int(float(row[-1])) for row in rows]),
        params,
        columns[:-1],
    )
    digest = f"sha256:{sha256(data.read_bytes()).hexdigest()}"
    dataset = {"uri": data.as_uri(), "digest": digest, "environment": training.environment()}
    run = os.environ["ROLLBOOK_RUN"]
    with Registry(
        running.url, token=os.environ.get("ROLLBOOK_TOKEN"), actor="pipeline"
    ) as registry:
        outcome = entered(registry, {**trained, "name": "retrained"}, dataset, run)
        registry.record_profile(MODEL, outcome.version or 0, trained["profile"])
    Path(os.environ["ROLLBOOK_RESULT"]).write_text(json.dumps({"version": outcome.version}))


def _newest(file: Path) -> tuple[list[str], list[list[str]]]:
    with file.open(newline="", encoding="utf-8") as asked:
        columns, *rows = csv.reader(asked)
    whole = [row for row in rows if len(row) == len(columns)]  # the last may be half written
    found = [list(row) for row in dict.fromkeys(map(tuple, whole[-ROWS:]))]
    if len(found) < FEWEST:
        raise SystemExit(f"only {len(found)} rows were asked lately: too few to learn from")
    return columns, found


if __name__ == "__main__":
    main(Place(Path(sys.argv[1])))
