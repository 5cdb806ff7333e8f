"""What every answer of the registry has in common: a plain, immutable value made of JSON."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from typing import Any, Self

_MOMENTS = (datetime, datetime | None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """Fields that are newer than this SDK are left out."""

    @classmethod
    def of(cls, body: Mapping[str, Any]) -> Self:
        """The result that a JSON object stands for."""
        read: dict[str, Any] = {}
        for known in fields(cls):
            if known.name not in body:
                continue
            value = body[known.name]
            if value is not None and known.type in _MOMENTS:
                value = datetime.fromisoformat(value)
            elif isinstance(value, list):
                value = tuple(value)
            read[known.name] = value
        return cls(**read)
