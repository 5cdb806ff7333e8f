"""One open system without a notifier, to which each test adds its own."""

from collections.abc import Iterator

import pytest

from tests.integration.notifier.notifying import Tables
from tests.integration.query.system import Caller, calling, running
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def tables(cluster: Cluster) -> Iterator[Tables]:
    schema = cluster.schema()
    with running(cluster.log(), cluster.postgres, schema) as system:
        yield Tables(system, cluster.postgres, schema)


@pytest.fixture
def caller(tables: Tables) -> Iterator[Caller]:
    with calling(tables.system) as made:
        yield made
