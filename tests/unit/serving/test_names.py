"""How models are called in URLs."""

import pytest

from rollbook.serving.names import key_of, name_of


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("team.churn", "team/churn"),
        ("team.v1.2", "team/v1.2"),
        ("churn", "default/churn"),
        ("a-b.c d@e", "a-b/c d@e"),
    ],
)
def test_the_first_dot_parts_the_namespace(name: str, model: str) -> None:
    assert key_of(name) == model
    assert key_of(name_of(model)) == model
