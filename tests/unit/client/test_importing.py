"""Importing the SDK costs a pipeline next to nothing."""

import os
import subprocess
import sys
from pathlib import Path

SLOW = ("httpx", "pydantic", "asyncio", "rollbook.domain")
LIMIT = 150.0
"""Milliseconds of this process's own time, so that a busy machine does not count."""

SCRIPT = """
import sys, time
began = time.process_time()
from rollbook.client import Registry, file_artifact
print((time.process_time() - began) * 1000)
print(*sys.modules)
"""


def test_importing_the_sdk_is_quick_and_leaves_slow_libraries_alone(tmp_path: Path) -> None:
    # Compiled once, as an installed package is.
    env = {**os.environ, "PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
    runs = [
        subprocess.run([sys.executable, "-c", SCRIPT], env=env, capture_output=True, check=True)
        for _ in range(4)
    ]
    modules = set(runs[0].stdout.decode().splitlines()[1].split())
    assert not modules.intersection(SLOW)
    assert min(float(run.stdout.splitlines()[0]) for run in runs) < LIMIT
