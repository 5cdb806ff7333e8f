import pytest
from pydantic import ValidationError

from rollbook.domain.rulebook import EnvironmentRule, MetadataSchema, Rules, fits


@pytest.mark.parametrize(
    ("document", "said"),
    [
        ({"environments": [{"name": "a"}, {"name": "a"}]}, "stands there twice"),
        ({"environments": [{"name": "a", "after": "b"}]}, "unknown"),
        ({"environments": [{"name": "a", "after": "a"}]}, "comes after itself"),
        (
            {"environments": [{"name": "a", "after": "b"}, {"name": "b", "after": "a"}]},
            "comes after itself",
        ),
        ({"naming": "("}, "is no regular expression"),
        ({"naming": "a)|(b"}, "is no regular expression"),
        ({"naming": "(?x)a # comment"}, "is no regular expression"),
        ({"naming": "(?=a)"}, "is no regular expression"),
        ({"request_expires": "PT0S"}, "greater than"),
        ({"request_expires": "P200Y"}, "less than"),
        ({"request_escalates": "-P1D"}, "greater than"),
        ({"environments": [{"name": "a", "approvals": {"limited": {"x": 0}}}]}, "greater than"),
        ({"environments": [{"name": "a", "approvals": {"huge": {"x": 1}}}]}, "limited"),
        ({"environments": [{"name": "a", "description": "\x00"}]}, "pattern"),
        ({"environments": [{"name": "a", "licences": ["\x00"]}]}, "pattern"),
        ({"environments": [{"name": "a", "card": ["jokes"]}]}, "Input should be"),
        ({"enviroments": []}, "Extra inputs"),
    ],
)
def test_rules_that_make_no_sense_are_refused(document: object, said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Rules.model_validate(document)


@pytest.mark.parametrize(
    "document",
    [
        {"renamed": {"a": "c", "b": "c"}},
        {"required": ["luck"]},
        {"enforced": "never"},
        {"properties": {"a": "\x00"}},
        {"properties": {"\x00": 1}},
        {"renamed": {"\x00": "a"}},
    ],
)
def test_metadata_schemas_that_make_no_sense_are_refused(document: object) -> None:
    with pytest.raises(ValidationError):
        MetadataSchema.model_validate(document)


@pytest.mark.parametrize(
    ("pattern", "name", "is_one"),
    [
        ("[a-z]+", "churn", True),
        ("[a-z]+", "churn1", False),
        ("[a-z]+", "1churn", False),
        ("a|b", "ab", False),
        ("a|b", "b", True),
        ("(a+)+", "a" * 200 + "!", False),
        ("(?m)a", "a\nb", False),
    ],
)
def test_a_name_fits_a_pattern_as_a_whole(pattern: str, name: str, is_one: bool) -> None:
    assert fits(name, pattern) == is_one


def test_a_protected_environment_needs_one_approver_unless_it_says_more() -> None:
    rule = EnvironmentRule(name="a", protected=True, approvals={"high": {"legal": 2}})
    assert rule.quorum("limited") == {"approver": 1}
    assert rule.quorum("high") == {"legal": 2}
    assert EnvironmentRule(name="a").quorum("high") == {}
