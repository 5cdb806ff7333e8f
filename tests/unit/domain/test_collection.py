from rollbook.domain.collection import (
    CollectionRemoved,
    CollectionSet,
    RemoveCollection,
    SetCollection,
)
from rollbook.domain.rulebook import MetadataSchema
from rollbook.domain.rules import MetadataSchemaSet
from tests.support import spec

SET = CollectionSet(collection="credit", models=("churn", "risk"), description="all")

# SetCollection


def test_a_collection_consists_of_models_each_once_in_order() -> None:
    spec.given().when(
        SetCollection(collection="credit", models=("risk", "churn", "risk"), description="all")
    ).does(SET)


def test_a_namespace_does_not_grow_beyond_a_record() -> None:
    names = {f"{n:0>200}": f"x{n:0>200}" for n in range(200)}
    step = MetadataSchema(renamed=names)
    past = [MetadataSchemaSet(version=n, metadata=step) for n in range(1, 51)]
    told = (
        spec.given(*past).when(SetCollection(collection="credit", models=())).refuses("too_large")
    )
    assert "bytes" in told


def test_setting_a_collection_to_what_it_is_stays_quiet() -> None:
    same = SetCollection(collection="credit", models=("churn", "risk"), description="all")
    spec.given(SET).when(same).stays_quiet()


# RemoveCollection


def test_a_collection_is_removed() -> None:
    spec.given(SET).when(RemoveCollection(collection="credit")).does(
        CollectionRemoved(collection="credit")
    )


def test_removing_a_collection_that_is_not_there_stays_quiet() -> None:
    spec.given().when(RemoveCollection(collection="credit")).stays_quiet()
