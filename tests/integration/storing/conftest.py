"""One open system with a store in a folder."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rollbook.client import Registry
from tests.integration.query.system import System, running
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the store."""
    return tmp_path_factory.mktemp("store")


@pytest.fixture(scope="package")
def system(cluster: Cluster, stored: Path) -> Iterator[System]:
    schema = cluster.schema()
    with running(cluster.log(), cluster.postgres, schema, artifacts=str(stored)) as started:
        yield started


@pytest.fixture
def registry(system: System) -> Iterator[Registry]:
    with Registry(system.url, actor="ann") as made:
        yield made


@pytest.fixture
def namespace() -> str:
    return f"n{uuid4().hex[:10]}"
