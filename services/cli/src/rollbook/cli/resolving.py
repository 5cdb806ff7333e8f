"""`rollbook resolve`: which bytes a name stands for, also while nobody answers."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.pushing import disk
from rollbook.cli.target import Target


def resolve(
    reference: Annotated[
        str,
        Parameter(help="models:/[NAMESPACE/]NAME@ALIAS-OR-ENVIRONMENT, or …/NAME/VERSION."),
    ],
    /,
    *,
    load: Annotated[
        bool,
        Parameter(negative="", show_default=False, help="Fetch its bytes, and say where they lie."),
    ] = False,
    cache: Annotated[
        Path | None, Parameter(help="Folder of what was known last; the user's if not named.")
    ] = None,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Say which version, address and digest a name stands for.

    ```console
    rollbook resolve models:/team-a/churn@production
    rollbook resolve churn@champion --load
    rollbook resolve models:/churn/3 --json
    ```

    What was asked before is answered from what was known last while the registry is away; it says
    so then. An alias goes before an environment of the same name.

    Exit codes: 0 done, 1 the bytes are not those that were registered, 2 it is no reference, 3
    nothing stands there, 4 the registry is away and nothing was known.
    """
    from rollbook.client import Refused, Resolver, Unavailable  # noqa: PLC0415

    url = target.url or _address(target)
    place: Path | None = None
    try:
        with (
            disk(cache),
            Resolver(
                url,
                token=target.token,
                actor=target.who(),
                cache=cache,
                timeout=min(target.timeout, 5.0),
            ) as resolver,
        ):
            found = resolver.ask(reference)
            if load:
                place = resolver.load(reference)
    except Refused as error:
        raise Failure(Exit.REFUSED, error.message, code=error.code) from error
    except Unavailable as error:
        raise Failure(Exit.UNAVAILABLE, error.message, code="unavailable") from error
    if target.json:
        more = {"path": str(place)} if place is not None else {}
        output.document(asdict(found) | more)
        return Exit.DONE
    output.say(f"[bold]{output.plain(found.model)} {found.version}[/]  {found.digest}")
    output.say(output.plain(str(place or found.uri)))
    if found.stale:
        output.say("[yellow]the registry does not answer: this is what it said last[/]")
    return Exit.DONE


def _address(target: Target) -> str:
    from rollbook.cli.target import DEFAULT  # noqa: PLC0415

    try:
        return target.address()
    except Failure:
        return DEFAULT
