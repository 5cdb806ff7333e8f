"""The generated page about questions: each one's name, parameters and columns."""

from pydantic import JsonValue

from rollbook.readmodel.questions.catalogue import QUESTIONS, SERVICE_LEVELS
from rollbook.readmodel.questions.description import Column, Description, Parameter, described
from tests.contracts.markdown import table

INTRODUCTION = """\
# Questions

Questions about all models, as of any moment: `rollbook ask NAME parameter=value`,
`Registry.ask("NAME", parameter=value)`, or `GET /api/v1/questions/NAME?parameter=value`. Each takes
`as_of` beside its own parameters: a time, a log position, or an event's id; over HTTP also
`limit`, `after` and `min_position`. Answers tell of the models that the caller may see.
[How to ask the registry](../how-to/ask-the-registry.md) shows them at work."""

LEVELS = """\
## Service levels

`rollbook slo` asks all ten. Their time ends at `as_of`. What the log cannot tell has the state
`no data` and a reason, never a number that was made up."""


def questions_page() -> str:
    """The page as Markdown."""
    levels = [described(question) for question in SERVICE_LEVELS]
    others = [described(q) for q in QUESTIONS.values() if q not in SERVICE_LEVELS]
    rows = [[f"`{level.question}`", level.meaning] for level in levels]
    return "\n\n".join(
        (
            INTRODUCTION,
            *map(_question, others),
            LEVELS,
            table(["question", "means"], rows),
            _parameters(levels[0].parameters),
            _columns(levels[0].columns),
        )
    )


def _question(told: Description) -> str:
    parts = (f"## {told.question}", told.meaning, _parameters(told.parameters))
    return "\n\n".join((*parts, _columns(told.columns)))


def _parameters(of: tuple[Parameter, ...]) -> str:
    rows = [[f"`{one.name}`", one.type, _default(one), one.means] for one in of]
    return table(["parameter", "type", "default", "means"], rows)


def _default(of: Parameter) -> str:
    return "needed" if of.required else _said(of.default)


def _said(value: JsonValue) -> str:
    return "none" if value is None else f"`{value}`"


def _columns(of: tuple[Column, ...]) -> str:
    return table(
        ["column", "type", "tells"], [[f"`{one.name}`", one.type, one.means] for one in of]
    )
