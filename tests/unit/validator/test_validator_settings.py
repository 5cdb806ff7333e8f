from datetime import timedelta
from pathlib import Path

import pytest
from pydantic import ValidationError

from rollbook.validator.settings import ValidatorSettings

WHERE = {"kafka": "broker:9092", "postgres": "postgresql://db/rollbook"}


def settings(**more: object) -> ValidatorSettings:
    return ValidatorSettings.model_validate({**WHERE, **more})


def test_it_looks_every_second_at_two_versions_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert settings().validator_every == timedelta(seconds=1)
    assert settings().validator_parallel == 2
    monkeypatch.setenv("ROLLBOOK_VALIDATOR_PARALLEL", "8")
    monkeypatch.setenv("ROLLBOOK_VALIDATOR_FOLDERS", '["/models"]')
    assert settings().validator_parallel == 8
    assert settings().validator_folders == (Path("/models"),)


@pytest.mark.parametrize("token", ["rbk_rollbook_validator_tooshort", "a.jwt.token"])
def test_a_malformed_token_is_refused_and_not_told(token: str) -> None:
    with pytest.raises(ValidationError) as caught:
        settings(validator_token=token)
    assert token not in str(caught.value)
