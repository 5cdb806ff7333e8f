import pytest

from rollbook.cli import arguments
from rollbook.cli.exits import Exit, Failure


@pytest.mark.parametrize(
    ("typed", "key"), [("churn", "default/churn"), ("team-a/churn", "team-a/churn")]
)
def test_a_name_without_a_slash_lives_in_the_default_namespace(typed: str, key: str) -> None:
    assert arguments.key(typed) == key


@pytest.mark.parametrize("typed", ["", "team/", "/churn"])
def test_a_name_with_an_empty_part_is_bad_usage(typed: str) -> None:
    with pytest.raises(Failure, match="not a model's name") as failure:
        arguments.key(typed)
    assert failure.value.exit_code == Exit.USAGE


def test_a_version_may_follow_the_name() -> None:
    assert arguments.key_and_version("churn@3") == ("default/churn", 3)
    assert arguments.key_and_version("team/churn") == ("team/churn", None)


@pytest.mark.parametrize("typed", ["churn@", "churn@x", "@3", "churn@-1"])
def test_what_follows_the_at_sign_must_be_a_number(typed: str) -> None:
    with pytest.raises(Failure, match="NAME@VERSION"):
        arguments.key_and_version(typed)


def test_pairs_keep_equals_signs_in_the_value() -> None:
    assert arguments.pairs(["a=b=c", "d="], "tag") == {"a": "b=c", "d": ""}


@pytest.mark.parametrize("typed", [["a"], ["=b"], ["a=1", "a=2"]])
def test_a_pair_needs_a_name_and_only_one_value(typed: list[str]) -> None:
    with pytest.raises(Failure, match="tag"):
        arguments.pairs(typed, "tag")


def test_a_metric_that_is_no_number_is_named() -> None:
    assert arguments.numbers(["auc=0.93", "loss=1e-3"], "metric") == {"auc": 0.93, "loss": 0.001}
    with pytest.raises(Failure, match="metric auc=high is not a number"):
        arguments.numbers(["auc=high"], "metric")


def test_a_data_set_may_carry_its_digest_although_its_uri_has_equals_signs() -> None:
    digest = "ab" * 32
    assert arguments.datasets(["s3://b/k?x=1", f"s3://b/k?x=1=sha256:{digest}"]) == [
        {"uri": "s3://b/k?x=1"},
        {"uri": "s3://b/k?x=1", "digest": f"sha256:{digest}"},
    ]
