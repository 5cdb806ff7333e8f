"""`rollbook retention`, `artifact hold`, `release` and `holds`: how long artifacts are kept."""

from collections.abc import Callable
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.sentences import clock
from rollbook.cli.serving import NameAndVersion, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
    from rollbook.client import Outcome, Registry
    from rollbook.domain.rulebook import Retention

SPANS = {"h": timedelta(hours=1), "d": timedelta(days=1), "w": timedelta(weeks=1)}


def show(
    namespace: NamespaceName,
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Show how long the artifacts of a namespace are kept.

    ```console
    rollbook retention show team-a
    rollbook retention show team-a --json
    ```
    """
    from rollbook.domain.rulebook import Retention  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = registry.retention(space)
    if target.json:
        output.document(output.shaped(found))
    else:
        for line in _sentences(Retention.model_validate(found.retention)):
            output.say(line)
        if found.set_at is not None:
            output.say(f"Set {clock(found.set_at)[:16]} by {output.plain(found.set_by or '')}.")
    return Exit.DONE


def set_(
    namespace: NamespaceName,
    /,
    *,
    keep_last: Annotated[
        int,
        Parameter(
            validator=validators.Number(gte=0),
            help="The newest versions of each model, which stay where they are.",
        ),
    ] = 5,
    archive_after: Annotated[
        str | None,
        Parameter(help="Since registration, such as 90d: then to the archive; never if not."),
    ] = None,
    delete_after: Annotated[
        str | None,
        Parameter(help="Since its version was archived, such as 52w: then it goes; never if not."),
    ] = None,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Replace how long the artifacts of a namespace are kept; the next sweep goes by it.

    ```console
    rollbook retention set team-a --keep-last 5 --archive-after 90d --delete-after 52w
    rollbook retention set team-a                # keep everything
    ```

    What serves, has an alias, is asked for or is held is never touched.
    """
    from rollbook.domain.rulebook import Retention  # noqa: PLC0415

    space = arguments.namespace(namespace)
    found = Retention(
        keep_last=keep_last, archive_after=_span(archive_after), delete_after=_span(delete_after)
    )
    with target.registry() as registry:
        tell(registry, space, registry.set_retention(space, found), as_json=target.json)
    return Exit.DONE


def hold(
    version: NameAndVersion,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Put a version under legal hold: its artifacts are neither moved nor deleted.

    ```console
    rollbook artifact hold team-a/churn@3 --reason "case 4711"
    rollbook artifact hold churn@3 -r "the auditor asked" --json
    ```
    """
    return _done(target, version, lambda registry, *of: registry.hold(*of, reason))


def release(
    version: NameAndVersion,
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Lift the legal hold of a version.

    ```console
    rollbook artifact release team-a/churn@3 --reason "case 4711 is closed"
    rollbook artifact release churn@3 -r "it was the wrong one" --json
    ```
    """
    return _done(target, version, lambda registry, *of: registry.release(*of, reason))


def _done(target: Target, version: str, do: "Callable[[Registry, str, int], Outcome]") -> Exit:
    model, number = arguments.of_version(version)
    with target.registry() as registry:
        tell(registry, model, do(registry, model, number), as_json=target.json)
    return Exit.DONE


def holds(
    namespace: Annotated[str | None, Parameter(help="All of them if not named.")] = None,
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """List the legal holds that stand.

    ```console
    rollbook artifact holds
    rollbook artifact holds team-a --json
    ```
    """
    space = None if namespace is None else arguments.namespace(namespace)
    with target.registry() as registry:
        found = list(registry.holds(space))
    if target.json:
        output.document({"holds": [output.shaped(hold) for hold in found]})
    elif not found:
        output.say("Nothing is held.")
    else:
        output.table(
            ("version", "why", "since", "by"),
            [(f"{h.model}@{h.version}", h.reason, clock(h.held_at)[:16], h.held_by) for h in found],
        )
    return Exit.DONE


def _span(text: str | None) -> timedelta | None:
    if text is None:
        return None
    if not text[:-1].isdecimal() or text[-1] not in SPANS or int(text[:-1]) > 100_000:
        raise bad(f"{text!r} is no span of time", "for example: 12h, 90d or 52w")
    if not int(text[:-1]):
        raise bad(f"{text!r} is no time at all")
    return int(text[:-1]) * SPANS[text[-1]]


def _sentences(found: "Retention") -> list[str]:
    archive = f"{found.archive_after} after registration" if found.archive_after else "never"
    delete = f"{found.delete_after} after its version was archived" if found.delete_after else None
    return [
        f"The newest {found.keep_last} versions of each model stay where they are.",
        f"Of others, an artifact moves to the archive: {archive}.",
        f"It is deleted: {delete or 'never'}.",
        "What serves, has an alias, is asked for or is held is never touched.",
    ]
