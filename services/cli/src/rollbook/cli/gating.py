"""The demo's chapter about gates: the models are really loaded, and really called."""

from collections.abc import Collection
from functools import partial
from typing import TYPE_CHECKING, Any

from rollbook.cli.output import plain
from rollbook.cli.telling import Telling

if TYPE_CHECKING:
    from rollbook.client import Registry, Verdict

POLICY: dict[str, Any] = {
    "description": "What a model of tumours must be before anybody asks it.",
    "gates": [
        {"gate": "there", "kind": "artifact", "most": 50_000_000},
        {"gate": "good", "kind": "metric", "metric": "auc", "least": 0.95},
        # Bound, so that the story goes on where a machine has no walls to load a model behind.
        {
            "gate": "loads",
            "kind": "load",
            "allow_pickle": True,
            "environments": ["operating-room"],
        },
        {
            "gate": "quick",
            "kind": "performance",
            "p95": 1000,
            "calls": 20,
            "allow_pickle": True,
            "environments": ["operating-room"],
        },
    ],
}

PATIENCE = 120.0
"""Seconds until there must be a verdict; it takes a few."""


def rule(registry: "Registry", model: str) -> None:
    """Save the policy, so that it looks at what is registered from now on."""
    registry.save_policy(model.partition("/")[0], "release", POLICY)


def wait(registry: "Registry", model: str, versions: Collection[int], telling: Telling) -> None:
    """Tell the verdict about each; Failure when there is none."""
    for version in versions:
        verdict = telling.until(
            partial(_verdict, registry, model, version),
            f"the gates of version {version}",
            PATIENCE,
        )
        telling.say(
            f"[bold]Version {version}[/] is {verdict.stage}, by {plain(verdict.policy or '')}:"
        )
        for gate in verdict.gates:
            telling.say(f"  {gate['gate']:<6} {gate['outcome']}: {plain(gate.get('reason') or '')}")


def _verdict(registry: "Registry", model: str, version: int) -> "Verdict | None":
    return next(iter(registry.verdicts(model, version)), None)
