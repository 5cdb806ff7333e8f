"""`rollbook validate watch`: how far the gates are with a version, until their verdict."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated

from cyclopts import Parameter, validators

from rollbook.cli import abreast, arguments, output
from rollbook.cli.exits import Exit, Failure
from rollbook.cli.target import Target
from rollbook.cli.verdicts import gates

if TYPE_CHECKING:
    from rollbook.client import Registry, Version

LOOK_EVERY = 0.25
"""Seconds."""

LOOKED_BACK = 100
"""Records of a model among which the beginning of a validation is looked for."""


def watch(
    name: Annotated[
        str, Parameter(help="[NAMESPACE/]NAME[@VERSION]; the newest version if none is named.")
    ],
    /,
    *,
    within: Annotated[
        float, Parameter(validator=validators.Number(gt=0), help="Seconds to wait at most.")
    ] = 600,
    target: Target = Target(),  # noqa: B008  # frozen
) -> Exit:
    """Wait until the gates have decided about a version, and show what they found.

    ```console
    rollbook validate watch churn@3
    rollbook validate watch churn --within 60 --json     # its newest version
    ```

    Meanwhile it says which policies' gates look, and since when. Exit code 0 when the version is
    validated, 1 when it is rejected: a pipeline may end there.
    """
    model, number = arguments.key_and_version(name)
    with target.registry() as registry:
        abreast.show(registry, abreast.ends(registry))
        found = _decided(registry, model, number or _newest(registry, model), within)
        verdict = next(iter(registry.verdicts(model, found.version)), None)
    if target.json:
        said = None if verdict is None else output.shaped(verdict)
        document = {"model": model, "version": found.version, "stage": found.stage}
        output.document({**document, "verdict": said})
    else:
        output.say(f"[bold]{output.plain(model)}@{found.version}[/] is {found.stage}.")
        if verdict is not None:
            output.say(gates(verdict))
    return Exit.DONE if found.stage == "validated" else Exit.ERROR


def _newest(registry: "Registry", model: str) -> int:
    for version in registry.versions(model, newest_first=True, limit=1):
        return version.version
    raise Failure(Exit.REFUSED, f"{model} has no version", code="unknown_version")


def _decided(registry: "Registry", model: str, number: int, within: float) -> "Version":
    """The version as soon as the gates have decided about it."""
    deadline = time.monotonic() + within
    with _told() as tell:
        begun: tuple[str, datetime] | None = None
        while (found := registry.version(model, number)).stage in ("registered", "validating"):
            if found.archived_reason is not None:
                raise Failure(
                    Exit.REFUSED, f"{model}@{number} is archived: no gate looks", code="archived"
                )
            if time.monotonic() > deadline:
                raise Failure(
                    Exit.ERROR,
                    f"no verdict about {model}@{number} within {within:g} seconds",
                    advice="is there a policy for it, and a validator? rollbook policy list",
                    code="no_verdict",
                )
            if found.stage == "registered":
                begun = None
                tell(f"{model}@{number} waits for the gates", found.created_at)
            else:
                begun = begun or _begun(registry, found)
                tell(f"{begun[0]} look at {model}@{number}", begun[1])
            time.sleep(LOOK_EVERY)
    return found


def _begun(registry: "Registry", version: "Version") -> tuple[str, datetime]:
    """Whose gates look at it, and since when."""
    for record in registry.history(version.model, newest_first=True, limit=LOOKED_BACK):
        data = record.data
        if record.type == "ValidationStarted" and data["version"] == version.version:
            policy = data.get("policy")
            return (f"the gates of {policy}" if policy else "the gates"), record.time
    return "the gates", version.created_at


@contextmanager
def _told() -> "Iterator[Callable[[str, datetime], None]]":
    """What to call with what goes on and since when; of use to a person only."""
    console = output.console(stderr=True)
    said = ""

    def tell(what: str, since: datetime) -> None:
        nonlocal said
        if console.is_terminal:
            seconds = max((datetime.now(UTC) - since).total_seconds(), 0)
            status.update(f"{output.plain(what)}: {seconds:.0f} s")
        elif what != said:
            console.print(output.plain(what))
        said = what

    with console.status("") as status:
        yield tell
