from rollbook.domain.aliases import AliasRemoved, AliasSet, RemoveAlias, SetAlias
from tests.support import spec
from tests.unit.domain.examples import REGISTERED, THREE_VERSIONS, V1, archived, champion, governed

# SetAlias


def test_an_alias_points_at_a_version() -> None:
    spec.given(REGISTERED, V1).when(SetAlias(alias="champion", version=1)).does(
        AliasSet(alias="champion", version=1)
    )


def test_an_alias_that_moves_says_where_it_pointed() -> None:
    spec.given(*THREE_VERSIONS, champion(1)).when(SetAlias(alias="champion", version=2)).does(
        AliasSet(alias="champion", version=2, replaced=1)
    )


def test_an_alias_cannot_point_at_a_version_that_does_not_exist() -> None:
    spec.given(REGISTERED).when(SetAlias(alias="champion", version=1)).refuses("unknown_version")


def test_an_alias_cannot_point_at_an_archived_version() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(SetAlias(alias="champion", version=1)).refuses(
        "archived"
    )


def test_setting_an_alias_to_where_it_points_stays_quiet() -> None:
    spec.given(REGISTERED, V1, champion(1)).when(SetAlias(alias="champion", version=1)).stays_quiet(
        version=1
    )


# RemoveAlias


def test_an_alias_that_is_removed_says_where_it_pointed() -> None:
    spec.given(REGISTERED, V1, champion(1)).when(RemoveAlias(alias="champion")).does(
        AliasRemoved(alias="champion", version=1)
    )


def test_an_alias_of_a_model_that_was_never_registered_cannot_be_removed() -> None:
    spec.given().when(RemoveAlias(alias="champion")).refuses("unknown_model")


def test_removing_an_alias_that_is_not_set_stays_quiet() -> None:
    spec.given(REGISTERED).when(RemoveAlias(alias="champion")).stays_quiet()


# Protected aliases


def test_a_protected_alias_is_moved_and_removed_by_releasers_only() -> None:
    guarded = governed(protected_aliases=["champ*"])
    for command in (SetAlias(alias="champion", version=1), RemoveAlias(alias="champion")):
        spec.given(*THREE_VERSIONS, champion(2)).when(
            command, namespace=guarded, releaser="nobody"
        ).refuses("protected")
    spec.given(*THREE_VERSIONS, champion(2)).when(
        SetAlias(alias="champion", version=1), namespace=guarded
    ).does(AliasSet(alias="champion", version=1, replaced=2))
    spec.given(*THREE_VERSIONS).when(
        SetAlias(alias="challenger", version=1), namespace=guarded, releaser="nobody"
    ).does(AliasSet(alias="challenger", version=1))
