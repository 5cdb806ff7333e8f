"""The probe `data`: what a version was validated on, beside what it was trained on."""

from collections.abc import Collection
from pathlib import Path

from rollbook.domain.gates import DataGate
from rollbook.domain.lineage import Artifact, Dataset
from rollbook.probes import sandbox
from rollbook.probes.artifact import artifact
from rollbook.probes.fetching import Sources
from rollbook.probes.jobs import DataJob, Told
from rollbook.probes.measured import Measured
from rollbook.probes.sandbox import Ended, Limits

MEMORY = 2_000_000_000


async def data(
    gate: DataGate, datasets: Collection[Dataset], sources: Sources, folder: Path
) -> Measured:
    """`data.*` between its first data set for validation or testing, and its first for training.

    CSV, JSON or JSON Lines, with the digest that was registered.
    """
    reference = next((one for one in datasets if one.role == "train"), None)
    current = next((one for one in datasets if one.role != "train"), None)
    if reference is None or current is None:
        return Measured(
            {"data.lacking": 1.0},
            "it names no data set for training and another for validation or testing",
        )
    paths = []
    for role, one in (("reference", reference), ("current", current)):
        if one.digest is None:
            return Measured({"data.lacking": 1.0}, f"the data set {one.uri} has no digest")
        place = folder / role
        place.mkdir()
        found, path = await artifact(Artifact(uri=one.uri, digest=one.digest), sources, place)
        if path is None:
            return Measured(said=f"the data set {one.uri}: {found.said}")
        paths.append(path)
    limits = Limits(MEMORY, gate.timeout.total_seconds())
    job = DataJob(
        scratch=sandbox.scratch_folder(),
        memory=limits.memory,
        seconds=limits.processor,
        reference=paths[0],
        path=paths[1],
    )
    match await sandbox.run(job, limits):
        case Told(numbers=numbers, said=said):
            return Measured(numbers, said)
        case Ended(said=said):
            return Measured(said=f"reading its data failed: {said}")
