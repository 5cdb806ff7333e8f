"""The traffic of the demo, from the outside."""

import json
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

from rollbook.cli.exits import Exit, Failure

PATIENCE = 10.0
"""Seconds that it may take to end."""


class Flow:
    """Asks from `with` on, beside whatever else happens; is gone afterwards."""

    def __init__(self, **setup: object) -> None:
        self._setup = setup
        self._seen: dict[str, Any] = {"versions": {}, "moved": 0, "unanswered": 0}

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "rollbook.cli.traffic"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._say(self._setup)
        threading.Thread(target=self._listen, daemon=True).start()
        return self

    def shift(self, column: str, by: float) -> None:
        """Let a column be measured otherwise from now on."""
        self._say({"column": column, "by": by})

    def answered(self, version: int) -> Mapping[str, Any]:
        """What a version has answered so far: see `rollbook.cli.traffic.Version`."""
        self._check()
        found: Mapping[str, Any] = self._seen["versions"].get(str(version), {"answers": 0})
        return found

    @property
    def answers(self) -> int:
        """Of all versions together."""
        self._check()
        return sum(version["answers"] for version in self._seen["versions"].values())

    @property
    def moved(self) -> int:
        """Patients who were answered by one version, and then by another."""
        return int(self._seen["moved"])

    @property
    def unanswered(self) -> int:
        """Requests without an answer, or turned away."""
        return int(self._seen["unanswered"])

    def _say(self, what: Mapping[str, object]) -> None:
        try:
            _pipe(self._process.stdin).write(json.dumps(what) + "\n")
            _pipe(self._process.stdin).flush()
        except OSError:
            self._check()

    def _listen(self) -> None:
        for line in _pipe(self._process.stdout):
            self._seen = json.loads(line)

    def _check(self) -> None:
        if (code := self._process.poll()) is not None:
            said = _pipe(self._process.stderr).read().strip().splitlines()
            raise Failure(
                Exit.ERROR,
                f"the traffic has ended (exit code {code}): {said[-1] if said else 'silently'}",
                code="traffic",
            )

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._process.kill()
        self._process.wait(PATIENCE)


def _pipe(found: IO[str] | None) -> IO[str]:
    assert found is not None  # noqa: S101  # a pipe
    return found


def whom(url: str, model: str) -> str:
    """Where a model server is asked about a model."""
    return f"{url}/v2/models/{model.replace('/', '.')}/infer"


def asked(folder: Path) -> Path:
    """Where traffic writes what was asked, with what turned out to be true."""
    return folder / "asked.csv"
