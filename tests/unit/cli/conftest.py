"""The command line in this process: what it writes and how it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollbook.cli.__main__ import run


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


Call = Callable[..., Ended]


@pytest.fixture
def call(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Call:
    """Runs `rollbook …` in an empty folder, with nothing in the environment about Rollbook."""
    for name in ("KAFKA", "POSTGRES", "URL", "DATA", "TOKEN", "ACTOR", "APP", "SCHEMA"):
        monkeypatch.delenv(f"ROLLBOOK_{name}", raising=False)
    monkeypatch.chdir(tmp_path)

    def called(*arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        written = capsys.readouterr()
        return Ended(code, written.out, written.err)

    return called
