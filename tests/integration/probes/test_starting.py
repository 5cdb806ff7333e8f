"""What a walled process takes before its libraries are there is no fault of the model."""

import asyncio
import os
from pathlib import Path

import pytest

from rollbook.probes import sandbox
from rollbook.probes.loading import load
from rollbook.probes.measured import Measured
from rollbook.probes.sandbox import Limits, watched
from tests.integration.probes.subjects import loading, subject


async def test_a_start_that_takes_too_long_says_nothing_about_the_model(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "m").write_bytes(b"a model")
    monkeypatch.setattr(sandbox, "STARTING", 0.0)
    measured = await load(loading(), subject(tmp_path / "m", "skops"))
    assert measured == Measured({}, "its libraries were not there within 0 seconds")


async def test_its_seconds_count_from_when_its_libraries_are_there() -> None:
    begun = asyncio.Event()
    limits = Limits(memory=1 << 60, seconds=0.01)
    watch = asyncio.create_task(watched(os.getpid(), limits, begun))
    done, _ = await asyncio.wait({watch}, timeout=0.3)
    assert not done
    begun.set()
    assert await asyncio.wait_for(watch, 30) == "it did not come to an end within 0.01 seconds"
