"""Postgres goes away: going back works all the same, and the deployer waits for it."""

from collections.abc import Iterator

import pytest

from rollbook.embedded import Stack
from rollbook.eventlog.topics import LogAddress
from tests.integration.deployer.deploying import Tables, ends, happened, start, state
from tests.integration.query.system import Caller, running, until


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that may be hurt."""
    with Stack(tmp_path_factory.mktemp("hurt"), allow_fallback=False) as started:
        yield started


@pytest.fixture(scope="module")
def tables(stack: Stack) -> Iterator[Tables]:
    postgres = stack.endpoints.postgres
    with running(LogAddress(stack.endpoints.kafka, "hurt"), postgres, "hurt") as system:
        yield Tables(system, postgres, "hurt")


def test_without_postgres_a_rollout_is_aborted_and_a_promotion_rolled_back(
    tables: Tables, stack: Stack, caller: Caller
) -> None:
    start(caller)
    until(lambda: state(caller) == "stepping")
    with tables.watched() as deployer:
        until(lambda: deployer.ready)
        stack.postgres.kill()
        try:
            until(lambda: not deployer.ready)
            aborted = caller.done("AbortRollout", {"reason": "customers complain"})
            promoted = caller.done("PromoteVersion", {"version": 2})
            back = caller.done("RollBackVersion", {"reason": "they still do"})
        finally:
            stack.postgres.start()
        types = [answer["event"]["type"] for answer in (aborted, promoted, back)]
        assert types == ["RolloutAborted", "VersionPromoted", "VersionRolledBack"]
        found = ends(caller, "aborted")
        until(lambda: deployer.ready)
    assert happened(found) == ["RolloutStarted", "RolloutAborted"]
