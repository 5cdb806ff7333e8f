import inspect
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from rollbook.eventlog.codec import COMMANDS
from tests.support import spec

SPECS = ("test_catalog", "test_versions", "test_aliases", "test_environments")


@pytest.fixture(scope="module")
def told() -> set[tuple[str, spec.Verdict]]:
    """What all the specs tell, told again: they are pure and take milliseconds."""
    spec.seen.clear()
    for name in SPECS:
        for test_name, test in inspect.getmembers(import_module(f"tests.unit.domain.{name}")):
            if test_name.startswith("test_"):
                test()
    return set(spec.seen)


@pytest.mark.parametrize("verdict", get_args(spec.Verdict))
@pytest.mark.parametrize("command", sorted(COMMANDS))
def test_every_command_has_a_spec(
    command: str, verdict: spec.Verdict, told: set[tuple[str, spec.Verdict]]
) -> None:
    assert (command, verdict) in told, f"no spec says when {command} {verdict}"


def test_every_spec_is_told() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert set(SPECS) <= files
    assert len(COMMANDS) >= 13
