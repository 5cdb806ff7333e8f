"""A model that the demo has trained goes into the book."""

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rollbook.cli.git import commit
from rollbook.cli.registering import enter

if TYPE_CHECKING:
    from rollbook.client import Outcome, Registry

MODEL = "demo/breast-cancer"
ABOUT = "Tells malignant from benign tumours by 30 measurements of cell nuclei."


def entered(
    registry: "Registry", trained: Mapping[str, Any], dataset: Mapping[str, Any], run: str
) -> "Outcome":
    """Register what a line of `rollbook.cli.training` tells of, as part of a run."""
    artifact = {
        "uri": Path(trained["file"]).as_uri(),
        "digest": trained["digest"],
        "size": trained["size"],
        "format": "joblib",
    }
    lineage = {
        "run_id": run,
        "code_uri": "pkg:pypi/rollbook-cli#rollbook/cli/training.py",
        "code_commit": commit(Path(__file__).parent),
        "datasets": [{"uri": dataset["uri"], "digest": dataset["digest"]}],
        "environment": dataset["environment"],
    }
    facts = {
        "metrics": trained["metrics"],
        "params": trained["params"],
        "tags": {"algorithm": trained["name"]},
        "idempotency_key": f"{run}/{trained['name']}",
    }
    return enter(registry, MODEL, artifact, lineage, facts)[-1]
