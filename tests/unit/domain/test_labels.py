import pytest

from rollbook.domain.labels import Change, label_after
from rollbook.domain.state import Model


@pytest.mark.parametrize(
    ("last", "change", "label"),
    [
        (None, "tweak", "1.0.0"),
        ("1.2.3", "architecture", "2.0.0"),
        ("1.2.3", "retraining", "1.3.0"),
        ("1.2.9", "tweak", "1.2.10"),
    ],
)
def test_a_label_says_how_much_is_new(last: str | None, change: Change, label: str) -> None:
    assert label_after(Model(last_label=last), change) == label
