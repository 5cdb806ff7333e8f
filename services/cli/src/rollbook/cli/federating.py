"""`rollbook search --at URL --at URL`: one query, several registries."""

from collections.abc import Sequence
from datetime import datetime

from rollbook.cli import output
from rollbook.cli.carets import pointed
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.hits import COLUMNS, cells
from rollbook.cli.moments import said
from rollbook.cli.target import Target


def ask(
    registries: Sequence[str],
    query: str,
    *,
    order: str | None,
    limit: int,
    as_of: datetime | str | None,
    target: Target,
) -> Exit:
    """Show what all registries answer together, and which of them do not."""
    from rollbook.client import Invalid  # noqa: PLC0415
    from rollbook.client.federation import NEWEST, search_all  # noqa: PLC0415

    try:
        with pointed(query):
            found = search_all(
                registries,
                query,
                order=order or NEWEST,
                limit=limit,
                as_of=as_of,
                token=target.token,
                actor=target.who(),
                timeout=target.timeout,
            )
    except (Invalid, ValueError) as error:
        raise Failure(Exit.USAGE, str(error), code="invalid") from error
    if not found.counts:
        reasons = "; ".join(f"{url}: {why}" for url, why in found.silent.items())
        raise Failure(Exit.UNAVAILABLE, f"no registry answers: {reasons}", code="unavailable")
    if target.json:
        output.document(
            {
                "query": query,
                **({"as_of": said(as_of)} if as_of is not None else {}),
                "registries": dict(found.counts),
                "silent": dict(found.silent),
                "versions": [
                    {"registry": hit.registry, **output.shaped(hit.version)} for hit in found.hits
                ],
            }
        )
        return Exit.DONE
    asked = f"{query} {order or ''}"
    output.table(
        ("registry", *COLUMNS),
        [(hit.registry.partition("://")[2], *cells(hit.version, asked)) for hit in found.hits],
    )
    for url, count in found.counts.items():
        output.say(f"[dim]{output.plain(url)}: {count:,} found[/]")
    for url, why in found.silent.items():
        output.say(f"[red]{output.plain(url)} did not answer: {output.plain(why)}[/]")
    return Exit.DONE
