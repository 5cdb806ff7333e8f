"""What is wrong with a query, and where."""


class InvalidQueryError(ValueError):
    """A query that cannot be read; `column` counts its characters from 1."""

    def __init__(self, column: int, message: str) -> None:
        super().__init__(f"column {column}: {message}")
        self.column = column
        self.message = message
