"""`rollbook rebuild`: views made again from the log, which then take over from the live ones."""

from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import output, replaying
from rollbook.cli.clusters import Clusters, Postgres, Schema, progress
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka

DropOld = Annotated[
    bool,
    Parameter(
        negative="", show_default=False, help="Remove SCHEMA_old, with the tables replaced so far."
    ),
]


def rebuild(
    *views: str,
    drop_old: DropOld = False,
    kafka: Kafka = None,
    postgres: Postgres = None,
    schema: Schema = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Make views again from the log beside the live ones, compare, and switch over.

    Commands and reads go on meanwhile, and a running projector goes on with the fresh tables.
    Those that they replaced stay in SCHEMA_old until they are dropped. A killed rebuild leaves the
    live tables as they were; run it again.

    ```console
    rollbook rebuild search        # one view; several can be named
    rollbook rebuild all
    rollbook rebuild --drop-old    # what the rebuilds before have replaced
    ```

    Exit codes: 0 done, and they were identical or new; 1 done, and they were different; 2 there is
    no such view; 3 another one is running; 4 unavailable.
    """
    clusters = Clusters.chosen(kafka, app, postgres, schema, folder)
    if not views:
        if not drop_old:
            raise Failure(Exit.USAGE, "name a view, several, or `all`", code="no_view")
        there = clusters.drop_old()
        output.say(f"{clusters.schema}_old is {'dropped' if there else 'not there'}")
        return Exit.DONE
    result = clusters.rebuild(views, progress())
    old = f"; the old tables stay in {clusters.schema}_old"
    if drop_old:
        clusters.drop_old()
        old = ""
    replaying.show(result, json=json, after=f"; the fresh tables serve now{old}")
    return Exit.DONE if result.identical else Exit.ERROR
