"""The demo's chapter about gates: the models are really loaded, and really called."""

import time
from collections.abc import Callable, Collection
from typing import TYPE_CHECKING, Any

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.output import plain

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

LOOK_EVERY = 0.1


def rule(registry: "Registry", model: str) -> None:
    """Save the policy, so that it looks at what is registered from now on."""
    registry.save_policy(model.partition("/")[0], "release", POLICY)


def wait(
    registry: "Registry", model: str, versions: Collection[int], say: Callable[[str], None]
) -> None:
    """Tell the verdict about each; Failure when there is none."""
    for version in versions:
        verdict = _verdict(registry, model, version)
        say(f"[bold]Version {version}[/] is {verdict.stage}, by {plain(verdict.policy or '')}:")
        for gate in verdict.gates:
            say(f"  {gate['gate']:<6} {gate['outcome']}: {plain(gate.get('reason') or '')}")


def _verdict(registry: "Registry", model: str, version: int) -> "Verdict":
    deadline = time.monotonic() + PATIENCE
    while not (found := registry.verdicts(model, version)):
        if time.monotonic() > deadline:
            raise Failure(Exit.ERROR, f"no gate has looked at {model}@{version}", code="validation")
        time.sleep(LOOK_EVERY)
    return found[0]
