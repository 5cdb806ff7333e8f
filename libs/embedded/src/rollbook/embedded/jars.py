"""Kafka's jars: listed with digests in `kafka.lock`, fetched once, verified at every start."""

import hashlib
import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import platformdirs

from rollbook.embedded.report import StackError

LOCK = Path(__file__).with_name("kafka.lock")


@dataclass(frozen=True, slots=True)
class Jar:
    """One line of the lock file; `size` in bytes."""

    group: str
    artifact: str
    version: str
    sha256: str
    size: int

    @property
    def name(self) -> str:
        """Its file name."""
        return f"{self.artifact}-{self.version}.jar"

    @property
    def location(self) -> str:
        """Its path in a Maven repository."""
        return f"{self.group.replace('.', '/')}/{self.artifact}/{self.version}/{self.name}"

    def __str__(self) -> str:
        coordinates = f"{self.group}:{self.artifact}:{self.version}"
        return f"{coordinates}  sha256:{self.sha256}  {self.size}"


def parse_lock(text: str) -> tuple[Jar, ...]:
    """Read a lock file: lines `group:artifact:version  sha256:<hex>  <bytes>`, # comments.

    Raises StackError with the number of the first line that is not like this.
    """
    jars = []
    for number, line in enumerate(text.splitlines(), 1):
        if not line.strip() or line.startswith("#"):
            continue
        try:
            coordinates, digest, size = line.split()
            group, artifact, version = coordinates.split(":")
            kind, _, sha256 = digest.partition(":")
            if kind != "sha256" or len(bytes.fromhex(sha256)) != 32:
                raise ValueError
            jars.append(Jar(group, artifact, version, sha256, int(size)))
        except ValueError:
            raise StackError(
                f"line {number} of the lock file is not 'group:artifact:version  sha256:<hex>  "
                f"<bytes>': {line!r}. Make it again: python -m rollbook.embedded.lock"
            ) from None
    return tuple(jars)


def cache() -> Path:
    """Name the user's folder of downloaded and generated files; ROLLBOOK_CACHE overrides it."""
    return Path(os.environ.get("ROLLBOOK_CACHE") or platformdirs.user_cache_dir("rollbook"))


def is_whole(jar: Jar, file: Path) -> bool:
    """Tell whether the file exists and is exactly the jar of the lock."""
    try:
        with file.open("rb") as content:
            return hashlib.file_digest(content, "sha256").hexdigest() == jar.sha256
    except OSError:
        return False


def missing(jars: Sequence[Jar], folder: Path) -> list[Jar]:
    """List the jars that the folder lacks or holds damaged."""
    with ThreadPoolExecutor(2) as pool:
        whole = pool.map(lambda jar: is_whole(jar, folder / jar.name), jars)
        return [jar for jar, fine in zip(jars, whole, strict=True) if not fine]
