"""One open system without a retrain service, to which each test adds its own."""

from collections.abc import Iterator

import pytest

from tests.integration.query.system import Caller, calling, running
from tests.integration.retrain.training import Tables
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def tables(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Tables]:
    schema = cluster.schema()
    folder = tmp_path_factory.mktemp("retrain")
    with running(cluster.log(), cluster.postgres, schema) as system:
        yield Tables(system, cluster.postgres, schema, folder)


@pytest.fixture
def caller(tables: Tables) -> Iterator[Caller]:
    with calling(tables.system) as made:
        yield made
