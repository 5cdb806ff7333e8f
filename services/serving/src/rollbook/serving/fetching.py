"""Brings the bytes of a version onto the shelf: verified, and signed where that is asked for."""

import asyncio
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from rollbook.artifacts.digests import in_uri
from rollbook.artifacts.errors import WrongDigest
from rollbook.artifacts.shelf import Shelf
from rollbook.artifacts.store import Store
from rollbook.client import Registry, RegistryError, lastknown
from rollbook.domain.traffic import Served
from rollbook.observability import metrics
from rollbook.probes.fetching import Absent, Elsewhere, Sources, TooMuch, fetched
from rollbook.serving.settings import ServingSettings
from rollbook.signing.content import Content
from rollbook.signing.trust import Trust
from rollbook.signing.verification import valid_for

ASKING: Final = 20.0
"""Seconds that the registry may take."""


class Unfetched(Exception):
    """The bytes are not to be had, or are not right; why, in a sentence."""


@dataclass(frozen=True)
class Fetcher:
    """Fetches what is not on the shelf yet."""

    shelf: Shelf
    sources: Sources
    trust: Trust | None
    """Whose signatures count; None: no signature is asked for."""
    signatures: Path
    """Folder of the signatures that the registry had, for when it is away."""
    url: str | None
    token: str | None

    @classmethod
    def of(cls, settings: ServingSettings, folder: Path) -> "Fetcher":
        """As the settings have it; `BadTrust` where a key cannot be read."""
        signers = settings.trusted_signers
        return cls(
            shelf=Shelf(folder / "artifacts"),
            sources=Sources(
                store=Store.open(settings.artifacts, settings.artifacts_archive)
                if settings.artifacts
                else None,
                roots=settings.serving_folders,
                allowed=settings.serving_networks,
            ),
            trust=Trust.read(signers) if signers is not None else None,
            signatures=folder / "signatures",
            url=settings.url,
            token=settings.token.get_secret_value() if settings.token else None,
        )

    async def path(self, model: str, served: Served) -> Path:
        """Where its bytes lie, read to the end and right; `Unfetched`."""
        digest = served["digest"]
        path = await asyncio.to_thread(self.shelf.found, digest)
        if path is None:
            path = await self._fetched(served)
        if self.trust is not None:
            await self._signed(model, served, path, self.trust)
        return path

    async def _fetched(self, served: Served) -> Path:
        loop = asyncio.get_running_loop()

        def fill(to: Path) -> None:
            if in_uri(served["uri"]) is not None and self.sources.store is None and self.url:
                with Registry(self.url, token=self.token, timeout=ASKING) as registry:
                    registry.download(served["digest"], to)
                return
            coming = asyncio.run_coroutine_threadsafe(
                fetched(served["uri"], self.sources, to.parent), loop
            )
            found = coming.result()
            if found != to:
                _copied(found, to)

        try:
            return await asyncio.to_thread(self.shelf.put, served["digest"], fill)
        except WrongDigest as error:
            metrics.SERVING_FETCH_ERRORS.labels("wrong").inc()
            raise Unfetched(f"{served['uri']}: {error}") from None
        except (Absent, Elsewhere, TooMuch, RegistryError, OSError) as error:
            metrics.SERVING_FETCH_ERRORS.labels("away").inc()
            raise Unfetched(f"{served['uri']}: {error}") from None

    async def _signed(self, model: str, served: Served, path: Path, trust: Trust) -> None:
        bundles = await asyncio.to_thread(self._bundles, model, served)
        content = await asyncio.to_thread(Content.of_path, path)
        found = await asyncio.to_thread(valid_for, bundles, content, trust)
        if not found.signers:
            metrics.SERVING_FETCH_ERRORS.labels("unsigned").inc()
            why = "; ".join(found.others.values()) or "nobody has signed it"
            raise Unfetched(f"no signature that is trusted: {why}")

    def _bundles(self, model: str, served: Served) -> list[str]:
        """What the registry has; while it is away, what it had."""
        kept = self.signatures / f"{served['digest'].removeprefix('sha256:')}.json"
        try:
            known = [str(bundle) for bundle in lastknown.read(kept) or ()]
        except lastknown.Damaged:
            known = []
        if known or self.url is None:
            return known
        try:
            with Registry(self.url, token=self.token, timeout=ASKING) as registry:
                found = [made.bundle for made in registry.signatures(model, served["version"])]
        except RegistryError as error:
            metrics.SERVING_FETCH_ERRORS.labels("away").inc()
            raise Unfetched(f"its signatures are not to be had: {error}") from None
        if found:
            lastknown.write(kept, found)
        return found


def _copied(path: Path, to: Path) -> None:
    if path.is_dir():
        shutil.copytree(path, to)
    else:
        shutil.copyfile(path, to)
