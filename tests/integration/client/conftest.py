"""One open system for the tests of the SDK."""

from collections.abc import Iterator

import pytest

from tests.integration.query.system import System, running
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def system(cluster: Cluster) -> Iterator[System]:
    with running(cluster.log(), cluster.postgres, cluster.schema()) as started:
        yield started
