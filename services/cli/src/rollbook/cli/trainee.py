"""The training process of the demo, from the outside."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from rollbook.cli.exits import Exit, Failure

PATIENCE = 10.0
"""Seconds that it may take to end."""


class Trainee:
    """Trains from `with` on, beside whatever else happens; is gone afterwards."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rollbook.cli.training", str(self._folder)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        return self

    def lines(self) -> Iterator[dict[str, Any]]:
        """What it tells, as soon as it does; Failure when it fails."""
        assert self._process.stdout is not None  # noqa: S101  # a pipe
        for line in self._process.stdout:
            yield json.loads(line)
        if code := self._process.wait():
            assert self._process.stderr is not None  # noqa: S101
            said = self._process.stderr.read().strip().splitlines()
            raise Failure(
                Exit.ERROR,
                f"training failed (exit code {code}): {said[-1] if said else 'it said nothing'}",
                advice="is scikit-learn installed? try: python -m rollbook.cli.training FOLDER",
                code="training",
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)
