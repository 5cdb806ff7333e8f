"""Where the log and the tables stand, and making tables from the log there."""

import asyncio
from collections.abc import Callable, Coroutine, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, TypeVar

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place, Running

if TYPE_CHECKING:
    from rollbook.projector.replay import Replayed

Made = TypeVar("Made")
Report = Callable[[str], None]

ALL = "all"

Postgres = Annotated[
    str | None,
    Parameter(
        env_var="ROLLBOOK_POSTGRES",
        help="DSN of the tables; if not named, that of the `rollbook up` in the data folder.",
    ),
]
Schema = Annotated[str | None, Parameter(env_var="ROLLBOOK_SCHEMA", help="Where the tables stand.")]


def progress() -> Report:
    """Lines for a person who waits."""
    say = output.console(stderr=True).print
    return lambda line: say(f"[dim]{output.plain(line)}[/]")


@dataclass(frozen=True, slots=True)
class Clusters:
    """Where the log and the tables made from it stand."""

    kafka: str
    app: str
    postgres: str
    schema: str

    @classmethod
    def chosen(
        cls,
        kafka: str | None,
        app: str | None,
        postgres: str | None,
        schema: str | None,
        folder: Path | None,
    ) -> "Clusters":
        """Those that are named, else those of the `rollbook up` in the data folder."""
        place = Place.chosen(folder)
        running = place.running()
        broker = kafka or (running.kafka if running else None)
        dsn = postgres or (running.postgres if running else None)
        if not dsn or not broker:
            missing = "ROLLBOOK_KAFKA" if not broker else "ROLLBOOK_POSTGRES"
            raise Failure(
                Exit.UNAVAILABLE,
                f"{missing} is not set, and nothing runs in {place.folder}",
                advice="start `rollbook up`, or name both clusters",
                code="unavailable",
            )
        return cls(
            broker,
            app or (running.app if running else "rollbook"),
            dsn,
            schema or (running.schema if running else "rollbook"),
        )

    @classmethod
    def of(cls, running: Running) -> "Clusters":
        """Those of a `rollbook up`."""
        return cls(running.kafka, running.app, running.postgres, running.schema)

    def replay(self, report: Report) -> "Replayed":
        """Make all tables and compare; Failure where that cannot be done."""
        from rollbook.eventlog.topics import LogAddress  # noqa: PLC0415
        from rollbook.projector import replay  # noqa: PLC0415

        log = LogAddress(self.kafka, self.app)
        return _run(replay.replay(log, self.postgres, self.schema, report=report))

    def rebuild(self, views: Sequence[str], report: Report) -> "Replayed":
        """Make views, or `all`, and switch over; Failure where that cannot be done."""
        from rollbook.eventlog.topics import LogAddress  # noqa: PLC0415
        from rollbook.projector import replay  # noqa: PLC0415
        from rollbook.readmodel.changes import EVERY  # noqa: PLC0415

        log = LogAddress(self.kafka, self.app)
        wanted = EVERY if ALL in views else frozenset(views)
        return _run(replay.rebuild(log, self.postgres, self.schema, wanted, report=report))

    def unbuilt(self) -> list[str]:
        """The views that wait to be made."""
        from rollbook.projector import replay  # noqa: PLC0415

        return sorted(_run(replay.waiting(self.postgres, self.schema)))

    def drop_old(self) -> bool:
        """Remove what was replaced, and say whether it was there."""
        from rollbook.projector import replay  # noqa: PLC0415

        return _run(replay.drop_old(self.postgres, self.schema))


def _run(work: Coroutine[Any, Any, Made]) -> Made:
    from rollbook.eventlog.log import Unavailable  # noqa: PLC0415
    from rollbook.projector.beside import MustPark  # noqa: PLC0415
    from rollbook.projector.replay import ReplayRunning, UnknownView  # noqa: PLC0415
    from rollbook.projector.switching import ReadsHold  # noqa: PLC0415
    from rollbook.readmodel.database import DOWN  # noqa: PLC0415

    try:
        return asyncio.run(work)
    except UnknownView as error:
        raise Failure(Exit.USAGE, str(error), code="unknown_view") from error
    except ReplayRunning as error:
        raise Failure(Exit.REFUSED, str(error), code="replay_running") from error
    except MustPark as error:
        raise Failure(
            Exit.REFUSED, str(error), advice="`rollbook rebuild all`", code="must_park"
        ) from error
    except (ReadsHold, Unavailable, *DOWN) as error:
        raise Failure(
            Exit.UNAVAILABLE,
            f"cannot replay: {error!r}",
            advice="are Kafka and Postgres there? nothing was switched",
            code="unavailable",
        ) from error
