"""Gates that are installed beside the validator: what one is, and how one is let look."""

from collections.abc import Mapping
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol

from pydantic import JsonValue

from rollbook.probes.jobs import PluginJob, Told, clean
from rollbook.probes.loaders import Lacking
from rollbook.probes.stage import Stage

GROUP = "rollbook.gates"
"""The group of entry points that a plug-in stands in."""


class Plugin(Protocol):
    """A function that measures: numbers by name, `plugin.<gate>.<name>` in the verdict.

    It runs in the walled process: no network, files only below the current folder. What it raises
    is the reason why the gate cannot be decided. `passed` must be among the numbers, and be 1 for
    the gate to pass: without it the gate fails, whatever else was measured.
    """

    def __call__(
        self, artifact: Path, facts: Mapping[str, JsonValue], settings: Mapping[str, JsonValue]
    ) -> Mapping[str, float]:
        """What it measures of the version."""


def looked(job: PluginJob, stage: Stage) -> None:
    """What the plug-in measured."""
    name = clean(job.plugin)
    found = list(entry_points(group=GROUP, name=job.plugin))
    if len(found) != 1:
        what = "is not installed beside the validator" if not found else "is installed twice"
        raise Lacking(f"the plug-in {name} {what}")
    stage.failing = f"the plug-in {name} failed"
    plugin: Plugin = found[0].load()
    stage.close()
    numbers = plugin(job.path, job.facts, job.settings)
    stage.failing = f"the plug-in {name} answers with more than numbers by name"
    measured = {f"plugin.{job.gate}.{key}": float(value) for key, value in numbers.items()}
    stage.numbers = Told(numbers=measured).numbers
