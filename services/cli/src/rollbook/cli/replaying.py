"""`rollbook replay`: every table made again from the log beside the live ones, and compared."""

from typing import TYPE_CHECKING

from rollbook.cli import output
from rollbook.cli.clusters import Clusters, Postgres, Schema, progress
from rollbook.cli.exits import Exit
from rollbook.cli.sentences import short
from rollbook.cli.tailing import AppName, DataFolder, Json, Kafka

if TYPE_CHECKING:
    from rollbook.projector.replay import Replayed


def replay(
    *,
    kafka: Kafka = None,
    postgres: Postgres = None,
    schema: Schema = None,
    app: AppName = None,
    folder: DataFolder = None,
    json: Json = False,
) -> Exit:
    """Make every table again from the log, compare it with the one that serves, and drop it.

    The log is the truth and the tables are made from it: this proves it, and counts the rows of
    the history against the records of the log. Commands and reads go on meanwhile. What differs,
    `rollbook rebuild` puts right.

    ```console
    rollbook replay           # digests side by side
    rollbook replay --json
    ```

    Exit codes: 0 identical, 1 different, 3 another one is running, 4 unavailable.
    """
    clusters = Clusters.chosen(kafka, app, postgres, schema, folder)
    result = clusters.replay(progress())
    show(result, json=json)
    return Exit.DONE if result.identical else Exit.ERROR


def show(result: "Replayed", *, json: bool, after: str = "") -> None:
    """Write what was found, for a program or a person; `after` says what was done about it."""
    if json:
        output.document(
            {
                "identical": result.identical,
                "different": result.different,
                "unbuilt": result.unbuilt,
                "miscounted": result.miscounted,
                "records": result.records,
                "seconds": round(result.seconds, 3),
                "places": result.places,
                "live": result.live,
                "fresh": result.fresh,
                "partitions": {
                    number: {
                        "records": tally.records,
                        "claims": tally.claims,
                        "ignored": tally.ignored,
                        "parked": tally.parked,
                        "history": result.rows.get(number, 0) if result.rows else None,
                    }
                    for number, tally in sorted(result.tallies.items())
                },
            }
        )
    else:
        compare(result, after)


def compare(result: "Replayed", after: str = "") -> None:
    """Write the digests side by side, and what the records of the log have become."""
    output.table(
        ("table", "as it stood", "made from the log", ""),
        [
            (
                table,
                short(f"sha256:{result.live[table]}") if table in result.live else "",
                short(f"sha256:{digest}"),
                _said(result.live.get(table), digest),
            )
            for table, digest in result.fresh.items()
        ],
    )
    if result.rows is not None:
        _count(result, result.rows)
    found = "every table is identical" if result.identical else "not what the log says"
    colour = "green" if result.identical else "red"
    done = f"{result.records:,} records replayed in {result.seconds:.2f} s"
    output.say(f"[{colour}]{done}: {found}[/]{after}")


def _said(live: str | None, fresh: str) -> str:
    if live is None:
        return "new"
    return "identical" if live == fresh else "DIFFERENT"


def _count(result: "Replayed", rows: dict[int, int]) -> None:
    tallies = result.tallies.values()
    parts = (
        (sum(rows.values()), "in the history"),
        (sum(tally.claims for tally in tallies), "claims of writers"),
        (sum(tally.parked for tally in tallies), "parked"),
        (sum(tally.ignored for tally in tallies), "ignored"),
    )
    counted = " + ".join(f"{number:,} {what}" for number, what in parts if number)
    if result.miscounted:
        output.say(f"[red]partitions {result.miscounted}: rows do not add up: {counted}[/]")
    else:
        output.say(f"{result.records:,} records = {counted}")
