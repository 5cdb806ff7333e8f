"""The probe `reproduction`: the model is made again by its recipe, and held against itself."""

import asyncio
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Annotated, Final

from pydantic import Field, FiniteFloat, TypeAdapter, ValidationError

from rollbook.artifacts.errors import BadListing
from rollbook.domain.gates import ReproductionGate
from rollbook.domain.lineage import Artifact, Dataset
from rollbook.domain.recipes import Recipe
from rollbook.probes import sandbox
from rollbook.probes.artifact import artifact, read
from rollbook.probes.fetching import Sources
from rollbook.probes.jobs import LONGEST, Name, RecipeJob, Told
from rollbook.probes.measured import Measured
from rollbook.probes.sandbox import Ended, Limits

MOST: Final = 900
"""Metrics; a verdict holds at most 1,000 numbers."""

_METRICS: Final[TypeAdapter[dict[str, float]]] = TypeAdapter(
    Annotated[dict[Annotated[Name, Field(max_length=100)], FiniteFloat], Field(max_length=MOST)]
)


class Lacks(Exception):
    """The version does not hold what its rebuilding takes."""


class Unreached(Exception):
    """What rebuilding takes cannot be had now, or is not what was registered."""


async def reproduction(
    gate: ReproductionGate,
    recipe: Recipe | None,
    digest: str,
    datasets: Collection[Dataset],
    sources: Sources,
    folder: Path,
) -> Measured:
    """`reproduced.<metric>`; `reproduced.bytes`: 1 where the rebuilt model has this digest.

    `reproduced.done` is 0 where the recipe makes no model.
    """
    try:
        if recipe is None:
            raise Lacks("it has no recipe to be rebuilt by")
        data = _data(recipe, tuple(datasets))
        code = await _fetched("its recipe", recipe.uri, recipe.digest, sources, folder / "code")
        places = {
            name: await _fetched(
                f"the data set {one.uri}", one.uri, digest_, sources, folder / name
            )
            for name, (one, digest_) in data.items()
        }
    except Lacks as lacks:
        return Measured({"reproduced.lacking": 1.0}, str(lacks))
    except Unreached as unreached:
        return Measured(said=str(unreached))
    if not await asyncio.to_thread(code.is_dir):
        return Measured({"reproduced.done": 0.0}, "its recipe is a file, and must be a folder")
    return await _ran(gate, recipe, code, places, digest)


def _data(recipe: Recipe, datasets: tuple[Dataset, ...]) -> dict[str, tuple[Dataset, str]]:
    found = {}
    for name, one in recipe.wants(datasets).items():
        if one is None:
            raise Lacks(f"its recipe wants {{{name}}}, and there is no such data set")
        if one.digest is None:
            raise Lacks(f"its recipe wants {{{name}}}, and {one.uri} has no digest")
        found[name] = one, one.digest
    return found


async def _fetched(what: str, uri: str, digest: str, sources: Sources, folder: Path) -> Path:
    await asyncio.to_thread(folder.mkdir)
    found, path = await artifact(Artifact(uri=uri, digest=digest), sources, folder)
    if path is None:
        raise Unreached(f"{what}: {found.said}")
    return path


async def _ran(
    gate: ReproductionGate, recipe: Recipe, code: Path, places: Mapping[str, Path], digest: str
) -> Measured:
    limits = Limits(gate.memory, gate.timeout.total_seconds())
    job = RecipeJob(
        scratch=sandbox.scratch_folder(),
        memory=limits.memory,
        seconds=limits.processor,
        path=code,
        program=recipe.program,
        arguments=recipe.told({name: str(path) for name, path in places.items()}),
        inputs=tuple(places.values()),
    )
    try:
        match await sandbox.answered(job, limits):
            case Told(numbers={"reproduced.done": 1.0}):
                return await asyncio.to_thread(_made, job.scratch, digest)
            case Told(numbers=numbers, said=said):
                return Measured(numbers, said)
            case Ended(said=said, begun=True):
                return Measured({"reproduced.done": 0.0}, f"its recipe did not go through: {said}")
            case Ended(said=said):
                return Measured(said=said)
    finally:
        await sandbox.cleared(job.scratch)


def _made(scratch: Path, digest: str) -> Measured:
    """What the program has left behind: of that, nothing is trusted."""
    try:
        metrics = _metrics(scratch / "metrics.json")
        found = _digest(scratch / "model")
    except ValueError as error:
        return Measured({"reproduced.done": 0.0}, str(error))
    numbers = {f"reproduced.{name}": value for name, value in metrics.items()}
    numbers |= {"reproduced.done": 1.0, "reproduced.bytes": float(found == digest)}
    said = "" if found == digest else f"rebuilt, its bytes are {found}; registered was {digest}"
    return Measured(numbers, said)


def _metrics(file: Path) -> dict[str, float]:
    if file.is_symlink() or not file.is_file():
        raise ValueError("its recipe leaves no file metrics.json")
    try:
        if file.stat().st_size > LONGEST:
            raise ValueError("the metrics.json that its recipe leaves is too long")
        return _METRICS.validate_json(file.read_bytes())
    except (OSError, ValidationError):
        raise ValueError(
            "the metrics.json that its recipe leaves is no object of numbers by name"
        ) from None


def _digest(path: Path) -> str:
    if path.is_symlink() or not (path.is_file() or path.is_dir()):
        raise ValueError("its recipe leaves no file or folder that is called model")
    try:
        return read(path)[0]
    except (OSError, BadListing, RecursionError):
        raise ValueError("the model that its recipe leaves cannot be read") from None
