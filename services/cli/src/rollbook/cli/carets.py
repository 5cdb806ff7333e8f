"""Shows in a query where it cannot be read."""

from collections.abc import Iterator
from contextlib import contextmanager

from rollbook.cli.exits import Exit, Failure

INDENT = "  "
"""Before each line of advice."""
TEXTS = frozenset(("q", "text"))
"""What the registry calls a query; a column of something else is of no use here."""


@contextmanager
def pointed(query: str) -> Iterator[None]:
    """Turn what the registry says about a query into a failure that points at the column."""
    from rollbook.client import Invalid  # noqa: PLC0415

    try:
        yield
    except Invalid as error:
        wrong = {field.field for field in error.errors}
        if error.column is None or not query or not wrong <= TEXTS:
            raise
        raise Failure(
            Exit.USAGE,
            error.message,
            advice=f"{_line(query)}\n{INDENT}{_before(query, error.column)}^",
            code="invalid_query",
        ) from error


def _line(query: str) -> str:
    """The query on one line, each character where it was."""
    return "".join(" " if character.isspace() else character for character in query)


def _before(query: str, column: int) -> str:
    """White space as wide as what stands before the column."""
    from rich.cells import cell_len  # noqa: PLC0415  # which characters take two places

    return " " * cell_len(_line(query)[: column - 1])
