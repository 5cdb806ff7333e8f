"""`rollbook up`: everything in one process, or one service alone."""

import asyncio
from pathlib import Path
from typing import Annotated, Literal

from cyclopts import Parameter, validators

from rollbook.cli.exits import Exit, Failure

Data = Annotated[
    Path | None,
    Parameter(
        name="--folder",
        env_var="ROLLBOOK_DATA",
        help="Folder that keeps everything; .data under the current directory if not named.",
    ),
]
Port = Annotated[
    int,
    Parameter(
        env_var="ROLLBOOK_PORT",
        validator=validators.Number(gte=0, lte=65_535),
        help="For HTTP; if taken, the next free one; 0 for any.",
    ),
]
Host = Annotated[str, Parameter(env_var="ROLLBOOK_HOST", help="Address to listen on for HTTP.")]
LogHere = Annotated[
    bool,
    Parameter(
        negative="", show_default=False, help="Log lines to standard error, also on a terminal."
    ),
]


def up(
    *,
    service: Annotated[
        Literal[
            "command",
            "projector",
            "query",
            "monitor",
            "deployer",
            "auditor",
            "validator",
            "retrain",
            "notifier",
            "serving",
        ]
        | None,
        Parameter(help="Run only this one, on the clusters that the environment names."),
    ] = None,
    folder: Data = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    log: LogHere = False,
) -> Exit:
    """Start the whole system and stay up until Ctrl-C.

    Without anything else installed: a real Kafka and a real Postgres are started below the data
    folder, and all services in this process. What was registered is there again the next time.

    ```console
    rollbook up                                  # everything, data in ./.data
    rollbook up --folder ~/registry --port 9000
    ROLLBOOK_KAFKA=broker:9092 ROLLBOOK_POSTGRES=postgresql://user:password@host/db rollbook up
    ROLLBOOK_KAFKA=broker:9092 rollbook up --service command
    ```

    Exit codes: 0 stopped by Ctrl-C or SIGTERM, 1 a service crashed, 2 a setting is missing or
    wrong, 4 Kafka or Postgres cannot run, 130 stopped before it was up.
    """
    if service is not None:
        return _alone(service, host, port)
    # Late, so that --help is quick.
    from rollbook.cli.place import Place  # noqa: PLC0415
    from rollbook.cli.screen import Screen  # noqa: PLC0415
    from rollbook.cli.system import System  # noqa: PLC0415

    system = System(Place.chosen(folder), Screen(), host=host, port=port, log_here=log)
    return system.run()


def _alone(name: str, host: str, port: int) -> Exit:
    import uvloop  # noqa: PLC0415

    from rollbook.cli import services, signals  # noqa: PLC0415
    from rollbook.cli.crew import Crashed, Crew  # noqa: PLC0415
    from rollbook.cli.racing import first  # noqa: PLC0415
    from rollbook.observability import process  # noqa: PLC0415

    service = services.alone(name, host, port)

    async def serve() -> None:
        halt = asyncio.Event()
        signals.set_on_signal(halt)
        crew = Crew({name: service})
        try:
            await first(halt.wait(), crew.crash())
        finally:
            await crew.stop()

    try:
        with process.prepared(name):
            uvloop.run(serve())
    except Crashed as error:
        raise Failure(Exit.ERROR, str(error), code="crashed") from error
    return Exit.DONE
