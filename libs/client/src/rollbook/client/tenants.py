"""What the registry answers about namespaces, and about who may do what there."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from rollbook.client.result import Result


@dataclass(frozen=True, slots=True, kw_only=True)
class Namespace(Result):
    """What governs the models whose names begin with it."""

    namespace: str
    rules: Mapping[str, Any]
    """As `rollbook.domain.rulebook.Rules` has it."""
    rules_version: int
    """0 while nobody has set any: the defaults restrict nothing."""
    metadata: Mapping[str, Any] | None = None
    """As `rollbook.domain.rulebook.MetadataSchema` has it; None: nothing is asked for."""
    schema_version: int = 0
    seq: int = 0
    """Pass it as `expected_seq` to act on exactly this state."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant(Result):
    """A role for somebody."""

    namespace: str
    number: int
    subject: str
    role: str
    models: str = "*"
    environments: str = "*"
    title: str | None = None
    """In whose name an approver signs."""
    until: datetime | None = None
    reason: str
    position: str
    granted_at: datetime
    granted_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Key(Result):
    """A machine's key, of which the registry knows the public half."""

    namespace: str
    key: str
    """Its name: the beginning of the public half's digest."""
    account: str
    public_key: str
    until: datetime
    roles: tuple[str, ...] = ()
    """What it may be used as, of what its account is granted; nothing: all of it."""
    position: str
    issued_at: datetime
    issued_by: str
    revoked_at: datetime | None = None
    revoked_by: str | None = None
    revoked_reason: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection(Result):
    """A named group of a namespace's models."""

    namespace: str
    collection: str
    models: tuple[str, ...]
    description: str = ""
    position: str
    set_at: datetime
    set_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness(Result):
    """How much of what a namespace asks for is there, in the records of what serves."""

    namespace: str
    schema_version: int
    """0: there is no metadata schema, so that nothing is asked for."""
    environments: tuple[str, ...]
    serving: int
    """Versions, each as often as it serves somewhere."""
    complete: int
    """Those that lack nothing."""
    share: float | None
    """`complete / serving`; None when nothing serves."""
    fields: tuple[Mapping[str, Any], ...] = ()
    """`field`, `present` and `share`, of each that the schema requires."""
    lacking: tuple[Mapping[str, Any], ...] = ()
    """`model`, `version`, `environment` and `lacks`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Personal(Result):
    """What stands behind a reference to personal data."""

    reference: str
    namespace: str
    content: str
    created_at: datetime
    created_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Me(Result):
    """Who the registry takes the caller for."""

    subject: str
    groups: tuple[str, ...] = ()
    everything: bool = False
    """Whether all is allowed: the registry is open, or its settings say so."""
    limit: tuple[str, ...] | None = None
    """The roles that this machine's key may be used as; None: all that it is granted."""
    roles: tuple[Mapping[str, Any], ...] = ()
    """`namespace`, `role`, `models`, `environments`, `title`, `until`, and `by` what subject."""
