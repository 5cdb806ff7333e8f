"""Whom the operator of a registry trusts by settings, before any role was granted."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Annotated, Final, TypeAlias

from pydantic import BeforeValidator
from pydantic_settings import NoDecode

from rollbook.domain.access import Principal
from rollbook.domain.grants import key_id
from rollbook.domain.tenancy import REGISTRY, Key
from rollbook.identity.accounts import KeyOf, subject


def _listed(value: object) -> object:
    return (
        [one.strip() for one in value.split(",") if one.strip()]
        if isinstance(value, str)
        else value
    )


Subjects: TypeAlias = Annotated[tuple[str, ...], NoDecode, BeforeValidator(_listed)]
"""Subjects as a setting, joined by commas."""

ADMIN_ACCOUNT: Final = "admin"
FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Trust:
    """The administrators by name, and the one key that needs no identity provider."""

    def __init__(self, admins: Iterable[str] = (), admin_public_key: str | None = None) -> None:
        """`admins`: subjects; `admin_public_key`: its holder is `account:rollbook/admin`."""
        self._admins = frozenset(admins)
        self._key = (
            Key(ADMIN_ACCOUNT, admin_public_key, FOREVER) if admin_public_key is not None else None
        )
        self._key_id = key_id(admin_public_key) if admin_public_key is not None else None
        if self._key is not None:
            self._admins |= {subject(REGISTRY, ADMIN_ACCOUNT)}

    def keys(self, key_of: KeyOf) -> KeyOf:
        """The same keys, and the administrator's; who has it needs no other for that account."""
        if self._key is None:
            return key_of

        def known(namespace: str, name: str) -> Key | None:
            if namespace == REGISTRY and name == self._key_id:
                return self._key
            key = key_of(namespace, name)
            if namespace == REGISTRY and key is not None and key.account == ADMIN_ACCOUNT:
                return None  # or whoever may issue keys could make themselves its holder
            return key

        return known

    def raised(self, principal: Principal) -> Principal:
        """The principal, who may do everything if settings say so and its key is not limited."""
        if principal.limit is None and principal.subject in self._admins:
            return principal._replace(everything=True)
        return principal
