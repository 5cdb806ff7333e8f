"""`rollbook demo`: the whole system, and a true story told on it."""

import os
from typing import Annotated

from cyclopts import Parameter

from rollbook.cli.exits import Exit
from rollbook.cli.up import Data, Host, LogHere, Port


def demo(
    *,
    leave: Annotated[
        bool,
        Parameter(
            name="--exit",
            negative="",
            show_default=False,
            help="Stop everything when the story is told; CI=true means the same.",
        ),
    ] = False,
    folder: Data = None,
    host: Host = "127.0.0.1",
    port: Port = 8080,
    log: LogHere = False,
) -> Exit:
    """Train two real models, register, promote and roll back, and replay it all from the log.

    Starts the system as `rollbook up` does, or uses the one that runs in the data folder. The data
    set ships with scikit-learn. Afterwards the system stays up for you to look around; run it
    again, and two more versions are there.

    ```console
    rollbook demo
    rollbook demo --exit
    ```
    """
    # Late, so that --help is quick.
    from rollbook.cli.place import Place  # noqa: PLC0415
    from rollbook.cli.screen import Screen  # noqa: PLC0415
    from rollbook.cli.story import Tale  # noqa: PLC0415
    from rollbook.cli.system import System  # noqa: PLC0415
    from rollbook.cli.trainee import Trainee  # noqa: PLC0415

    place, screen = Place.chosen(folder), Screen()
    with Trainee(place.models) as trainee:  # trains while everything starts
        tale = Tale(screen, trainee)
        if running := place.running():
            screen.say(f"Rollbook already runs here: {running.url}")
            tale.tell(running)
            return Exit.DONE
        system = System(place, screen, host=host, port=port, log_here=log)
        return system.run(tale.tell, leave=leave or os.environ.get("CI") == "true")
