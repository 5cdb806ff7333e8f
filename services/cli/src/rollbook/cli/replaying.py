"""`rollbook replay`: every table made again from the log, compared, and put in place."""

import asyncio
from collections.abc import Callable
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place
from rollbook.cli.sentences import short
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka

if TYPE_CHECKING:
    from rollbook.projector.replay import Replayed


def replay(
    *,
    switch: Annotated[
        bool, Parameter(negative="--no-switch", help="Let the fresh tables take over.")
    ] = True,
    keep: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Keep the old ones as SCHEMA_old."),
    ] = False,
    kafka: Kafka = None,
    postgres: Annotated[
        str | None,
        Parameter(
            env_var="ROLLBOOK_POSTGRES",
            help="DSN of the tables; if not named, that of the `rollbook up` in the data folder.",
        ),
    ] = None,
    schema: Annotated[
        str | None, Parameter(env_var="ROLLBOOK_SCHEMA", help="Where the tables stand.")
    ] = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Make every table again from the log into an empty schema, compare, and switch over.

    The log is the truth and the tables are made from it: this proves it. Commands and reads go on
    meanwhile.

    ```console
    rollbook replay                # digests side by side; then the fresh tables take over
    rollbook replay --no-switch    # only compare
    ```

    Exit codes: 0 identical, 1 they were different (with --no-switch they still are), 4 unavailable.
    """
    place = Place.chosen(folder)
    running = place.running()
    dsn = postgres or (running.postgres if running else None)
    broker = kafka or (running.kafka if running else None)
    if not dsn or not broker:
        missing = "ROLLBOOK_KAFKA" if not broker else "ROLLBOOK_POSTGRES"
        raise Failure(
            Exit.UNAVAILABLE,
            f"{missing} is not set, and nothing runs in {place.folder}",
            advice="start `rollbook up`, or name both clusters",
            code="unavailable",
        )
    report = output.console(stderr=True).print
    result = rebuild(
        broker,
        app or (running.app if running else "rollbook"),
        dsn,
        schema or (running.schema if running else "rollbook"),
        switch=switch,
        keep=keep,
        report=lambda line: report(f"[dim]{output.plain(line)}[/]"),
    )
    if json:
        output.document(
            {
                "identical": result.identical,
                "different": result.different,
                "records": result.records,
                "seconds": round(result.seconds, 3),
                "switched": result.switched,
                "places": result.places,
                "live": result.live,
                "fresh": result.fresh,
            }
        )
    else:
        compare(result)
    return Exit.DONE if result.identical else Exit.ERROR


def rebuild(
    kafka: str,
    app: str,
    dsn: str,
    schema: str,
    *,
    switch: bool,
    keep: bool,
    report: Callable[[str], None],
) -> "Replayed":
    """Replay; Failure where that cannot be done."""
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415
    from rollbook.eventlog.topics import LogAddress  # noqa: PLC0415
    from rollbook.projector.replay import ReplayRunning, replay  # noqa: PLC0415
    from rollbook.readmodel.database import DOWN  # noqa: PLC0415

    log = LogAddress(kafka, app)
    try:
        return asyncio.run(replay(log, dsn, schema, report=report, switch=switch, keep=keep))
    except ReplayRunning as error:
        raise Failure(Exit.REFUSED, str(error), code="replay_running") from error
    except (Unavailable, *DOWN) as error:
        raise Failure(
            Exit.UNAVAILABLE,
            f"cannot replay: {error!r}",
            advice="are Kafka and Postgres there? nothing was switched",
            code="unavailable",
        ) from error


def compare(result: "Replayed") -> None:
    """Write the digests side by side."""
    output.table(
        ("table", "as it stood", "made from the log", ""),
        [
            (
                table,
                short(f"sha256:{result.live[table]}"),
                short(f"sha256:{digest}"),
                "identical" if result.live[table] == digest else "DIFFERENT",
            )
            for table, digest in result.fresh.items()
        ],
    )
    found = "every table is identical" if result.identical else "not what the log says"
    after = "; the fresh tables serve now" if result.switched else "; nothing was switched"
    colour = "green" if result.identical else "red"
    done = f"{result.records:,} records replayed in {result.seconds:.2f} s"
    output.say(f"[{colour}]{done}: {found}[/]{after}")
