"""`rollbook personal`: personal data, which the log only names, so that it can be erased."""

from pathlib import Path
from typing import Annotated

from cyclopts import Parameter

from rollbook.cli import arguments, output
from rollbook.cli.exits import Exit
from rollbook.cli.reading import text_of
from rollbook.cli.ruling import NamespaceName
from rollbook.cli.serving import Reason, tell
from rollbook.cli.target import Target


def add(
    namespace: NamespaceName,
    text: Annotated[
        str, Parameter(allow_leading_hyphen=True, help="What to keep; - is standard input.")
    ],
    /,
    *,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Keep personal data outside of the log, and print the reference that stands for it.

    ```console
    rollbook personal add team-a "Ada Lovelace, +44 20 7946 0000"
    rollbook comment churn 2 "asked $(rollbook personal add team-a - < who.txt)"
    ```
    """
    space = arguments.namespace(namespace)
    content = text_of(Path("-")) if text == "-" else text
    with target.registry() as registry:
        reference = registry.personal(space, content)
    if target.json:
        output.document({"reference": reference})
    else:
        output.raw(reference)
    return Exit.DONE


def show(
    namespace: NamespaceName,
    reference: Annotated[str, Parameter(help="Such as personal:0b7c3c5e-….")],
    /,
    *,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Show what stands behind a reference, to those who may see it.

    ```console
    rollbook personal show team-a personal:0b7c3c5e-7d1c-4b1e-9a51-6a1f6c8f2d10
    rollbook personal show team-a personal:0b7c3c5e-7d1c-4b1e-9a51-6a1f6c8f2d10 --json
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        found = registry.reveal(space, reference)
    if target.json:
        output.document(output.shaped(found))
    else:
        output.raw(found.content)
    return Exit.DONE


def erase(
    namespace: NamespaceName,
    references: Annotated[list[str], Parameter(name="REFERENCES", negative="", help="Any number.")],
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    r"""Erase what stands behind references, for ever; the log keeps the references, and its hashes.

    ```console
    rollbook personal erase team-a personal:0b7c3c5e-7d1c-4b1e-9a51-6a1f6c8f2d10 \\
      --reason "she asked for it"
    rollbook personal erase team-a $(cat references.txt) -r "the retention period is over"
    ```
    """
    space = arguments.namespace(namespace)
    with target.registry() as registry:
        outcome = registry.erase(space, references, reason)
        tell(registry, space, outcome, as_json=target.json)
    return Exit.DONE


def forget(
    subject: Annotated[str, Parameter(help="Whom the log knows so, such as a user's id.")],
    /,
    *,
    reason: Reason,
    target: Target = Target(),  # noqa: B008
) -> Exit:
    """Erase the name and mail address of somebody; the log says so without naming them.

    Whoever logs in after that is noted again: close their account at the identity provider first.

    ```console
    rollbook personal forget 248289761001 --reason "she left and asked for it"
    rollbook personal forget 248289761001 -r "the retention period is over" --json
    ```
    """
    from rollbook.domain.erasure import person  # noqa: PLC0415
    from rollbook.domain.tenancy import REGISTRY  # noqa: PLC0415

    with target.registry() as registry:
        outcome = registry.erase(REGISTRY, [person(subject)], reason)
        tell(registry, REGISTRY, outcome, as_json=target.json)
    return Exit.DONE
