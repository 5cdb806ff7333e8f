"""`rollbook log`: the log as a whole, kept in a file, put back, cloned, and its digests."""

import asyncio
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from rollbook.cli import output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka, address

if TYPE_CHECKING:
    from rollbook.audit.manifest import Manifest
    from rollbook.cli.backlog import Kept, Restored
    from rollbook.eventlog.position import Position

AsOf = Annotated[
    str | None,
    Parameter(name="--as-of", help="Only what was there then: a time (RFC 3339) or 3:1042."),
]
Replication = Annotated[
    int,
    Parameter(
        env_var="ROLLBOOK_REPLICATION",
        validator=validators.Number(gte=1, lte=9),
        help="Copies of each new topic.",
    ),
]


def export(
    to: Annotated[Path, Parameter(help="The log: a new file NAME.tar, or a new folder.")],
    /,
    *,
    as_of: AsOf = None,
    checkpoints: Annotated[
        Path | None,
        Parameter(help="Folder that `audit checkpoint` writes to: they go with it, compared."),
    ] = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Keep the whole log in a compressed file, from which a registry can be made again.

    ```console
    rollbook log export log.tar
    rollbook log export then.tar --as-of 2026-03-01T09:00:00+01:00
    rollbook log export log.tar --checkpoints checkpoints/    # can be verified like a bundle
    ```

    Reads and writes go on meanwhile. What it prints last is the digest: it stands for every byte.
    Personal data is not in the log: `rollbook vault export` keeps it.
    """
    from rollbook.cli.auditshelf import Shelf  # noqa: PLC0415
    from rollbook.cli.keptlog import keep  # noqa: PLC0415
    from rollbook.cli.logcut import cut  # noqa: PLC0415

    if to.exists():
        raise bad(f"{to} is there already", "name another")
    at = _moment(as_of)
    place = address(kafka, app, folder)
    shelf = Shelf(checkpoints, place.app) if checkpoints else None

    async def kept() -> "Manifest":
        return await keep(place, await cut(place, at), to, as_of=as_of, shelf=shelf)

    made = asyncio.run(kept())
    if json:
        output.document({"file": str(to), **_about(made)})
    else:
        output.say(f"{sum(made.sizes):,} records in {output.plain(to)}, sha256:{made.digest}")
    return Exit.DONE


def import_(
    file: Annotated[Path, Parameter(help="What `log export` or `audit export` has written.")],
    /,
    *,
    kafka: Annotated[
        str | None,
        Parameter(help="host:port of a Kafka; if not named, one is started in the data folder."),
    ] = None,
    app: AppName = None,
    folder: Annotated[
        Path | None,
        Parameter(name="--folder", env_var="ROLLBOOK_DATA", help="Data folder for `rollbook up`."),
    ] = None,
    replication: Replication = 1,
    json: Json = False,
) -> Exit:
    """Put a kept log back where there is none: the same bytes at the same offsets.

    ```console
    rollbook log import log.tar --folder restored/    # then: rollbook up --folder restored/
    rollbook log import log.tar --kafka broker:9092 --app restored
    ```

    The file is verified before anything is written, and the log is read again at the end. Where a
    beginning of the same log stands already, it goes on behind it: after a break, or to bring a
    copy up to date that nobody has written to. Anything else is refused.

    Exit codes: 0 done, 2 no such file, 3 damaged, or the log there is another, 4 unavailable.
    """
    from rollbook.cli.backlog import Kept  # noqa: PLC0415

    kept = Kept.open(file)
    try:
        name = app or kept.manifest.app
        done = _put_back(kept, kafka, name, folder, replication)
    finally:
        kept.close()
    _tell(kept.manifest, done, name, as_json=json)
    return Exit.DONE


def clone(
    to: Annotated[Path, Parameter(help="Data folder to make, for `rollbook up --folder`.")],
    /,
    *,
    as_of: AsOf = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Make a second registry as the first one was at a moment, to try things out.

    ```console
    rollbook log clone then/ --as-of 2026-03-01T09:00:00+01:00
    rollbook up --folder then/ --port 9000
    ```

    The clone is a registry of its own from then on. It has all rules, grants and public keys of
    the first, and no personal data.
    """
    from rollbook.cli.backlog import Kept  # noqa: PLC0415
    from rollbook.cli.keptlog import keep  # noqa: PLC0415
    from rollbook.cli.logcut import cut  # noqa: PLC0415

    at = _moment(as_of)
    place = address(kafka, app, folder)
    if to.exists() and any(to.iterdir()):
        raise bad(f"{to} is there already", "name another")

    async def kept(passing: Path) -> "Manifest":
        return await keep(place, await cut(place, at), passing, as_of=as_of)

    with TemporaryDirectory(prefix=f".{to.name}-", dir=to.parent) as passing:
        copy = Path(passing) / "log"
        made = asyncio.run(kept(copy))
        done = _put_back(Kept.open(copy), None, place.app, to, 1)
    _tell(made, done, place.app, as_json=json)
    return Exit.DONE


def digest(
    *,
    as_of: AsOf = None,
    kafka: Kafka = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Say how many records each partition has, and the hash over all of them.

    ```console
    rollbook log digest
    rollbook log digest --as-of 3:1042 --json
    ```

    Two logs with the same hashes are the same, byte for byte. It is the root that checkpoints sign.
    """
    from rollbook.cli import auditlog  # noqa: PLC0415
    from rollbook.cli.logcut import cut  # noqa: PLC0415

    at = _moment(as_of)
    place = address(kafka, app, folder)

    async def found() -> tuple[dict[int, int], dict[int, bytes]]:
        sizes = await cut(place, at)
        return sizes, await auditlog.roots(place, sizes)

    sizes, roots = asyncio.run(found())
    rows = [(n, sizes[n], roots[n].hex()) for n in sorted(sizes)]
    if json:
        output.document(
            {"partitions": [dict(zip(("partition", "size", "root"), r, strict=True)) for r in rows]}
        )
    else:
        output.table(("#partition", "#records", "root"), [(n, f"{s:,}", r) for n, s, r in rows])
    return Exit.DONE


def _moment(text: str | None) -> "datetime | Position | None":
    from rollbook.cli.moments import moment  # noqa: PLC0415
    from rollbook.eventlog.position import Position  # noqa: PLC0415

    found = moment(text)
    if found is None or isinstance(found, datetime):
        return found
    try:
        return Position.parse(found)
    except ValueError as error:
        raise bad(str(error), "a whole log is cut at a time or at a position") from None


def _put_back(
    kept: "Kept", kafka: str | None, app: str, folder: Path | None, replication: int
) -> "Restored":
    from rollbook.cli.backlog import put_back  # noqa: PLC0415
    from rollbook.cli.place import Place  # noqa: PLC0415
    from rollbook.embedded import Kafka as Broker  # noqa: PLC0415
    from rollbook.embedded import StackError  # noqa: PLC0415
    from rollbook.embedded.installation import runtime  # noqa: PLC0415
    from rollbook.eventlog.topics import LogAddress  # noqa: PLC0415

    if kafka:
        return asyncio.run(put_back(kept, LogAddress(kafka, app), replication))
    final = Place.chosen(folder).folder
    fresh = not final.exists() or not any(final.iterdir())
    # Beside its final place and then renamed: nobody can start half of it.
    work = final.with_name(f"{final.name}.new") if fresh else final
    report = output.console(stderr=True).print
    with ExitStack() as stack:
        stack.enter_context(Place(work).owned())
        broker = Broker(work / "kafka", runtime, report=lambda line: report(output.plain(line)))
        try:
            broker.start()
            done = asyncio.run(put_back(kept, LogAddress(broker.address, app), 1))
        except StackError as error:
            raise Failure(Exit.UNAVAILABLE, str(error), code="storage") from error
        finally:
            broker.stop()
        if fresh:
            if final.exists():
                final.rmdir()
            work.rename(final)
    return done


def _tell(made: "Manifest", done: "Restored", app: str, *, as_json: bool) -> None:
    written = sum(done.written.values())
    if as_json:
        output.document({"written": written, **_about(made), "app": app})
        return
    there = sum(made.sizes) - written
    before = f", behind {there:,} that stood there" if there else ""
    output.say(f"[green]{written:,} records stand as they were[/]{before}; sha256:{made.digest}")
    if app != "rollbook":
        output.say(f"to start it: ROLLBOOK_APP={output.plain(app)}")


def _about(made: "Manifest") -> dict[str, object]:
    roots = [root.hex() for root in made.roots or ()]
    about = {"app": made.app, "made": made.made, "as_of": made.as_of, "digest": made.digest}
    return {**about, "sizes": list(made.sizes), "roots": roots}
