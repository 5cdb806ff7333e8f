"""`rollbook serve`: a model server for what stands in an environment."""

import asyncio
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter, validators

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place


def serve(
    *models: Annotated[
        str, Parameter(help="Loaded before anybody asks: NAME, NAMESPACE.NAME, or patterns; all.")
    ],
    environment: Annotated[
        str,
        Parameter(name=("--environment", "-e"), env_var="ROLLBOOK_SERVING_ENVIRONMENT"),
    ] = "production",
    host: Annotated[str, Parameter(env_var="ROLLBOOK_SERVING_HOST")] = "127.0.0.1",
    port: Annotated[
        int,
        Parameter(
            env_var="ROLLBOOK_SERVING_PORT",
            validator=validators.Number(gte=0, lte=65_535),
            help="If taken, the next free one; 0 for any.",
        ),
    ] = 8091,
    folder: Annotated[
        Path | None,
        Parameter(env_var="ROLLBOOK_DATA", help="Data folder of a running `rollbook up`."),
    ] = None,
) -> Exit:
    """Serve the versions that stand in an environment, over the Open Inference Protocol.

    It follows what stands, and goes on with what it knew last while everything else is away: each
    version in a process of its own, the next one ready before the last one goes.

    ```console
    rollbook serve                                  # all that stands in production
    rollbook serve fraud team-a.churn -e staging
    ```

    A model is asked at `/v2/models/NAMESPACE.NAME/infer`. The server stands beside a `rollbook up`,
    or where ROLLBOOK_KAFKA and ROLLBOOK_ARTIFACTS say.

    Exit codes: 0 stopped by Ctrl-C or SIGTERM, 2 a setting is missing or wrong.
    """
    import uvloop  # noqa: PLC0415

    from rollbook.cli import output, ports, services, signals  # noqa: PLC0415
    from rollbook.cli.crew import Crashed, Crew  # noqa: PLC0415
    from rollbook.cli.racing import first  # noqa: PLC0415
    from rollbook.observability import process  # noqa: PLC0415

    told = _told(Place.chosen(folder))
    told |= {"serving_environment": environment, "host": host, "port": ports.from_(port)}
    told["serving_ahead"] = models or ("*",)

    async def run() -> None:
        service = services.serving(told)
        halt = asyncio.Event()
        signals.set_on_signal(halt)
        crew = Crew({"serving": service})
        try:
            await first(halt.wait(), crew.ready(), crew.crash())
            output.say(f"serves what stands in {environment}: {service.url}/v2")
            await first(halt.wait(), crew.crash())
        finally:
            await crew.stop()

    try:
        with process.prepared("serving"):
            uvloop.run(run())
    except Crashed as error:
        raise Failure(Exit.ERROR, str(error), code="crashed") from error
    return Exit.DONE


def _told(place: Place) -> dict[str, Any]:
    """What a `rollbook up` beside says; nothing where none runs, and the environment says it."""
    running = place.running()
    if running is None:
        return {}
    return {
        "kafka": running.kafka,
        "app": running.app,
        "artifacts": running.artifacts or None,
        "artifacts_archive": running.archive,
        "url": running.url,
        "serving_folders": (place.models,),
        "serving_folder": place.folder / "serving-alone",
    }
