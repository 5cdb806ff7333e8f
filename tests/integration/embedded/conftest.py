from collections.abc import Iterator

import pytest

from rollbook.embedded import Stack, prepare


@pytest.fixture(scope="session")
def prepared() -> None:
    """Jars and archive are in the cache; needs the network where they are not yet."""
    prepare(print)


@pytest.fixture(scope="module")
def stack(prepared: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """A stack that runs, in a folder with a space; whoever stops a part of it starts it again."""
    folder = tmp_path_factory.mktemp("stack") / "a folder, with spaces"
    with Stack(folder, report=print, allow_fallback=False) as stack:
        yield stack
