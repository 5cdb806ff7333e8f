"""Measures what gates need to know of a version: each probe with its gate's deadline and tries."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from tempfile import mkdtemp
from time import perf_counter
from typing import Final

from rollbook.domain.gates import (
    ArtifactGate,
    DataGate,
    LoadGate,
    PerformanceGate,
    PluginGate,
    ReproductionGate,
    SignatureGate,
    WebhookGate,
)
from rollbook.domain.lineage import Signature
from rollbook.gates.facts import Facts, written
from rollbook.gates.probes import Probe
from rollbook.observability import metrics
from rollbook.observability.logs import logger
from rollbook.probes.addresses import Network
from rollbook.probes.artifact import artifact
from rollbook.probes.data import data
from rollbook.probes.fetching import Sources
from rollbook.probes.loading import load, performance
from rollbook.probes.measured import Measured, Subject
from rollbook.probes.plugin import plugin
from rollbook.probes.reproduction import reproduction
from rollbook.probes.sandbox import STARTING
from rollbook.probes.signature import signature
from rollbook.probes.webhook import webhook
from rollbook.readmodel.signatures import SignatureRow
from rollbook.readmodel.versions import VersionRow
from rollbook.signing.trust import Trust
from rollbook.validator.jobs import WALLED, WITH_BYTES, Done, Job

log = logger(__name__)

FIRST_PAUSE: Final = 0.2
"""Seconds before what could not be measured is tried again; doubled each time."""


@dataclass(frozen=True)
class Instruments:
    """What measuring takes beside the version."""

    sources: Sources
    trust: Trust
    webhook_secret: bytes | None
    networks: Collection[Network]
    places: asyncio.Semaphore
    """As many as measurements may be made side by side."""


@dataclass(frozen=True)
class Bytes:
    """The artifact, as far as it could be had."""

    measured: Measured
    path: Path | None
    """None: it is not there, or is not what was registered."""


class Measurer:
    """Measures one version."""

    def __init__(
        self,
        instruments: Instruments,
        row: VersionRow,
        facts: Facts,
        signed: Collection[SignatureRow],
        id_: str,
        folder: Path,
    ) -> None:
        """`folder`: an empty one, for bytes; `id_`: what webhooks know the occasion by."""
        self._with = instruments
        self._row = row
        self._facts = facts
        self._signed = signed
        self._id = id_
        self._folder = folder

    async def measured(self, jobs: Sequence[Job]) -> list[Done]:
        """What each job found, or why it could not measure."""
        bytes_ = await self._bytes([job for job in jobs if job.probe in WITH_BYTES])
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._job(job, bytes_)) for job in jobs]
        return [Done(job, task.result()) for job, task in zip(jobs, tasks, strict=True)]

    async def _bytes(self, jobs: Sequence[Job]) -> Bytes:
        """The artifact, by the deadline and the tries of the most patient gate."""
        path: Path | None = None

        async def fetch() -> Measured:
            nonlocal path
            found, path = await artifact(self._row.artifact, self._with.sources, self._folder)
            return found

        if not jobs:
            return Bytes(Measured(), None)
        patience = max(job.gate.timeout for job in jobs).total_seconds()
        tries = max(job.gate.retries for job in jobs)
        found = await self._tried(fetch, patience, tries)
        return Bytes(found, path)

    async def _job(self, job: Job, bytes_: Bytes) -> Measured:
        gate = job.gate
        # Probes keep the deadline themselves, and say more about it than we can.
        patience = gate.timeout.total_seconds() + (STARTING if job.probe in WALLED else 0) + 5
        began = perf_counter()
        found = await self._tried(lambda: self._one(job, bytes_), patience, gate.retries)
        took = perf_counter() - began
        metrics.PROBE_SECONDS.labels(job.probe).observe(took)
        log.info(
            "measured",
            model=self._row.model,
            version=self._row.version,
            gate=gate.gate,
            probe=str(job.probe),
            seconds=round(took, 3),
            said=found.said,
        )
        return found

    async def _tried(
        self, probe: Callable[[], Awaitable[Measured]], patience: float, retries: int
    ) -> Measured:
        for attempt in range(retries + 1):
            if attempt:
                await asyncio.sleep(FIRST_PAUSE * 2**attempt)
            try:
                async with self._with.places, asyncio.timeout(patience):
                    found = await probe()
            except TimeoutError:
                found = Measured(said=f"it could not be measured within {patience:g} seconds")
            if found.numbers:
                break
        return found

    async def _one(self, job: Job, bytes_: Bytes) -> Measured:
        if job.probe in WITH_BYTES and job.probe is not Probe.ARTIFACT and bytes_.path is None:
            return Measured(said=bytes_.measured.said or "the bytes are not those registered")
        match job.gate:
            case ArtifactGate(every_file=True):
                return await self._every_file(bytes_.measured)
            case ArtifactGate():
                return bytes_.measured
            case DataGate() as gate:
                folder = Path(mkdtemp(dir=self._folder))
                return await data(gate, self._row.lineage.datasets, self._with.sources, folder)
            case WebhookGate() as gate:
                return await self._webhook(gate)
            case ReproductionGate() as gate:
                row, folder = self._row, Path(mkdtemp(dir=self._folder))
                return await reproduction(
                    gate,
                    row.recipe,
                    row.artifact.digest,
                    row.lineage.datasets,
                    self._with.sources,
                    folder,
                )
            case gate:
                assert bytes_.path is not None  # noqa: S101  # looked at above
                return await self._of_bytes(gate, bytes_.path)

    async def _of_bytes(
        self, gate: SignatureGate | LoadGate | PerformanceGate | PluginGate, path: Path
    ) -> Measured:
        row = self._row
        match gate:
            case SignatureGate():
                return await self._signatures(gate, path)
            case PluginGate():
                return await plugin(gate, path, written(self._facts))
            case LoadGate() | PerformanceGate():
                subject = Subject(row.artifact, path, row.signature or Signature())
                if isinstance(gate, LoadGate):
                    return await load(gate, subject)
                return await performance(gate, subject)

    def _bundles(self, variant: str | None = None) -> list[str]:
        return [signed.bundle for signed in self._signed if signed.variant == variant]

    async def _signatures(self, gate: SignatureGate, path: Path) -> Measured:
        """Who has signed the artifact; where the gate asks, only those who have signed all."""
        found = await signature(self._bundles(), path, self._with.trust)
        for variant in self._row.variants if gate.every_file else ():
            folder = Path(mkdtemp(dir=self._folder))
            there, place = await artifact(variant, self._with.sources, folder)
            if place is None:
                return Measured(said=f"the variant {variant.name}: {there.said}")
            other = await signature(self._bundles(variant.name), place, self._with.trust)
            both = found.numbers.keys() & other.numbers.keys() - {"signature.valid"}
            said = found.said
            if len(both) < len(found.numbers) - 1:
                why = other.said or "not all of its signers have signed that too"
                said = "; ".join(filter(None, (said, f"the variant {variant.name}: {why}")))
            found = Measured(
                {"signature.valid": float(len(both)), **dict.fromkeys(both, 1.0)}, said
            )
        return found

    async def _every_file(self, found: Measured) -> Measured:
        """What was measured of the artifact, unless one of the variants is not right."""
        for variant in self._row.variants:
            folder = Path(mkdtemp(dir=self._folder))
            other, path = await artifact(variant, self._with.sources, folder)
            if path is None:
                kept = {n: v for n, v in found.numbers.items() if n != "artifact.right"}
                wrong = {n: v for n, v in other.numbers.items() if v == 0}
                said = f"the variant {variant.name}: {other.said}"
                return Measured({**kept, **wrong}, said)
        return found

    async def _webhook(self, gate: WebhookGate) -> Measured:
        if (secret := self._with.webhook_secret) is None:
            return Measured(said="the validator has no secret to sign what it sends to webhooks")
        return await webhook(
            gate,
            written(self._facts),
            secret=secret,
            id_=f"{self._id}-{gate.gate}",
            now=datetime.now(UTC),
            allowed=self._with.networks,
        )
