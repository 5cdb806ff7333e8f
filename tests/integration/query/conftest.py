"""One open system for most tests of the HTTP API, each with a model of its own."""

from collections.abc import Iterator

import pytest

from tests.integration.query.system import Caller, System, calling, running
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def system(cluster: Cluster) -> Iterator[System]:
    with running(cluster.log(), cluster.postgres, cluster.schema()) as started:
        yield started


@pytest.fixture
def caller(system: System) -> Iterator[Caller]:
    with calling(system) as made:
        yield made
