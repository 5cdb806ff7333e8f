"""What `rollbook up` makes by itself: views that a new release has brought to an old record."""

from rollbook.cli.clusters import Clusters
from rollbook.cli.exits import Failure
from rollbook.cli.output import plain
from rollbook.cli.place import Running
from rollbook.cli.screen import Screen


def fill(running: Running, screen: Screen) -> None:
    """Make the views that are not made yet, while everything else goes on."""
    clusters = Clusters.of(running)
    try:
        views = clusters.unbuilt()
        if not views:
            return
        named = " ".join(views)
        screen.say(f"\nnew in this release, made from the log now: [bold]{named}[/]")
        found = clusters.rebuild(views, lambda line: screen.say(f"[dim]  {plain(line)}[/]"))
        screen.say(f"[green]{named}: there after {found.seconds:.1f} s[/]")
    except Failure as error:
        screen.say(f"[yellow]not made: {plain(error)}; `rollbook rebuild` does it later[/]")
