"""Recipes: how a version is made again from its data, by a program that asks no network."""

import re
from collections.abc import Iterator, Mapping
from typing import Annotated, Final

from pydantic import AfterValidator, Field, StringConstraints

from rollbook.domain.lineage import AnyText, Dataset, Fact
from rollbook.domain.names import Digest, Uri

_BRACES: Final = re.compile(r"\{([a-z]+(?:\.[0-9]+)?)\}")
_DATA: Final = re.compile(r"(train|validation|test)(?:\.([1-9][0-9]?))?")


def _checked(argument: str) -> str:
    for name in _BRACES.findall(argument):
        if _DATA.fullmatch(name) is None:
            raise ValueError(
                f"{{{name}}} stands for nothing: there are {{train}}, {{validation}} and {{test}},"
                " and {train.2} for the second of them"
            )
    return argument


Program = Annotated[
    str, StringConstraints(pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$")
]
Argument = Annotated[AnyText, Field(max_length=4096), AfterValidator(_checked)]


class Recipe(Fact):
    """A program that makes the version again, and what it is told.

    It is run in an empty folder, and leaves two things there: `metrics.json`, an object of numbers
    by name, and `model`, a file or a folder.
    """

    uri: Uri
    digest: Digest
    """Of the folder that the program is in. The versions that a `requirements.txt` in it pins are
    those that it must run with."""
    program: Annotated[Program, Field(max_length=500)]
    """A Python file in the folder."""
    arguments: Annotated[tuple[Argument, ...], Field(max_length=100)] = ()
    """`{train}`, `{validation}` and `{test}` stand for where a registered data set of that role
    lies; `{train.2}` for the second one."""

    def wants(self, datasets: tuple[Dataset, ...]) -> Mapping[str, Dataset | None]:
        """What stands in braces -> the data set that it stands for; None: there is none."""
        found: dict[str, Dataset | None] = {}
        for role, place, name in self._named():
            of_role = [one for one in datasets if one.role == role]
            found[name] = of_role[place - 1] if place <= len(of_role) else None
        return found

    def told(self, places: Mapping[str, str]) -> tuple[str, ...]:
        """The arguments with what stands in braces filled in."""
        return tuple(
            _BRACES.sub(lambda match: places[match[1]], argument) for argument in self.arguments
        )

    def _named(self) -> Iterator[tuple[str, int, str]]:
        for argument in self.arguments:
            for name in _BRACES.findall(argument):
                if (match := _DATA.fullmatch(name)) is not None:
                    yield match[1], int(match[2] or 1), name
