"""Models as the probes are given them, and gates that ask for them to be loaded."""

from datetime import timedelta
from pathlib import Path

from rollbook.domain.gates import LoadGate, PerformanceGate
from rollbook.domain.lineage import Artifact, Signature
from rollbook.probes.measured import Subject

ANY = Signature()
PATIENT = timedelta(seconds=120)


def subject(path: Path, form: str | None, signature: Signature = ANY) -> Subject:
    artifact = Artifact(uri="s3://models/m", digest="sha256:" + "0" * 64, format=form)
    return Subject(artifact, path, signature)


def loading(
    *, allow_pickle: bool = False, timeout: timedelta = PATIENT, memory: int = 2_000_000_000
) -> LoadGate:
    return LoadGate(
        kind="load", gate="loads", allow_pickle=allow_pickle, timeout=timeout, memory=memory
    )


def performing(calls: int = 20) -> PerformanceGate:
    return PerformanceGate(
        kind="performance", gate="fast", allow_pickle=True, calls=calls, timeout=PATIENT
    )
