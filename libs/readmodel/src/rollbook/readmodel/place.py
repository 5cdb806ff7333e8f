"""A position of the log as the rows carry it: written `3:1042` in JSON."""

from typing import Annotated, TypeAlias

from pydantic import PlainSerializer

from rollbook.eventlog.position import Position

At: TypeAlias = Annotated[Position, PlainSerializer(str, return_type=str)]
