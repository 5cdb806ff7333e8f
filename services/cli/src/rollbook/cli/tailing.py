"""`rollbook tail`: the log itself, straight from Kafka."""

import asyncio
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli.arguments import bad, key
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.output import line, plain, say
from rollbook.cli.place import Place
from rollbook.cli.sentences import clock, sentence

if TYPE_CHECKING:
    from rollbook.eventlog.envelope import EventEnvelope
    from rollbook.eventlog.reader import EventReader
    from rollbook.eventlog.topics import LogAddress

QUIET = 5.0
"""Seconds without a record, although more must come, after which reading is given up."""

Kafka = Annotated[
    str | None,
    Parameter(
        name="--kafka",
        env_var="ROLLBOOK_KAFKA",
        help="host:port of Kafka; if not named, that of the `rollbook up` in the data folder.",
    ),
]
AppName = Annotated[
    str | None, Parameter(name="--app", env_var="ROLLBOOK_APP", help="Prefix of the topics.")
]
DataFolder = Annotated[
    Path | None,
    Parameter(name="--folder", env_var="ROLLBOOK_DATA", help="Folder of a `rollbook up`."),
]

Json = Annotated[
    bool,
    Parameter(name="--json", negative="", show_default=False, help="One JSON document."),
]


def address(kafka: str | None, app: str | None, folder: Path | None) -> "LogAddress":
    """Where the log is; Failure when nobody says."""
    from rollbook.eventlog.topics import LogAddress  # noqa: PLC0415

    if kafka:
        return LogAddress(kafka, app or "rollbook")
    place = Place.chosen(folder)
    running = place.running()
    if running is None:
        raise Failure(
            Exit.UNAVAILABLE,
            f"no Kafka is known: ROLLBOOK_KAFKA is not set, and nothing runs in {place.folder}",
            advice="start `rollbook up`, or name it: ROLLBOOK_KAFKA=host:port",
            code="unavailable",
        )
    return LogAddress(running.kafka, app or running.app)


def tail(
    *,
    follow: Annotated[
        bool,
        Parameter(
            name=("--follow", "-f"),
            negative="",
            show_default=False,
            help="Wait for more, until Ctrl-C.",
        ),
    ] = False,
    begin: Annotated[
        list[str] | None,
        Parameter(
            name="--from",
            negative="",
            help="`start`, or the position PARTITION:OFFSET to begin at; may be repeated, one for"
            " each partition, and other partitions show only what is new.",
        ),
    ] = None,
    last: Annotated[int, Parameter(help="How many records back, where --from is not given.")] = 20,
    model: Annotated[str | None, Parameter(help="Only records of this model.")] = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Annotated[
        bool, Parameter(negative="", show_default=False, help="One JSON object per line.")
    ] = False,
) -> Exit:
    """Show the log: every outcome of every command, in order, as it stands in Kafka.

    ```console
    rollbook tail                        # the last 20 records
    rollbook tail --follow               # and what comes
    rollbook tail --from start --json    # everything, one JSON object per line
    rollbook tail --from 3:1042 --model churn
    ```

    A record of a writer whose claim had ended is left out, as every reader leaves it out.
    """
    wanted = key(model) if model else None
    starts = _starts(begin or [])
    if last < 0:
        raise bad("--last must be 0 or more")
    place = address(kafka, app, folder)
    try:
        asyncio.run(_show(place, starts, last, wanted, follow, json))
    except KeyboardInterrupt:
        return Exit.DONE
    return Exit.DONE


def _starts(texts: list[str]) -> dict[int, int] | None:
    """By partition; empty for the very start, None where nothing was said."""
    from rollbook.eventlog.position import Position  # noqa: PLC0415

    if not texts:
        return None
    if "start" in texts:
        return {}
    try:
        return dict(Position.parse(text) for text in texts)
    except ValueError as error:
        raise bad(str(error), "for example: --from 3:1042, or --from start") from None


async def _show(
    place: "LogAddress",
    starts: dict[int, int] | None,
    last: int,
    model: str | None,
    follow: bool,
    as_json: bool,
) -> None:
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415
    from rollbook.eventlog.reader import EventReader  # noqa: PLC0415

    try:
        async with EventReader(place) as looking:
            await looking.start({})
            ends = await looking.ends()
        begins = _begins(starts, last, ends)
        async with EventReader(place) as reader:
            await reader.start(begins)
            found = [e async for e in _until(reader, begins, ends)]
            found.sort(key=lambda e: (e.time, e.position))
            if starts is None:
                found = found[max(0, len(found) - last) :]
            for envelope in found:
                _write(envelope, model, as_json)
            claims: dict[int, int] = {}
            while follow:
                for envelope in await _take(reader, claims):
                    _write(envelope, model, as_json)
    except Unavailable as error:
        raise Failure(
            Exit.UNAVAILABLE,
            f"the log at {place.kafka} cannot be read: {error}",
            advice="is it running? start `rollbook up`, or name another: ROLLBOOK_KAFKA=host:port",
            code="unavailable",
        ) from error


def _begins(starts: dict[int, int] | None, last: int, ends: dict[int, int]) -> dict[int, int]:
    if starts is None:
        return {number: max(0, end - last) for number, end in ends.items()}
    if not starts:
        return dict.fromkeys(ends, 0)
    if unknown := starts.keys() - ends.keys():
        raise bad(f"there is no partition {min(unknown)}: the log has {len(ends)}, from 0")
    return ends | {number: min(offset, ends[number]) for number, offset in starts.items()}


async def _until(
    reader: "EventReader", begins: dict[int, int], ends: dict[int, int]
) -> "AsyncIterator[EventEnvelope]":
    """Everything that stands between two sets of offsets; `Unavailable` when it does not come."""
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415

    claims: dict[int, int] = {}
    behind = {number: begins[number] for number, end in ends.items() if begins[number] < end}
    heard = time.monotonic()
    while behind:
        for envelope in await _take(reader, claims):
            if envelope.position.offset < ends[envelope.position.partition]:
                yield envelope
        now = {number: await reader.position(number) for number in behind}
        if now != behind:
            heard = time.monotonic()
        elif time.monotonic() - heard > QUIET:
            raise Unavailable(f"nothing comes at {', '.join(f'{n}:{o}' for n, o in now.items())}")
        behind = {number: offset for number, offset in now.items() if offset < ends[number]}


async def _take(reader: "EventReader", claims: dict[int, int]) -> "list[EventEnvelope]":
    from rollbook.eventlog.records import decode_event  # noqa: PLC0415

    found = []
    for partition, records in (await reader.take()).items():
        for record in records:
            envelope = decode_event(record, partition)
            if envelope.claim >= claims.get(partition, -1):
                claims[partition] = envelope.claim
                found.append(envelope)
    return found


def _write(envelope: "EventEnvelope", model: str | None, as_json: bool) -> None:
    from rollbook.eventlog.records import as_json as shaped  # noqa: PLC0415

    if model is not None and envelope.model != model:
        return
    record = shaped(envelope)
    if as_json:
        line(record)
        return
    where = f"{record['model'] or '-'} #{record['seq']}" if envelope.seq else record["model"] or "-"
    said = plain(sentence(record["type"], record["data"]))
    who = f"  [dim]by {plain(envelope.actor)}[/]" if envelope.actor else ""
    when = f"[dim]{clock(envelope.time)}  {record['position']:>8}[/]"
    say(f"{when}  [bold]{plain(where)}[/]  {said}{who}")
