"""One log for all, and models that are made once."""

from collections.abc import AsyncIterator

import pytest

from rollbook.eventlog import topics
from tests.integration.serving.world import Board, Models
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def models(tmp_path_factory: pytest.TempPathFactory) -> Models:
    return Models(tmp_path_factory.mktemp("models"))


@pytest.fixture
async def board(cluster: Cluster, models: Models) -> AsyncIterator[Board]:
    log = cluster.log()
    await topics.ensure(log, 1)
    board = Board(log, models)
    await board.start()
    yield board
    await board.stop()
