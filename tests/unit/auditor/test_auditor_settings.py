"""What the auditor must be told."""

from typing import Any

import pytest
from pydantic import ValidationError

from rollbook.auditor.settings import AuditorSettings

GIVEN: dict[str, Any] = {"kafka": "k:9092", "checkpoint_to": "a", "checkpoint_key": "b"}


def test_places_and_keys_are_lists(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ROLLBOOK_CHECKPOINT_TO", "/srv/a, s3://b/c")
    monkeypatch.setenv("ROLLBOOK_CHECKPOINT_KEY", "one.key,two.key")
    monkeypatch.setenv("ROLLBOOK_KAFKA", "k:9092")
    made = AuditorSettings.model_validate({})
    assert made.checkpoint_to == ("/srv/a", "s3://b/c")
    assert [path.name for path in made.checkpoint_key] == ["one.key", "two.key"]


@pytest.mark.parametrize(
    "wrong",
    [{"checkpoint_to": ""}, {"checkpoint_key": ","}, {"checkpoint_to": "https://witness.example"}],
)
def test_there_must_be_a_key_and_a_place_that_keeps(wrong: dict[str, str]) -> None:
    with pytest.raises(ValidationError):
        AuditorSettings.model_validate(GIVEN | wrong)
