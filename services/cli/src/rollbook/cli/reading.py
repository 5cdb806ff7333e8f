"""Documents that people hand in as files: YAML or JSON, with the line of what is wrong."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from rollbook.cli.arguments import bad
from rollbook.cli.exits import Failure

if TYPE_CHECKING:
    from pydantic import BaseModel

    from rollbook.cards.problems import Unreadable

    Shape = TypeVar("Shape", bound=BaseModel)


def text_of(file: Path) -> str:
    """What stands in the file; `-` is standard input."""
    try:
        return sys.stdin.read() if str(file) == "-" else file.read_text()
    except OSError as error:
        raise bad(f"cannot read {file}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise bad(f"cannot read {file}: it is no UTF-8 text") from error


def document(file: Path, shape: "type[Shape]") -> "Shape":
    """The YAML or JSON in the file as a `shape`; Failure names each line that breaks a rule."""
    from pydantic import ValidationError  # noqa: PLC0415

    from rollbook.cards import plain  # noqa: PLC0415
    from rollbook.cards.problems import Unreadable, problems_of  # noqa: PLC0415

    try:
        found = plain.read(text_of(file))
        try:
            return shape.model_validate({} if found.value is None else found.value)
        except ValidationError as error:
            raise problems_of(error, found.line, shape.model_fields) from None
    except Unreadable as error:
        raise unreadable(file, error) from None


def unreadable(file: Path, error: "Unreadable") -> Failure:
    """What is wrong with the file, line by line."""
    said = "\n".join(f"  {file}: {problem}" for problem in error.problems)
    return bad(f"{file} cannot be taken as it is:\n{said}")
