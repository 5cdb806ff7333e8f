"""Where a page ended: what `next` says, and `after` brings back."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import datetime
from math import isfinite
from typing import Final

from pydantic import TypeAdapter, ValidationError

from rollbook.readmodel.search.fields import Order

STRANGE: Final = "is not what `next` of a page said"


class InvalidCursorError(ValueError):
    """It is none that a page in this order gave."""


@dataclass(frozen=True, slots=True)
class Cursor:
    """The last row of a page, by what the rows are ordered by."""

    order: str
    value: float | str
    """A number, or a time in RFC 3339."""
    model: str
    version: int

    @property
    def moment(self) -> datetime:
        """The value as a time; `InvalidCursorError` where it is none."""
        try:
            return datetime.fromisoformat(str(self.value))
        except ValueError:
            raise InvalidCursorError(STRANGE) from None

    @property
    def number(self) -> float:
        """The value as a number; `InvalidCursorError` where it is none."""
        if isinstance(self.value, str) or not isfinite(self.value):
            raise InvalidCursorError(STRANGE)
        return self.value

    def __str__(self) -> str:
        return urlsafe_b64encode(_SHAPE.dump_json(self)).decode().rstrip("=")


_SHAPE = TypeAdapter(Cursor)


def read(text: str, order: Order) -> Cursor:
    """What a cursor says; `InvalidCursorError` where it belongs to no page in that order."""
    try:
        found = _SHAPE.validate_json(urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (ValidationError, ValueError):
        raise InvalidCursorError(STRANGE) from None
    if found.order != order.name:
        raise InvalidCursorError(f"belongs to a page in order of {found.order}")
    return found
