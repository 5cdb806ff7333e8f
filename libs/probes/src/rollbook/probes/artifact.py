"""The probe `artifact`: are the bytes there, are they the right ones, and how many."""

import asyncio
from pathlib import Path

from rollbook.artifacts import folders
from rollbook.artifacts.errors import BadListing
from rollbook.domain.lineage import Artifact
from rollbook.probes.fetching import Absent, Elsewhere, Sources, TooMuch, fetched
from rollbook.probes.jobs import clean
from rollbook.probes.measured import Measured


async def artifact(given: Artifact, sources: Sources, folder: Path) -> tuple[Measured, Path | None]:
    """`artifact.*`; and where the bytes lie now, if they are there and right.

    `folder` is the caller's, and may hold them as long as they are looked at.
    """
    try:
        path = await fetched(given.uri, sources, folder)
        digest, size, files = await asyncio.to_thread(read, path)
    except Absent as absent:
        return Measured({"artifact.found": 0.0}, str(absent)), None
    except TooMuch as much:
        least = float(sources.most + 1)
        return Measured({"artifact.found": 1.0, "artifact.size": least}, str(much)), None
    except Elsewhere as elsewhere:
        return Measured(said=clean(str(elsewhere))), None
    except BadListing:
        said = "a file of its folder is a link out of it, or has a name that no list can hold"
        return Measured({"artifact.found": 1.0, "artifact.right": 0.0}, said), None
    except OSError as error:
        return Measured(said=f"its bytes cannot be read: {error.strerror}"), None
    right = digest == given.digest
    numbers = {
        "artifact.found": 1.0,
        "artifact.right": float(right),
        "artifact.size": float(size),
        "artifact.files": float(files),
    }
    said = "" if right else f"its bytes are {digest}, and {given.digest} was registered"
    return Measured(numbers, said), path if right else None


def read(path: Path) -> tuple[str, int, int]:
    """Digest, bytes and files."""
    if not path.is_dir():
        file = folders.hash_file(path, path.parent)
        return folders.of_file(file), file.size, 1
    files = [folders.hash_file(file, path) for file in folders.files_in(path, path)]
    return folders.of_folder(files), sum(file.size for file in files), len(files)
