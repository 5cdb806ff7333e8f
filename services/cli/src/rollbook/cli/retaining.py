"""`rollbook retention`, `artifact hold` and `release`: how long artifacts are kept."""

from datetime import timedelta
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from rollbook.cli import arguments, output
from rollbook.cli.arguments import bad
from rollbook.cli.exits import Exit
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.serving import NameAndVersion, Reason, tell
from rollbook.cli.target import Target

if TYPE_CHECKING:
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
    from rollbook.cli.estate import retention  # noqa: PLC0415

    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = retention(registry, space)
    if target.json:
        output.document({"namespace": space, "retention": found.model_dump(mode="json")})
    else:
        for line in _sentences(found):
            output.say(line)
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
    model, number = arguments.of_version(version)
    with target.registry() as registry:
        outcome = registry.hold(model, number, reason)
        tell(registry, model, outcome, as_json=target.json)
    return Exit.DONE


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
    model, number = arguments.of_version(version)
    with target.registry() as registry:
        outcome = registry.release(model, number, reason)
        tell(registry, model, outcome, as_json=target.json)
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
