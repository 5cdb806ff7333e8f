"""A folder with a space in its name, and one running system for the tests that only use it."""

import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rollbook.cli.__main__ import run
from tests.e2e.program import Program, started


@dataclass(frozen=True, slots=True)
class System:
    """A running `rollbook up`."""

    program: Program
    folder: Path
    url: str


@dataclass(frozen=True, slots=True)
class Ended:
    code: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "a folder"
    made.mkdir()
    return made


@pytest.fixture(scope="module")
def system(tmp_path_factory: pytest.TempPathFactory) -> Iterator[System]:
    """One `rollbook up` per module."""
    folder = tmp_path_factory.mktemp("up") / "a folder"
    folder.mkdir()
    with started(folder, "up") as program:
        url = program.wait_for(r"API, to try out +(http://\S+)/docs")[1]
        yield System(program, folder, url)


class Console:
    """Types `rollbook …` into the folder of the system; in this process, as that is quicker."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *arguments: object) -> Ended:
        code = run([str(argument) for argument in arguments])
        written = self._capsys.readouterr()
        return Ended(code, written.out, written.err)


@pytest.fixture
def console(
    system: System, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Console:
    for name in [name for name in os.environ if name.startswith("ROLLBOOK_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("ROLLBOOK_ACTOR", "ann")
    monkeypatch.chdir(system.folder)
    return Console(capsys)
