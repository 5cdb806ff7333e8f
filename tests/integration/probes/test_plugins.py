"""A gate that is installed beside the validator, and one that is not."""

from pathlib import Path

import pytest
from pydantic import JsonValue

from rollbook.domain.gates import PluginGate
from rollbook.probes.measured import Measured
from rollbook.probes.plugin import plugin
from tests.integration.probes.subjects import PATIENT


@pytest.fixture
def text(tmp_path: Path) -> Path:
    (tmp_path / "m").write_text("one\ntwo\n")
    return tmp_path / "m"


async def looked(path: Path, name: str, settings: dict[str, JsonValue]) -> Measured:
    gate = PluginGate(kind="plugin", gate="short", plugin=name, settings=settings, timeout=PATIENT)
    return await plugin(gate, path, {"model": "insured/claims"})


async def test_a_plug_in_measures_within_the_walls(text: Path) -> None:
    measured = await looked(text, "row-limit", {"most": 1})
    assert measured == Measured({"plugin.short.lines": 2, "plugin.short.passed": 0})


async def test_a_plug_in_that_fails_says_why(text: Path) -> None:
    measured = await looked(text, "row-limit", {"most": "few"})
    said = "the plug-in row-limit failed: TypeError: most must be a whole number"
    assert measured == Measured({}, said)


async def test_a_plug_in_that_is_not_installed_says_so(text: Path) -> None:
    measured = await looked(text, "gone", {})
    assert measured == Measured({}, "the plug-in gone is not installed beside the validator")
