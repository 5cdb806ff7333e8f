"""One secured registry for these tests."""

from collections.abc import Iterator

import pytest

from tests.integration.access.secured import Secured, secured
from tests.support.stack import Cluster


@pytest.fixture(scope="package")
def registry(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secured]:
    with secured(cluster, tmp_path_factory.mktemp("idp")) as started:
        yield started
