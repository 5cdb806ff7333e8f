"""Artifacts in the registry's own store."""

import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rollbook.client.session import API, Session, segment

if TYPE_CHECKING:
    from rollbook.client.stored import Stored
    from rollbook.client.transfers import Progress
    from rollbook.domain.lineage import Artifact

PARALLEL = 4
"""Parts on their way at once."""


class Storing(Session):
    """Bytes go past the registry where its store can be reached by itself."""

    def stored(self, digest: str) -> "Stored":
        """What the store has under a digest, and where it is to be had.

        `Refused` (`unknown_artifact`) where there is nothing, or nothing that the caller may see.
        """
        from rollbook.client.stored import Stored  # noqa: PLC0415  # keeps importing the SDK fast

        return Stored.of(self.read(f"{API}/artifacts/{segment(digest)}"))

    def upload(
        self,
        path: str | os.PathLike[str],
        *,
        namespace: str,
        format: str | None = None,  # noqa: A002
        parallel: int = PARALLEL,
        progress: "Progress | None" = None,
    ) -> "Artifact":
        """Store a file or a folder; what is returned can be registered as a version.

        It is read once for its digest, and sent in parts, `parallel` of them at once. What the
        store has already is not sent again: after a break, the same call goes on where it was. A
        broken connection is made anew, for as long as something gets on within `timeout`.

        Raises OSError, ValueError for a folder that cannot be listed, `Refused` or `Unavailable`.
        """
        from rollbook.client.transfers import Pipes  # noqa: PLC0415
        from rollbook.client.uploading import Uploader  # noqa: PLC0415
        from rollbook.domain.lineage import Artifact  # noqa: PLC0415

        place = Path(path).resolve()
        with Pipes(self.url, parallel, progress) as pipes:
            uploader = Uploader(pipes, self.post, namespace, self._transport.timeout)
            sent = uploader.folder(place) if place.is_dir() else uploader.file(place)
        ending = "" if place.is_dir() else place.suffix.removeprefix(".")
        return Artifact(
            uri=f"rollbook:{sent.digest}",
            digest=sent.digest,
            size=sent.size,
            format=format or ending or None,
        )

    def download(
        self,
        artifact: "str | Artifact | Mapping[str, Any]",
        to: str | os.PathLike[str],
        *,
        parallel: int = PARALLEL,
        progress: "Progress | None" = None,
    ) -> Path:
        """Fetch an artifact, or what has a digest, to the path `to`, which a folder becomes.

        Every file is verified and then put into its place; one that is there already must be the
        same. After a break, the same call goes on where it was.

        Raises `Corrupt` (a ValueError), FileExistsError where something else is, OSError, `Refused`
        or `Unavailable`.
        """
        from rollbook.client.downloading import Addresses, Downloader, File  # noqa: PLC0415
        from rollbook.client.transfers import Pipes  # noqa: PLC0415

        digest = _digest(artifact)
        found = self.stored(digest)
        place = Path(to).absolute()
        with Pipes(self.url, parallel, progress) as pipes:
            addresses = Addresses(found, lambda: self.stored(digest))
            downloader = Downloader(pipes, addresses, self._transport.timeout)
            if found.kind == "folder":
                downloader.folder(found, place)
            else:
                downloader.file(File(place.name, found.digest, found.size), place)
        return place


def _digest(artifact: "str | Artifact | Mapping[str, Any]") -> str:
    if isinstance(artifact, str):
        return artifact.removeprefix("rollbook:")
    return str(artifact["digest"] if isinstance(artifact, Mapping) else artifact.digest)
