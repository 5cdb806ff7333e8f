import inspect
from importlib import import_module
from pathlib import Path
from typing import get_args

import pytest

from rollbook.domain.streams import StreamCommand
from tests.support import spec

SPECS = (
    "test_alarms",
    "test_aliases",
    "test_cards",
    "test_catalog",
    "test_collection",
    "test_endpoints",
    "test_environments",
    "test_erasure",
    "test_evaluations",
    "test_grants",
    "test_deletions",
    "test_holds",
    "test_policies",
    "test_profiles",
    "test_queries",
    "test_requests",
    "test_retention",
    "test_retraining",
    "test_rollouts",
    "test_rules",
    "test_signatures",
    "test_validation",
    "test_versions",
)

COMMANDS = sorted(command.__name__ for command in get_args(StreamCommand))

NEVER = {
    ("CommentOnPromotion", "stays quiet"): "the same words can be said twice",
    ("RehearseRollback", "stays quiet"): "each rehearsal is another one",
    ("RejectPromotion", "stays quiet"): "what is closed may have been granted",
    ("WithdrawPromotion", "stays quiet"): "what is closed may have been granted",
    ("ErasePersonalData", "stays quiet"): "whether it is gone is not known to the log",
    ("RemoveCollection", "refuses"): "what is not there need not be removed",
    ("DropQuery", "refuses"): "what is not there need not be dropped",
    ("DropPolicy", "refuses"): "what is not in force need not be dropped",
    ("SetRetention", "refuses"): "any will do",
    ("DropEndpoint", "refuses"): "what is not there need not be dropped",
    ("RotateEndpointSecret", "stays quiet"): "each rotation is another one",
    ("TestEndpoint", "stays quiet"): "each test is another one",
    ("RedriveEndpoint", "stays quiet"): "more may have been given up since",
    ("AnnounceDeletions", "refuses"): "it only says what is about to be done",
    ("AnnounceDeletions", "stays quiet"): "what came again may go again",
}
"""Verdicts that cannot come of a command, and why."""


@pytest.fixture(scope="module")
def told() -> set[tuple[str, spec.Verdict]]:
    """What all the specs tell, told again: they are pure and take milliseconds."""
    spec.seen.clear()
    for name in SPECS:
        for test_name, test in inspect.getmembers(import_module(f"tests.unit.domain.{name}")):
            if test_name.startswith("test_") and not inspect.signature(test).parameters:
                test()
    return set(spec.seen)


@pytest.mark.parametrize("verdict", get_args(spec.Verdict))
@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_a_spec(
    command: str, verdict: spec.Verdict, told: set[tuple[str, spec.Verdict]]
) -> None:
    if (command, verdict) in NEVER:
        assert (command, verdict) not in told, "it can, as a spec shows"
    else:
        assert (command, verdict) in told, f"no spec says when {command} {verdict}"


def test_every_spec_is_told() -> None:
    files = {path.stem for path in Path(__file__).parent.glob("test_*.py")}
    assert set(SPECS) <= files
    assert len(COMMANDS) >= 46
