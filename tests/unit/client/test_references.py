"""What a service calls a model."""

import pytest

from rollbook.client.references import Reference


@pytest.mark.parametrize(
    ("text", "model", "version", "name"),
    [
        ("models:/fraud@production", "default/fraud", None, "production"),
        ("models:/fraud/3", "default/fraud", 3, None),
        ("models:/team/fraud/3", "team/fraud", 3, None),
        ("models:/team/fraud@champion", "team/fraud", None, "champion"),
        ("team/fraud@champion", "team/fraud", None, "champion"),
        ("fraud/12", "default/fraud", 12, None),
        ("models:/a@b@champion", "default/a@b", None, "champion"),
    ],
)
def test_a_reference_names_a_version_or_what_stands_at_a_name(
    text: str, model: str, version: int | None, name: str | None
) -> None:
    assert Reference.parse(text) == Reference(model, version, name)
    assert Reference.parse(str(Reference.parse(text))) == Reference.parse(text)


@pytest.mark.parametrize(
    "text",
    ["", "models:/", "fraud", "models:/fraud", "@x", "fraud@", "a/b/c/3", "/3", "a//3", "a/x"],
)
def test_what_is_no_reference_says_what_one_looks_like(text: str) -> None:
    with pytest.raises(ValueError, match=r"models:/|NAMESPACE"):
        Reference.parse(text)
