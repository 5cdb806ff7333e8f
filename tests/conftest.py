"""Fixtures for every level: one real cluster per run, started only when a test asks for it."""

from collections.abc import Iterator

import pytest

from tests.support.stack import Cluster, running_cluster


@pytest.fixture(scope="session")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("stack")) as running:
        yield running
