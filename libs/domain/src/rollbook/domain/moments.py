"""Moments and spans of time, as messages hold them: bounded, so that arithmetic cannot overflow."""

from datetime import UTC, datetime, timedelta
from typing import Annotated, Final, TypeAlias

from pydantic import AfterValidator, AwareDatetime, Field

LONGEST: Final = timedelta(days=36_500)
_FIRST: Final = datetime(1900, 1, 1, tzinfo=UTC)
_LAST: Final = datetime(3000, 1, 1, tzinfo=UTC)


def _moment(value: datetime) -> datetime:
    if not _FIRST <= value < _LAST:
        raise ValueError("must lie between the years 1900 and 3000")
    return value.astimezone(UTC)


Moment: TypeAlias = Annotated[AwareDatetime, AfterValidator(_moment)]
"""A moment that was given with its time zone; kept in UTC."""

Span: TypeAlias = Annotated[timedelta, Field(ge=timedelta(0), le=LONGEST)]
PositiveSpan: TypeAlias = Annotated[timedelta, Field(gt=timedelta(0), le=LONGEST)]
