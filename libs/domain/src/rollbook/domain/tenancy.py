"""The state of one namespace: its rules, its metadata schema, and who may do what there."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from immutables import Map

from rollbook.domain.rulebook import MetadataSchema, Retention, Rules

REGISTRY = "rollbook"
"""The namespace that stands for the registry itself: what is granted here is granted everywhere."""


class Role(StrEnum):
    """What somebody may be to a namespace; `access` says what each one may do."""

    VIEWER = "viewer"
    PUBLISHER = "publisher"
    VALIDATOR = "validator"
    APPROVER = "approver"
    RELEASER = "releaser"
    OPERATOR = "operator"
    AUDITOR = "auditor"
    ADMIN = "admin"


class Grant(NamedTuple):
    """A role for somebody, for some models and environments, maybe for a time."""

    subject: str
    role: Role
    models: str = "*"
    environments: str = "*"
    title: str | None = None
    """In whose name an approver signs."""
    until: datetime | None = None


class Key(NamedTuple):
    """A machine's key: the log holds its public half only."""

    account: str
    public_key: str
    """Ed25519, base64url without padding."""
    until: datetime
    roles: tuple[Role, ...] = ()
    """What the key may be used as, of what its account is granted; nothing: all of it."""


class Namespace(NamedTuple):
    """One stream: what governs the models whose names begin with the namespace."""

    rules: Rules = Rules()
    rules_version: int = 0
    schema: MetadataSchema | None = None
    schema_version: int = 0
    adapters: tuple[Mapping[str, str], ...] = ()
    """Old name -> new name of properties, for each step from one schema version to the next."""
    grants: Map[int, Grant] = Map()
    granted: int = 0
    """Grants there ever were."""
    keys: Map[str, Key] = Map()
    """Key id -> key, those that were not revoked."""
    revoked: frozenset[str] = frozenset()
    """The ids of those that were."""
    collections: Map[str, str] = Map()
    """Name -> digest of what is in it."""
    queries: Map[str, str] = Map()
    """Name of a saved query -> digest of what it asks for."""
    synonyms: Map[str, tuple[str, ...]] = Map()
    """Word -> those that mean the same."""
    policies: Map[str, tuple[int, str, bool]] = Map()
    """Name -> version and digest of the policy, and whether it is in force."""
    retention: Retention = Retention()
    retention_version: int = 0
    endpoints: Map[str, tuple[int, str, bool, int]] = Map()
    """Name -> version and digest, whether it is in force, and the rotation of its secret."""
