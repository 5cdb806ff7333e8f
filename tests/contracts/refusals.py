"""Every code that a refusal can carry: what it means and what to do; checked against the source."""

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = ("libs/domain", "libs/eventlog", "services/command")
RAISED_AS = frozenset({"Refused", "Poison", "poison"})

STATE = {
    "unknown_model": ("the model is not registered", "register it first"),
    "unknown_version": (
        "the model has no such version",
        "the message says which ones exist",
    ),
    "already_registered": (
        "the model is registered with another description or other tags",
        "use DescribeModel and TagModel",
    ),
    "archived": ("the version is archived", "take another version"),
    "idempotency_conflict": (
        "the idempotency key stands for a version with another digest",
        "use one key for one artifact",
    ),
    "serving": (
        "an archived version may not serve anywhere",
        "replace it in its environments first",
    ),
    "aliased": ("an archived version may not have an alias", "move the alias first"),
    "nothing_serves": ("nothing stands in the environment", "promote a version"),
    "nothing_before": (
        "nothing usable stood in the environment before",
        "promote a version by its number",
    ),
    "never_stood": (
        "the version named has not stood in the environment before the present one",
        "promote it instead",
    ),
    "conflict": (
        "the model is not at the sequence number that the sender expected",
        "read the model again and decide anew",
    ),
    "unauthenticated": (
        "the token is missing, wrong or expired, or the registry is open and cannot check one",
        "send a valid token, or none to an open registry",
    ),
    "stream_broken": (
        "the model's history in the log is broken; nothing is decided for it",
        "see the [runbook](../runbooks/broken-stream.md)",
    ),
}

POISON = {
    "invalid": (
        "a field or an attribute breaks a rule; the message names the field and the rule",
        "correct it and send it under a new id",
    ),
    "malformed": (
        (
            "no UUID as `ce_id`, a header that is not UTF-8, a structured event that is not JSON,"
            " or a record that no client library can read, whose bytes then cannot be kept"
        ),
        "see [CloudEvents](cloudevents.md)",
    ),
    "unknown_type": ("`ce_type` is no command", "the message lists the commands"),
    "no_key": ("the record's key is not a `namespace/name`", "set the key"),
    "misrouted": (
        "the key does not hash to this partition",
        "partition by murmur2; librdkafka: `partitioner=murmur2_random`",
    ),
    "oversize": ("the value is longer than a command may be", "put large things into the artifact"),
}


def codes_in_source(root: Path) -> dict[str, str]:
    """Each code that the source raises, with a place that raises it."""
    found: dict[str, str] = {}
    for folder in SOURCES:
        for file in sorted((root / folder / "src").rglob("*.py")):
            for code, line in _codes(file):
                found[code] = f"{file.relative_to(root)}:{line}"
    return found


def _codes(file: Path) -> Iterator[tuple[str, int]]:
    for node in ast.walk(ast.parse(file.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            first = node.args[0] if node.args else None
            if node.func.id in RAISED_AS and isinstance(first, ast.Constant):
                yield str(first.value), node.lineno
