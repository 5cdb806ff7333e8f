"""The whole history of one stream, for somebody who may not see the others."""

from pathlib import Path
from typing import TYPE_CHECKING, TypedDict

from rollbook.cli import arguments, auditlog
from rollbook.cli.arguments import bad
from rollbook.cli.auditshelf import Shelf
from rollbook.cli.exits import Exit, Failure

if TYPE_CHECKING:
    from collections.abc import Mapping

    from rollbook.audit.checkpoint import Checkpoint
    from rollbook.audit.entry import Entry
    from rollbook.audit.heads import Head
    from rollbook.audit.note import SigningKey
    from rollbook.eventlog.topics import LogAddress


class Whole(TypedDict):
    """What was written."""

    stream: str
    events: int
    log: str
    size: int


async def whole(
    place: "LogAddress", shelf: Shelf, to: Path, model: str, keys: "list[SigningKey]"
) -> Whole:
    """Write the events of a model, or of a namespace, up to the newest checkpoint."""
    from rollbook.audit import wholeness  # noqa: PLC0415
    from rollbook.audit.history import History  # noqa: PLC0415
    from rollbook.audit.merkle import Tree  # noqa: PLC0415
    from rollbook.audit.routing import partition_for  # noqa: PLC0415

    partitions = len(await auditlog.ends(place))
    for stream in (arguments.key(model), model):  # a namespace has no slash, and may have none
        key = stream.encode()
        home = partition_for(key, partitions)
        newest = shelf.newest().get(home)
        if newest is None:
            continue
        tree, history, events = Tree(), History(home, partitions), list["Entry"]()
        async for _, entry in auditlog.entries(place, {home: newest.size}):
            tree.append(entry.leaf())
            for finding in history.follow(entry):
                raise Failure(Exit.REFUSED, f"the log is broken: {finding}", code="broken")
            if entry.key == key and entry.header("ce_prev") is not None:
                events.append(entry)
        if not events:
            continue
        shelf.compare(home, tree)
        note = _signed(shelf, newest, history.streams, partitions, keys)
        notes = {c: n for c, n in shelf.notes.items() if c.partition == home}
        lines = wholeness.written(key, events, tree, history.streams, notes, newest, note)
        passing = to.with_name(f".{to.name}.new")
        with passing.open("wb") as out:
            out.writelines(lines)
        passing.rename(to)
        return Whole(stream=stream, events=len(events), log=newest.origin, size=newest.size)
    raise bad(
        f"no event of {model} stands before the newest checkpoint",
        "make a checkpoint: rollbook audit checkpoint",
    )


def _signed(
    shelf: Shelf,
    newest: "Checkpoint",
    streams: "Mapping[bytes, Head]",
    partitions: int,
    keys: "list[SigningKey]",
) -> str:
    """The note of the streams' last events at the checkpoint; made and kept where it is missing."""
    from rollbook.audit.heads import Heads  # noqa: PLC0415
    from rollbook.audit.note import NoteError  # noqa: PLC0415

    made = Heads.at(newest, streams, partitions)
    if made.file_name not in shelf.heads:
        if not keys:
            raise bad(
                f"nobody has signed yet which events were the last ones at {newest.size} records",
                "sign it: --key FILE",
            )
        shelf.add_heads(made, keys)
    note = shelf.heads[made.file_name]
    try:
        found = Heads.open(note, shelf.keys)
    except NoteError as error:
        raise Failure(Exit.ERROR, f"{made.file_name}: {error}", code="checkpoints") from error
    if found != made:
        raise Failure(
            Exit.REFUSED,
            f"{made.file_name} was signed for other last events than the log has",
            advice="find out who signed it, or who rewrote the log",
            code="forked",
        )
    return note
