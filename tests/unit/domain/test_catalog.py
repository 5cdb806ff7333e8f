from rollbook.domain.catalog import (
    DescribeModel,
    ModelDescribed,
    ModelRegistered,
    ModelTagged,
    ModelUntagged,
    RegisterModel,
    TagModel,
    UntagModel,
)
from tests.support import spec
from tests.unit.domain.examples import REGISTERED

# RegisterModel


def test_a_new_model_is_registered_with_its_description_and_tags() -> None:
    spec.given().when(RegisterModel(description="who leaves", tags={"team": "growth"})).does(
        ModelRegistered(description="who leaves", tags={"team": "growth"})
    )


def test_a_model_cannot_be_registered_again_with_another_description() -> None:
    spec.given(REGISTERED).when(RegisterModel(description="who stays")).refuses(
        "already_registered"
    )


def test_a_model_cannot_be_registered_again_with_other_tags() -> None:
    spec.given(REGISTERED).when(RegisterModel(tags={"team": "risk"})).refuses("already_registered")


def test_registering_the_same_model_again_stays_quiet() -> None:
    same = RegisterModel(description="who leaves", tags={"team": "growth"})
    spec.given(REGISTERED).when(same).stays_quiet()


def test_registering_a_known_model_without_details_stays_quiet() -> None:
    spec.given(REGISTERED).when(RegisterModel()).stays_quiet()


# DescribeModel


def test_a_description_replaces_the_one_before() -> None:
    spec.given(REGISTERED).when(DescribeModel(description="")).does(ModelDescribed(description=""))


def test_a_model_that_was_never_registered_cannot_be_described() -> None:
    spec.given().when(DescribeModel(description="x")).refuses("unknown_model")


def test_describing_a_model_as_it_is_described_stays_quiet() -> None:
    spec.given(REGISTERED).when(DescribeModel(description="who leaves")).stays_quiet()


# TagModel


def test_tags_of_a_model_are_set_beside_the_others() -> None:
    spec.given(REGISTERED).when(TagModel(tags={"risk": "low"})).does(
        ModelTagged(tags={"risk": "low"})
    )
    state = spec.fold(REGISTERED, ModelTagged(tags={"risk": "low"}))
    assert dict(state.tags) == {"team": "growth", "risk": "low"}


def test_a_model_that_was_never_registered_cannot_be_tagged() -> None:
    spec.given().when(TagModel(tags={"a": "b"})).refuses("unknown_model")


def test_setting_tags_of_a_model_to_what_they_are_stays_quiet() -> None:
    spec.given(REGISTERED).when(TagModel(tags={"team": "growth"})).stays_quiet()


# UntagModel


def test_only_the_tags_that_are_set_are_removed_each_once() -> None:
    spec.given(REGISTERED).when(UntagModel(keys=("none", "team", "team"))).does(
        ModelUntagged(keys=("team",))
    )
    assert not spec.fold(REGISTERED, ModelUntagged(keys=("team",))).tags


def test_a_model_that_was_never_registered_cannot_be_untagged() -> None:
    spec.given().when(UntagModel(keys=("team",))).refuses("unknown_model")


def test_removing_tags_that_a_model_does_not_have_stays_quiet() -> None:
    spec.given(REGISTERED).when(UntagModel(keys=("none",))).stays_quiet()
