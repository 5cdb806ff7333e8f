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
    """Train real models, let them serve live traffic, and see the loop close by itself.

    Registers, promotes and rolls back; a canary that wins and one that is taken back; drift, an
    alarm, a retraining and its candidate; and all of it replayed from the log. Starts the system as
    `rollbook up` does, with windows of seconds in place of minutes, or uses the one that runs in
    the data folder, and leaves drift out. The data set ships with scikit-learn. Afterwards the
    system stays up for you to look around; run it again, and more versions are there.

    ```console
    rollbook demo
    rollbook demo --exit
    ```
    """
    # Late, so that --help is quick.
    from rollbook.cli import loop  # noqa: PLC0415
    from rollbook.cli.place import Place  # noqa: PLC0415
    from rollbook.cli.screen import Screen  # noqa: PLC0415
    from rollbook.cli.story import Tale  # noqa: PLC0415
    from rollbook.cli.system import System  # noqa: PLC0415
    from rollbook.cli.trainee import Trainee  # noqa: PLC0415

    place, screen = Place.chosen(folder), Screen()
    with Trainee(place.models) as trainee:  # trains while everything starts
        tale = Tale(screen, trainee, place)
        if running := place.running():
            screen.say(f"Rollbook already runs here: {running.url}")
            tale.tell_beside(running)
            return Exit.DONE
        loop.quicken(place)
        system = System(place, screen, host=host, port=port, log_here=log)
        return system.run(tale.tell, leave=leave or os.environ.get("CI") == "true")
