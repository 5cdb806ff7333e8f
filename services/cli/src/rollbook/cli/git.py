"""Which commit the working directory stands at."""

import shutil
import subprocess
from pathlib import Path


def commit(folder: Path) -> str | None:
    """The commit's full hash, with `-dirty` when files differ from it; None outside of git."""
    git = shutil.which("git")
    if git is None:
        return None
    command = [git, "describe", "--always", "--abbrev=40", "--dirty", "--exclude=*"]
    run = subprocess.run(
        command, cwd=folder, capture_output=True, text=True, check=False, timeout=30
    )
    return run.stdout.strip() or None if run.returncode == 0 else None
