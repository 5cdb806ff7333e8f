import json
import socket
from pathlib import Path

import pytest

from rollbook.embedded.ports import HOST, is_free, remembered


def test_ports_are_remembered_while_they_are_free(tmp_path: Path) -> None:
    ports = remembered(tmp_path / "ports", 2)
    assert len(set(ports)) == 2
    assert remembered(tmp_path / "ports", 2) == ports


def test_a_taken_port_gives_new_ones(tmp_path: Path) -> None:
    _, second = remembered(tmp_path / "ports", 2)
    with socket.create_server((HOST, second)):
        assert not is_free(second)
        fresh = remembered(tmp_path / "ports", 2)
    assert second not in fresh
    assert json.loads((tmp_path / "ports").read_text()) == fresh


@pytest.mark.parametrize("text", ["", "[1", "7", '["x"]', "[22222]"])
def test_a_damaged_memory_is_no_obstacle(tmp_path: Path, text: str) -> None:
    (tmp_path / "ports").write_text(text)
    assert len(remembered(tmp_path / "ports", 2)) == 2
