"""Rows as JSON: one of them, or a page."""

from functools import cache
from typing import Any

from fastapi import Response
from pydantic import TypeAdapter

from rollbook.query.reading import Page


@cache
def _adapter(shape: Any) -> TypeAdapter[Any]:
    return TypeAdapter(shape)


def answer(
    shape: Any, value: object, headers: dict[str, str] | None = None, *, status: int = 200
) -> Response:
    """`value`, which is a `shape`, as JSON."""
    return Response(_adapter(shape).dump_json(value), status, headers, "application/json")


def page(row: Any, rows: list[Any], next_: object = None) -> Response:
    """Rows, each a `row`, as a page; `next_` is what leads to the rows after them."""
    shape: Any = Page[row]
    made = shape.model_construct(items=rows, next=None if next_ is None else str(next_))
    return answer(shape, made)
