"""Look-ups on a real system: what moves is known at once, and what was known holds without it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from rollbook.client import Corrupt, Refused, Registry, Resolver, file_artifact
from rollbook.embedded.ports import remembered
from tests.integration.query.system import System, until

LATE = 3600.0
"""Seconds: nothing in a test is looked at again by itself."""


@pytest.fixture
def registry(system: System) -> Iterator[Registry]:
    with Registry(system.url, actor="ann") as made:
        yield made


@pytest.fixture
def resolver(system: System, tmp_path: Path) -> Iterator[Resolver]:
    with Resolver(system.url, actor="ann", cache=tmp_path / "cache", ttl=LATE) as made:
        yield made


@pytest.fixture
def model(registry: Registry, tmp_path: Path) -> str:
    """Two versions of different bytes."""
    name = f"tests/m{uuid4().hex[:12]}"
    registry.register_model(name)
    for number in (1, 2):
        file = tmp_path / f"{number}.onnx"
        file.write_bytes(bytes([number]) * 1000)
        registry.register_version(name, file_artifact(file))
    return name


def test_names_and_numbers_are_resolved(registry: Registry, resolver: Resolver, model: str) -> None:
    registry.set_alias(model, "champion", 2)
    last = registry.promote(model, 1)
    with Registry(registry.url) as reader:
        reader.wait(last.position)
        versions = {n: reader.version(model, n) for n in (1, 2)}
    for reference, number in (("@champion", 2), ("@production", 1), ("/2", 2)):
        found = resolver.resolve(f"models:/{model}{reference}")
        assert (found.model, found.version, found.format) == (model, number, "onnx")
        assert found.digest == versions[number].artifact["digest"]
        assert not found.stale
    with pytest.raises(Refused):
        resolver.resolve(f"models:/{model}@shadow")


def test_a_move_is_known_without_asking_again(
    registry: Registry, resolver: Resolver, model: str
) -> None:
    registry.wait(registry.promote(model, 1).position)
    assert registry.environments(model)["production"].version == 1
    reference = f"models:/{model}@production"
    assert resolver.resolve(reference).version == 1

    def moved() -> bool:  # what moves before the connection stands is not heard of: move again
        for number in (2, 1):
            registry.promote(model, number)
        registry.promote(model, 2)
        return resolver.resolve(reference).version == 2

    until(moved)


def test_bytes_are_fetched_once_and_held_against_their_digest(
    registry: Registry, resolver: Resolver, model: str, tmp_path: Path
) -> None:
    registry.version(model, 1)
    path = resolver.load(f"{model}/1")
    assert path.read_bytes() == b"\x01" * 1000
    (tmp_path / "1.onnx").unlink()
    assert resolver.load(f"{model}/1") == path
    (tmp_path / "2.onnx").write_bytes(b"changed")
    with pytest.raises(Corrupt):
        resolver.load(f"{model}/2")


def test_what_was_known_holds_after_a_restart_without_a_registry(
    registry: Registry, resolver: Resolver, model: str, tmp_path: Path
) -> None:
    registry.promote(model, 1)
    assert registry.environments(model)["production"].version == 1
    reference = f"models:/{model}@production"
    known = resolver.resolve(reference)
    path = resolver.load(reference)
    [port] = remembered(tmp_path / "port", 1)
    away = f"http://127.0.0.1:{port}"
    with Resolver(away, cache=tmp_path / "cache", timeout=0.1) as other:
        other.file.parent.mkdir(exist_ok=True)
        other.file.write_bytes(resolver.file.read_bytes())
    with Resolver(away, cache=tmp_path / "cache", timeout=0.1) as again:
        found = again.resolve(reference)
        assert (found.version, found.digest, found.stale) == (1, known.digest, True)
        assert again.load(reference) == path
