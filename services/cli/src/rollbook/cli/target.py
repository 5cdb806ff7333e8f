"""Which registry a verb talks to, and what its answers mean for the exit code."""

import getpass
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

from cyclopts import Group, Parameter

from rollbook.cli.exits import Exit, Failure
from rollbook.cli.place import Place

if TYPE_CHECKING:
    from rollbook.client import Registry

DEFAULT = "http://127.0.0.1:8080"
COMMON = Group("Common options", sort_key=9)


@Parameter(name="*", group=COMMON)
@dataclass(frozen=True, kw_only=True)
class Target:
    """Options that every verb over HTTP has."""

    url: Annotated[
        str | None,
        Parameter(
            env_var="ROLLBOOK_URL",
            help="Of the registry; if not named, the `rollbook up` in the data folder, else"
            f" {DEFAULT}.",
        ),
    ] = None
    token: Annotated[
        str | None,
        Parameter(
            env_var="ROLLBOOK_TOKEN",
            show_default=False,
            help="Says who you are, where the registry asks; better by the variable, as others"
            " may see what you type.",
        ),
    ] = field(default=None, repr=False)
    actor: Annotated[
        str | None,
        Parameter(
            env_var="ROLLBOOK_ACTOR",
            help="Who you are; an open registry believes it. Your user name if not named.",
        ),
    ] = None
    folder: Annotated[
        Path | None,
        Parameter(env_var="ROLLBOOK_DATA", help="Data folder of a running `rollbook up`."),
    ] = None
    timeout: Annotated[float, Parameter(help="Seconds to wait for the outcome.")] = 30.0
    json: Annotated[bool, Parameter(negative="", show_default=False, help="One JSON document.")] = (
        False
    )
    plan_only: Annotated[
        bool,
        Parameter(
            negative="",
            show_default=False,
            help="Say what would come of it, who must sign and which gates ask; send nothing.",
        ),
    ] = False

    @contextmanager
    def registry(self) -> Iterator["Registry"]:
        """The registry; what it raises becomes the failure that ends the command."""
        from rollbook.client import Invalid, Refused, Registry, Unavailable  # noqa: PLC0415

        kind = Registry
        if self.plan_only:
            from rollbook.cli.planning import Rehearsal  # noqa: PLC0415

            kind = Rehearsal
        try:
            made = kind(self.address(), token=self.token, actor=self.who(), timeout=self.timeout)
        except ValueError as error:
            raise Failure(Exit.USAGE, str(error), code="usage") from error
        try:
            with made as registry:
                yield registry
        except Refused as error:
            raise Failure(
                Exit.REFUSED, error.message, code=error.code, advice=_ADVICE.get(error.code, "")
            ) from error
        except Invalid as error:
            raise Failure(Exit.USAGE, error.message, code="invalid") from error
        except Unavailable as error:
            again = (
                f"it may yet be carried out; to ask again for the same: {error.command_id}"
                if error.command_id
                else ""
            )
            raise Failure(
                Exit.UNAVAILABLE, error.message, code="unavailable", advice=again
            ) from error

    def address(self) -> str:
        """Where the registry answers; Failure when it was not named and nothing is there."""
        if self.url:
            return self.url
        place = Place.chosen(self.folder)
        if running := place.running():
            return running.url
        parts = urlsplit(DEFAULT)
        try:
            socket.create_connection((parts.hostname or "", parts.port or 80), timeout=2).close()
        except OSError:
            raise Failure(
                Exit.UNAVAILABLE,
                f"no registry: nothing runs in {place.folder}, nothing answers at {DEFAULT}",
                advice="start one with `rollbook up`, or name one: --url or ROLLBOOK_URL",
                code="unavailable",
            ) from None
        return DEFAULT

    def who(self) -> str | None:
        """In whose name is asked; None where a token says it."""
        if self.actor or self.token:
            return self.actor
        try:
            return getpass.getuser()
        except (KeyError, OSError):  # a container's user without a name
            return f"uid-{os.getuid()}"


_ADVICE = {
    "unknown_model": "register it first: rollbook register NAME FILE",
    "unknown_version": "see which there are: rollbook show NAME",
    "unauthenticated": "name a token: --token or ROLLBOOK_TOKEN",
    "forbidden": "see what you may do: rollbook whoami, and who may: rollbook access who",
    "needs_request": "ask for it: rollbook request NAME VERSION --reason …",
    "needs_approval": "others must sign: rollbook requests NAME, rollbook approve NAME REQUEST",
    "evidence_changed": "look at it again: rollbook review NAME REQUEST",
    "own_work": "somebody else must do it",
    "no_card": "write one: rollbook card edit NAME@VERSION",
    "incomplete": "see what is asked for: rollbook schema show NAMESPACE",
    "unknown_environment": "see which there are: rollbook rules show NAMESPACE",
    "protected": "ask a releaser: rollbook access list NAMESPACE",
    "conflict": "somebody was quicker: look at it again, then decide anew",
    "serving": "promote another version first: rollbook promote NAME VERSION",
    "never_stood": "promote it instead: rollbook promote NAME VERSION",
    "nothing_before": "promote a version instead: rollbook promote NAME VERSION",
}
