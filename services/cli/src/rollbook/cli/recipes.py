"""The recipe of a version that is registered: a folder with a program, and what it is told."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from rollbook.cli.arguments import bad

if TYPE_CHECKING:
    from rollbook.domain.recipes import Recipe

EXAMPLE: Final = "--recipe training/ --rebuild 'train.py --rows {train}'"


def command(folder: Path | None, rebuild: str | None) -> list[str]:
    """The program and its arguments; nothing where no recipe is given."""
    if folder is None and rebuild is None:
        return []
    if folder is None or not rebuild:
        raise bad("--recipe and --rebuild go together", EXAMPLE)
    if not folder.is_dir():
        raise bad(f"{folder} is no folder, and a recipe is one", EXAMPLE)
    try:
        words = shlex.split(rebuild)
    except ValueError as error:
        raise bad(f"--rebuild cannot be read: {error}", EXAMPLE) from error
    if not words or not (folder / words[0]).is_file():
        raise bad(f"there is no program {' '.join(words[:1])!r} in {folder}", EXAMPLE)
    return words


def recipe(place: dict[str, Any], words: list[str]) -> "Recipe":
    """The recipe that lies at `place`, which has a `uri` and a `digest`."""
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.domain.recipes import Recipe  # noqa: PLC0415

    try:
        return Recipe(
            uri=place["uri"], digest=place["digest"], program=words[0], arguments=tuple(words[1:])
        )
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        raise bad(f"--rebuild: {first['msg'].removeprefix('Value error, ')}", EXAMPLE) from error


def local(folder: Path) -> dict[str, Any]:
    """The folder where it is."""
    from rollbook.artifacts import folders  # noqa: PLC0415
    from rollbook.artifacts.errors import BadListing  # noqa: PLC0415

    try:
        files = [folders.hash_file(file, folder) for file in folders.files_in(folder, folder)]
    except (OSError, BadListing) as error:
        raise bad(f"cannot read {folder}: {error}") from error
    return {"uri": folder.resolve().as_uri(), "digest": folders.of_folder(files)}
