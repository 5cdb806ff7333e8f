"""The messages of the topic `rollbook.telemetry`: batches in columns, decoded and checked at once.

A producer numbers its batches, so that one which comes twice counts once. A column that is given
has a value for each row.
"""

from collections.abc import Iterator, Sized
from typing import Annotated, Final, TypeAlias

import msgspec
from msgspec import Meta

MOST_ROWS: Final = 10_000
"""Of one batch."""
LONGEST: Final = 1_000
"""Characters of an id, a unit, or a value that is a text."""
MOST_COLUMNS: Final = 1_000
"""Features, or values, of one batch."""
MOST_SERVED: Final = 10_000
"""Versions that one server says it serves."""

Model = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9-]{0,62}/[^/:\x00]{1,256}$")]
Name = Annotated[str, Meta(min_length=1, max_length=250, pattern=r"^[^\x00]*$")]
Text = Annotated[str, Meta(max_length=LONGEST)]
Number = Annotated[int, Meta(ge=1, le=2**31 - 1)]
Count = Annotated[int, Meta(ge=1, le=2**62)]
Moment = Annotated[int, Meta(ge=0, le=253_402_300_799_000)]
"""Milliseconds since 1970, before the year 10000."""
Environment = Annotated[str, Meta(pattern=r"^[a-z0-9][a-z0-9._-]{0,62}$")]
Value: TypeAlias = float | Text | None
Times = Annotated[list[Moment], Meta(min_length=1, max_length=MOST_ROWS)]
Features = Annotated[dict[Name, list[Value]], Meta(max_length=MOST_COLUMNS)]
Values = Annotated[dict[Name, list[float | None]], Meta(max_length=MOST_COLUMNS)]


class PredictionRows(msgspec.Struct, omit_defaults=True, forbid_unknown_fields=True):
    """What was predicted, a column each; all but `time` may be left out."""

    time: Times
    id: list[Text] | None = None
    """By which labels find it."""
    unit: list[Text] | None = None
    """Whom it was for: a user, an account."""
    latency: list[float | None] | None = None
    """Milliseconds."""
    error: list[Annotated[int, Meta(ge=0, le=1)]] | None = None
    prediction: list[Value] | None = None
    features: Features = {}
    values: Values = {}
    """Measures of the caller's own, such as clicks or what was earned."""


class Predictions(msgspec.Struct, tag="predictions", tag_field="kind", omit_defaults=True):
    """What one version answered."""

    model: Model
    environment: Environment
    version: Number
    source: Name
    """Of the process that sends it."""
    number: Count
    sent: Moment
    rows: PredictionRows
    rollout: Number | None = None
    step: Annotated[int, Meta(ge=0, le=32_000)] | None = None
    shadow: bool = False

    def columns(self) -> Iterator[tuple[str, Sized]]:
        """The columns that are given, but for `time`."""
        rows = self.rows
        for name in ("id", "unit", "latency", "error", "prediction"):
            if (column := getattr(rows, name)) is not None:
                yield name, column
        yield from rows.features.items()
        yield from rows.values.items()


class LabelRows(msgspec.Struct, forbid_unknown_fields=True):
    """What turned out to be true."""

    time: Times
    id: list[Text]
    label: list[float | Text]


class Labels(msgspec.Struct, tag="labels", tag_field="kind"):
    """The truth about predictions, however late."""

    model: Model
    source: Name
    number: Count
    sent: Moment
    rows: LabelRows

    def columns(self) -> Iterator[tuple[str, Sized]]:
        """The columns but for `time`."""
        yield "id", self.rows.id
        yield "label", self.rows.label


class Served(msgspec.Struct, frozen=True):
    """A version that a server has in use."""

    model: Model
    environment: Environment
    version: Annotated[int, Meta(ge=0, le=2**31 - 1)]
    """0 where the server does not know it."""
    digest: Annotated[str, Meta(max_length=100, pattern=r"^[^\x00]*$")]


class Presence(msgspec.Struct, tag="presence", tag_field="kind"):
    """All that one server has in use now."""

    source: Name
    sent: Moment
    target: Name
    serves: Annotated[list[Served], Meta(max_length=MOST_SERVED)]


Message: TypeAlias = Predictions | Labels | Presence


class Garbage(ValueError):
    """A record that is no message; the text says why."""


_DECODER: Final[msgspec.json.Decoder[Message]] = msgspec.json.Decoder(Message)


def decode(value: bytes | None) -> Message:
    """The message; `Garbage` when it is none, or its columns do not fit each other."""
    if value is None:
        raise Garbage("a record of telemetry has a value")
    try:
        message = _DECODER.decode(value)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Garbage(str(error)) from None
    if isinstance(message, Presence):
        return message
    rows = len(message.rows.time)
    for name, column in message.columns():
        if len(column) != rows:
            raise Garbage(f"column {name!r} has {len(column)} values for {rows} rows")
    return message


def encode(message: Message) -> bytes:
    """The message as it stands in the topic; a number that is not finite becomes null."""
    return msgspec.json.encode(message)
