from rollbook.domain.aliases import SetAlias
from rollbook.domain.catalog import (
    AssignOwner,
    ClassifyModel,
    DescribeModel,
    ModelClassified,
    ModelDescribed,
    ModelRegistered,
    ModelRestored,
    ModelRetired,
    ModelTagged,
    ModelUntagged,
    OwnerAssigned,
    RegisterModel,
    RestoreModel,
    RetireModel,
    TagModel,
    UntagModel,
)
from rollbook.domain.environments import EnvironmentCleared, PromoteVersion
from rollbook.domain.requests import RequestPromotion
from rollbook.domain.rulebook import Rules
from rollbook.domain.rules import RulesSet
from rollbook.domain.versions import RegisterVersion
from tests.support import spec
from tests.unit.domain.examples import ARTIFACT, REGISTERED, RETIRED, V1, champion, promoted

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


def test_a_new_model_must_be_named_as_the_namespace_wants_it() -> None:
    tidy = spec.govern(RulesSet(version=1, rules=Rules(naming="[a-z]+_[a-z]+")))
    told = spec.given().when(RegisterModel(), namespace=tidy, name="churn").refuses("bad_name")
    assert "[a-z]+_[a-z]+" in told
    spec.given().when(RegisterModel(), namespace=tidy, name="churn_trees_2").refuses("bad_name")
    spec.given().when(RegisterModel(), namespace=tidy, name="churn_trees").does(ModelRegistered())


def test_a_name_from_before_the_rule_stays_as_it_is() -> None:
    tidy = spec.govern(RulesSet(version=1, rules=Rules(naming="[a-z]+_[a-z]+")))
    spec.given(REGISTERED).when(RegisterModel(), namespace=tidy).stays_quiet()


def test_a_retired_model_is_not_registered_again_by_accident() -> None:
    spec.given(REGISTERED, RETIRED).when(RegisterModel()).refuses("retired")


# AssignOwner


def test_somebody_and_their_team_answer_for_a_model() -> None:
    spec.given(REGISTERED).when(AssignOwner(owner="pia", team="growth")).does(
        OwnerAssigned(owner="pia", team="growth")
    )


def test_nobody_answers_for_a_model_that_was_never_registered() -> None:
    spec.given().when(AssignOwner(owner="pia")).refuses("unknown_model")


def test_assigning_the_owner_that_a_model_has_stays_quiet() -> None:
    past = (REGISTERED, OwnerAssigned(owner="pia", team="growth"))
    spec.given(*past).when(AssignOwner(owner="pia", team="growth")).stays_quiet()
    spec.given(*past).when(AssignOwner(owner="pia")).does(OwnerAssigned(owner="pia"))


# ClassifyModel


def test_the_risk_of_a_model_is_judged_with_a_reason() -> None:
    spec.given(REGISTERED).when(ClassifyModel(risk="high", reason="credit")).does(
        ModelClassified(risk="high", reason="credit")
    )


def test_a_model_that_was_never_registered_has_no_risk() -> None:
    spec.given().when(ClassifyModel(risk="high", reason="credit")).refuses("unknown_model")


def test_judging_a_model_as_it_was_judged_stays_quiet() -> None:
    spec.given(REGISTERED, ModelClassified(risk="high", reason="credit")).when(
        ClassifyModel(risk="high", reason="again")
    ).stays_quiet()


# RetireModel


def test_a_model_that_nobody_uses_is_retired_with_the_reason() -> None:
    spec.given(REGISTERED, V1).when(RetireModel(reason="replaced")).does(
        ModelRetired(reason="replaced")
    )


def test_a_model_of_which_a_version_serves_cannot_be_retired() -> None:
    past = (REGISTERED, V1, promoted(1), promoted(1, environment="canary"))
    told = spec.given(*past).when(RetireModel(reason="replaced")).refuses("serving")
    assert "canary, production" in told


def test_a_model_that_an_alias_points_into_cannot_be_retired() -> None:
    past = (REGISTERED, V1, champion(1))
    told = spec.given(*past).when(RetireModel(reason="replaced")).refuses("aliased")
    assert "champion" in told


def test_a_model_is_retired_once_it_has_been_cleared_away() -> None:
    cleared = EnvironmentCleared(version=1, environment="production", reason="end")
    spec.given(REGISTERED, V1, promoted(1), cleared).when(RetireModel(reason="replaced")).does(
        ModelRetired(reason="replaced")
    )


def test_nothing_happens_to_a_retired_model() -> None:
    for command in (
        TagModel(tags={"a": "b"}),
        RegisterVersion(artifact=ARTIFACT),
        PromoteVersion(version=1),
        SetAlias(alias="champion", version=1),
        RequestPromotion(version=1, reason="better"),
    ):
        spec.given(REGISTERED, V1, RETIRED).when(command).refuses("retired")


def test_a_model_that_was_never_registered_cannot_be_retired() -> None:
    spec.given().when(RetireModel(reason="replaced")).refuses("unknown_model")


def test_retiring_a_retired_model_stays_quiet() -> None:
    spec.given(REGISTERED, RETIRED).when(RetireModel(reason="again")).stays_quiet()


# RestoreModel


def test_a_retired_model_is_restored_with_all_that_it_had() -> None:
    spec.given(REGISTERED, V1, RETIRED).when(RestoreModel(reason="needed")).does(
        ModelRestored(reason="needed")
    )
    restored = spec.fold(REGISTERED, V1, RETIRED, ModelRestored(reason="needed"))
    assert restored == spec.fold(REGISTERED, V1)


def test_a_model_that_was_never_registered_cannot_be_restored() -> None:
    spec.given().when(RestoreModel(reason="needed")).refuses("unknown_model")


def test_restoring_a_model_in_use_stays_quiet() -> None:
    spec.given(REGISTERED).when(RestoreModel(reason="needed")).stays_quiet()
