"""Whom a source names as having done something: their name goes into the vault, or nowhere."""

import re
from collections.abc import Callable
from enum import StrEnum
from typing import Final, TypeAlias

from rollbook.imports.plan import Plan

_OPAQUE: Final = re.compile(r"personal:|account:|group:")
"""What names beginning so stand for is no secret, or is in the vault already."""


class People(StrEnum):
    """What becomes of names."""

    VAULT = "vault"
    """They are kept outside of the log, which gets a reference that can be erased."""
    DROP = "drop"
    KEEP = "keep"
    """They stand in the log, for ever."""


IntoVault: TypeAlias = Callable[[str, str], str]
"""Namespace and name -> the reference that stands for the name."""


class Names:
    """Puts into plans who did it there; the same name in a namespace is the same reference."""

    def __init__(self, people: People, into_vault: IntoVault) -> None:
        self._people = people
        self._into_vault = into_vault
        self._kept: dict[tuple[str, str], str] = {}

    def told(self, plan: Plan) -> Plan:
        """What to send; only now, since what is known already must leave nothing in the vault."""
        if plan.by is None or self._people is People.DROP:
            return plan
        if self._people is People.KEEP or _OPAQUE.match(plan.by):
            return plan.said_by(plan.by)
        whose = plan.model.partition("/")[0], plan.by
        if whose not in self._kept:
            self._kept[whose] = self._into_vault(*whose)
        return plan.said_by(self._kept[whose])
