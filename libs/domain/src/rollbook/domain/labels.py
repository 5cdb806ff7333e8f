"""Semantic versions whose parts mean something for models: MAJOR.MINOR.PATCH."""

from typing import Literal, TypeAlias

from rollbook.domain.state import Model

Change: TypeAlias = Literal["architecture", "retraining", "tweak"]
"""MAJOR: new architecture or features; MINOR: new data; PATCH: anything smaller."""


def label_after(state: Model, change: Change) -> str:
    """The label of a version that differs by `change` from the last labelled one."""
    if state.last_label is None:
        return "1.0.0"
    major, minor, patch = map(int, state.last_label.split("."))
    match change:
        case "architecture":
            return f"{major + 1}.0.0"
        case "retraining":
            return f"{major}.{minor + 1}.0"
        case "tweak":
            return f"{major}.{minor}.{patch + 1}"
