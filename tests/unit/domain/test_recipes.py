import pytest
from pydantic import ValidationError

from rollbook.domain.lineage import Dataset, Lineage
from rollbook.domain.recipes import Recipe
from rollbook.domain.versions import RegisterVersion, VersionRegistered
from tests.support import spec
from tests.unit.domain.examples import ARTIFACT, REGISTERED

DIGEST = "sha256:" + "c" * 64
ONE, TWO = Dataset(uri="s3://data/1"), Dataset(uri="s3://data/2")
HELD_OUT = Dataset(uri="s3://data/3", role="test")


def recipe(*arguments: str, program: str = "fit.py") -> Recipe:
    return Recipe(uri="s3://code/1", digest=DIGEST, program=program, arguments=arguments)


def test_a_version_is_registered_with_its_recipe() -> None:
    data = Lineage(datasets=(ONE,))
    spec.given(REGISTERED).when(
        RegisterVersion(artifact=ARTIFACT, lineage=data, recipe=recipe("{train}"))
    ).does(
        VersionRegistered(
            version=1,
            registered_by="pia",
            artifact=ARTIFACT,
            lineage=data,
            recipe=recipe("{train}"),
        )
    )


def test_what_stands_in_braces_is_a_data_set_of_that_role() -> None:
    found = recipe("--rows={train}", "{train.2}", "{test}", "{validation}").wants(
        (ONE, TWO, HELD_OUT)
    )
    assert found == {"train": ONE, "train.2": TWO, "test": HELD_OUT, "validation": None}


def test_arguments_are_told_where_the_data_lies() -> None:
    made = recipe("--rows={train}", "{train.2}", '{"depth": 3}')
    told = made.told({"train": "/a", "train.2": "/b"})
    assert told == ("--rows=/a", "/b", '{"depth": 3}')


@pytest.mark.parametrize("argument", ["{out}", "{train.0}", "{training}"])
def test_what_stands_for_nothing_is_refused(argument: str) -> None:
    with pytest.raises(ValidationError, match="stands for nothing"):
        recipe(argument)


@pytest.mark.parametrize("program", ["", "/bin/sh", "../fit.py", "a/../fit.py", "-c", "a b"])
def test_a_program_is_a_file_below_the_folder(program: str) -> None:
    with pytest.raises(ValidationError):
        recipe(program=program)
