from datetime import UTC, datetime, timedelta
from typing import Any

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
    said = ["s3://b/k?x=1", f"s3://b/k?x=1=sha256:{digest}"]
    assert arguments.datasets(said, "validation") == [
        {"uri": "s3://b/k?x=1", "role": "validation"},
        {"uri": "s3://b/k?x=1", "digest": f"sha256:{digest}", "role": "validation"},
    ]


def test_a_fact_about_a_version_needs_its_number() -> None:
    assert arguments.of_version("team/churn@3") == ("team/churn", 3)
    with pytest.raises(Failure, match="which version"):
        arguments.of_version("churn")


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("12", 12),
        ("0.5", 0.5),
        ("true", True),
        ("null", None),
        ("torch", "torch"),
        ('"12"', "12"),
        ("[1]", "[1]"),
        ("NaN", "NaN"),
        ("", ""),
    ],
)
def test_a_property_is_the_value_that_it_looks_like(typed: str, meant: Any) -> None:
    found = arguments.values([f"p={typed}"], "property")["p"]
    assert found == meant
    assert type(found) is type(meant)


def test_a_metric_may_have_its_interval() -> None:
    assert arguments.measures(["auc=0.93:0.91..0.95", "loss=-1"], 0.95) == {
        "auc": {"value": 0.93, "low": 0.91, "high": 0.95, "confidence": 0.95},
        "loss": {"value": -1.0},
    }
    with pytest.raises(Failure, match="not a number"):
        arguments.measures(["auc=0.93:0.91"], None)


def test_a_moment_is_a_day_a_time_or_so_far_from_now() -> None:
    now = datetime.now(UTC)
    assert timedelta(days=89) < arguments.moment("90d") - now < timedelta(days=91)
    assert arguments.moment("2030-01-31T00:00:00Z") == datetime(2030, 1, 31, tzinfo=UTC)
    assert arguments.moment("2030-01-31").utcoffset() is not None
    with pytest.raises(Failure, match="no time"):
        arguments.moment("soon")


def test_what_a_version_was_made_from_is_named_with_how() -> None:
    assert arguments.parents(["base@2", "team/big@7=distilled"]) == [
        {"model": "default/base", "version": 2},
        {"model": "team/big", "version": 7, "relation": "distilled"},
    ]
    assert arguments.features(["age", "income=feast:x/income"]) == [
        {"name": "age"},
        {"name": "income", "uri": "feast:x/income"},
    ]


def test_signatures_are_asked_for_by_title_and_count() -> None:
    assert arguments.counts(["product", "ml-ops=2"], "reviewer") == {"product": 1, "ml-ops": 2}
    with pytest.raises(Failure, match="TITLE=COUNT"):
        arguments.counts(["product=two"], "reviewer")
