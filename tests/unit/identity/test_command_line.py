import json

import pytest

from rollbook.identity.__main__ import main
from rollbook.identity.accounts import parse


def test_a_machine_s_token_can_be_made_anywhere(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["team", "ci"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert parse(shown.pop("token")).public_key == shown["public_key"]
    assert shown["subject"] == "account:team/ci"


@pytest.mark.parametrize("arguments", [[], ["team"], ["team", "ci", "x"], ["Team", "ci"]])
def test_a_wrong_call_says_how_it_is_called(
    arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 2
    assert "NAMESPACE ACCOUNT" in capsys.readouterr().err
