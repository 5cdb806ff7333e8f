"""`rollbook why` and `rollbook timeline`: how something came to be as it is."""

from collections import Counter, defaultdict
from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.moments import AsOf, moment
from rollbook.cli.output import plain
from rollbook.cli.sentences import clock
from rollbook.cli.serving import Environment, Name
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rich.tree import Tree

    from rollbook.client import Happening, Link, Why

ALIKE = 5
"""Events of one sort that are drawn below another, the newest; there may be thousands."""


def why(
    name: Name,
    /,
    *,
    environment: Environment = "production",
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say why what serves in an environment serves there: who, at whose wish, on which grounds.

    ```console
    rollbook why churn
    rollbook why team-a/churn -e staging --as-of 2026-03-01T09:00
    rollbook why churn --json
    ```
    """
    model = arguments.key(name)
    with target.registry() as registry:
        found = registry.why(model, environment, as_of=moment(as_of))
    if target.json:
        output.document(output.shaped(found))
        return Exit.DONE
    output.say(f"[bold]{plain(model)}[/]: {plain(found.summary)}")
    if found.links:
        output.console().print(_tree(found), soft_wrap=False)  # else its lines end at the edge
    return Exit.DONE


def timeline(
    version: Annotated[str, Parameter(help="Of the version, [NAMESPACE/]NAME@VERSION.")],
    /,
    *,
    as_of: AsOf = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Tell everything that happened to a version, the newest at the end.

    ```console
    rollbook timeline churn@3
    rollbook timeline churn@3 --as-of 3:1042 --json
    ```
    """
    model, number = arguments.of_version(version)
    with target.registry() as registry:
        found = list(registry.timeline(model, number, as_of=moment(as_of)))
    if target.json:
        shown = [output.shaped(event) for event in found]
        output.document({"model": model, "version": number, "events": shown})
        return Exit.DONE
    output.table(
        ("time", "position", "what", "by"),
        [(clock(e.time), e.position, _words(e), e.actor) for e in found],
    )
    return Exit.DONE


def _tree(found: "Why") -> "Tree":
    from rich.tree import Tree  # noqa: PLC0415

    below: defaultdict[str | None, list[Link]] = defaultdict(list)
    for link in found.links:
        below[link.explains].append(link)

    def draw(branch: Tree, links: "Sequence[Link]") -> None:
        left = Counter(link.because for link in links)
        for link in links:
            left[link.because] -= 1
            if left[link.because] == ALIKE:
                branch.add(f"[dim]{plain(link.because)} others, earlier: see --json[/]")
            if left[link.because] < ALIKE:
                draw(branch.add(_leaf(link)), below[link.position])

    (first,) = below[None]
    tree = Tree(_leaf(first))
    draw(tree, below[first.position])
    return tree


def _leaf(link: "Link") -> str:
    cause = ""
    if link.causation_id not in (None, link.command_id):
        cause = f", because of {plain(link.causation_id)}"
    return (
        f"[cyan]{plain(link.because)}[/] [bold]{plain(link.actor)}[/]: {plain(_words(link))}"
        f"  [dim]{clock(link.time)} at {link.position}{cause}[/]"
    )


def _words(event: "Happening") -> str:
    why = event.reason
    more = f" ({why})" if why and why not in event.sentence else ""
    came = f", from {event.origin}" if event.origin else ""
    return f"{event.sentence}{more}{came}"
