"""The catalogue of questions in words: what each takes and answers with, read from its types."""

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import JsonValue

from rollbook.readmodel.questions.question import Question, Shape


class Parameter(Shape):
    """What a question takes."""

    name: str
    type: str
    means: str
    required: bool
    default: JsonValue = None


class Column(Shape):
    """What a row of an answer tells."""

    name: str
    type: str
    means: str


class Description(Shape):
    """A question with a name."""

    question: str
    """Its name."""
    meaning: str
    parameters: tuple[Parameter, ...]
    columns: tuple[Column, ...]


def described(question: Question[Any, Any]) -> Description:
    """What somebody must know to ask it."""
    parameters = question.parameters.model_json_schema()
    required = parameters.get("required", [])
    return Description(
        question=question.name,
        meaning=question.meaning,
        parameters=tuple(
            Parameter(
                name=name,
                type=_type(schema),
                means=schema.get("description", ""),
                required=name in required,
                default=schema.get("default"),
            )
            for name, schema in _fields(parameters)
        ),
        columns=columns(question),
    )


def columns(question: Question[Any, Any]) -> tuple[Column, ...]:
    """The columns of its answer, in order."""
    schema = question.row.model_json_schema(mode="serialization")
    return tuple(
        Column(name=name, type=_type(part), means=part.get("description", ""))
        for name, part in _fields(schema)
    )


def _fields(schema: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    fields: Mapping[str, Mapping[str, Any]] = schema["properties"]
    yield from fields.items()


def _type(schema: Mapping[str, Any]) -> str:
    match schema:
        case {"anyOf": list(choices)}:
            return " or ".join(_type(choice) for choice in choices)
        case {"enum": list(values)}:
            return " or ".join(f"`{value}`" for value in values)
        case {"type": "string", "format": "date-time"}:
            return "time"
        case {"type": "string"}:
            return "text"
        case {"type": "array", "items": Mapping() as items}:
            return f"list of {_type(items)}"
        case {"type": "array"}:
            return "list"
        case {"type": str(kind)}:
            return kind
        case _:
            return "any"
