"""Runs a recipe within the walls: a program that makes a model again."""

import runpy
import sys
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path
from typing import Final

from packaging.requirements import InvalidRequirement, Requirement

from rollbook.probes.formats import Unreadable
from rollbook.probes.jobs import RecipeJob, clean
from rollbook.probes.loaders import Lacking
from rollbook.probes.stage import Stage

PINS: Final = "requirements.txt"
SHOWN: Final = 5


def rebuilt(job: RecipeJob, stage: Stage) -> None:
    """`reproduced.done`; `Lacking` where this is not the environment that the recipe asks for."""
    stage.failing = "its recipe cannot be run"
    stage.numbers["reproduced.done"] = 0.0
    program = job.path / job.program
    if not program.is_file():
        raise Unreadable(f"its recipe names {clean(job.program)}, which is not in its folder")
    if others := list(_others(job.path / PINS)):
        raise Lacking(f"its recipe is pinned to another environment: {'; '.join(others[:SHOWN])}")
    stage.close()
    stage.failing = "its recipe failed"
    sys.argv = [str(program), *job.arguments]
    sys.path.insert(0, str(program.parent))
    try:
        runpy.run_path(str(program), run_name="__main__")
    except SystemExit as ended:
        if ended.code not in (None, 0):
            raise Unreadable(f"its recipe ended with {clean(str(ended.code), 300)}") from None
    stage.numbers["reproduced.done"] = 1.0


def _others(file: Path) -> Iterator[str]:
    """The pinned libraries of which another version is here, each in words."""
    if not file.is_file():
        return
    for line in file.read_text(encoding="utf-8").splitlines():
        said = line.split("#", 1)[0].split(" --hash", 1)[0].strip().removesuffix("\\").strip()
        if not said or said.startswith("-"):
            continue
        try:
            pin = Requirement(said)
        except InvalidRequirement:
            raise Unreadable(f"its {PINS} cannot be read: {clean(said, 100)}") from None
        if pin.marker is not None and not pin.marker.evaluate():
            continue
        try:
            here = metadata.version(pin.name)
        except metadata.PackageNotFoundError:
            yield f"{pin.name} is not installed beside the validator"
        else:
            if not pin.specifier.contains(here, prereleases=True):
                yield f"it wants {clean(str(pin), 100)}, and beside the validator is {here}"
