"""Who may do what in a namespace: roles for people and machines, and the machines' keys."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import datetime
from hashlib import sha256
from typing import Annotated, TypeAlias

from pydantic import AfterValidator, Field

from rollbook.domain.context import Context
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.moments import Moment
from rollbook.domain.names import AccountName, Glob, Reason, Subject, Title
from rollbook.domain.tags import Number
from rollbook.domain.tenancy import Grant, Key, Namespace, Role


def _public_key(value: str) -> str:
    # One text per key: its name is made from the text.
    if urlsafe_b64encode(urlsafe_b64decode(value + "=")).decode() != value + "=":
        raise ValueError("must be 32 bytes in base64url")
    return value


PublicKey: TypeAlias = Annotated[
    str, Field(pattern=r"^[A-Za-z0-9_-]{43}$"), AfterValidator(_public_key)
]
"""The public half of an Ed25519 key: 32 bytes, base64url without padding."""


def key_id(public_key: str) -> str:
    """The name of a key: the first 16 hexadecimal digits of the SHA-256 of its public half."""
    return sha256(public_key.encode()).hexdigest()[:16]


# Events


class RoleGranted(Event):
    """Somebody has a role from here on; `grant` counts the namespace's grants from 1."""

    grant: int
    subject: str
    role: Role
    models: str = "*"
    environments: str = "*"
    title: str | None = None
    until: datetime | None = None
    reason: str


class RoleRevoked(Event):
    """A grant holds no longer."""

    grant: int
    subject: str
    role: Role
    reason: str


class KeyIssued(Event):
    """A machine's key may be used until a moment; the log holds its public half only."""

    key: str
    account: str
    public_key: str
    until: datetime
    roles: tuple[Role, ...] = ()


class KeyRevoked(Event):
    """A machine's key may no longer be used."""

    key: str
    account: str
    reason: str


GrantEvent: TypeAlias = RoleGranted | RoleRevoked | KeyIssued | KeyRevoked


def evolve(state: Namespace, event: GrantEvent) -> Namespace:
    """The state after `event`."""
    match event:
        case RoleGranted(grant=number):
            grant = Grant(
                event.subject,
                event.role,
                event.models,
                event.environments,
                event.title,
                event.until,
            )
            return state._replace(grants=state.grants.set(number, grant), granted=number)
        case RoleRevoked(grant=number):
            return state._replace(grants=state.grants.delete(number))
        case KeyIssued():
            key = Key(event.account, event.public_key, event.until, event.roles)
            return state._replace(keys=state.keys.set(event.key, key))
        case KeyRevoked(key=name):
            return state._replace(keys=state.keys.delete(name), revoked=state.revoked | {name})


# Commands


class GrantRole(Command):
    """Give somebody a role, for models and environments whose names match, maybe for a time."""

    subject: Subject
    role: Role
    models: Glob = "*"
    environments: Glob = "*"
    title: Title | None = None
    """In whose name an approver signs, such as `ml-ops`; only with the role `approver`."""
    until: Moment | None = None
    reason: Reason


class RevokeRole(Command):
    """Take back a grant."""

    grant: Number
    reason: Reason


class IssueKey(Command):
    """Let a machine's key be used; whoever holds its private half is the account."""

    account: AccountName
    public_key: PublicKey
    until: Moment
    roles: Annotated[tuple[Role, ...], Field(max_length=8)] = ()
    """What the key may be used as, of what its account is granted; nothing: all of it."""


class RevokeKey(Command):
    """Take a key out of use, for ever."""

    key: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")]
    reason: Reason


GrantCommand: TypeAlias = GrantRole | RevokeRole | IssueKey | RevokeKey


def decide(state: Namespace, command: GrantCommand, context: Context) -> GrantEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case GrantRole():
            return _grant(state, command, context)
        case RevokeRole(grant=number, reason=reason):
            grant = state.grants.get(number)
            if grant is None:
                if number <= state.granted:
                    return Unchanged()
                raise Refused("unknown_grant", f"there is no grant {number}")
            return RoleRevoked(grant=number, subject=grant.subject, role=grant.role, reason=reason)
        case IssueKey():
            return _issue(state, command, context)
        case RevokeKey(key=name, reason=reason):
            key = state.keys.get(name)
            if key is None:
                if name in state.revoked:
                    return Unchanged()
                raise Refused("unknown_key", f"no key {name} was issued here")
            return KeyRevoked(key=name, account=key.account, reason=reason)


def _grant(state: Namespace, command: GrantRole, context: Context) -> RoleGranted | Unchanged:
    if command.title is not None and command.role is not Role.APPROVER:
        raise Refused("title_without_approver", "a title goes with the role 'approver' only")
    if command.until is not None and command.until <= context.time:
        raise Refused("in_the_past", "until must lie in the future")
    grant = Grant(
        command.subject,
        command.role,
        command.models,
        command.environments,
        command.title,
        command.until,
    )
    if grant in state.grants.values():
        return Unchanged()
    return RoleGranted(grant=state.granted + 1, reason=command.reason, **grant._asdict())


def _issue(state: Namespace, command: IssueKey, context: Context) -> KeyIssued | Unchanged:
    if command.until <= context.time:
        raise Refused("in_the_past", "until must lie in the future")
    name = key_id(command.public_key)
    if name in state.revoked:
        raise Refused("revoked", "this key was revoked: make another one")
    roles = tuple(sorted(set(command.roles)))
    key = Key(command.account, command.public_key, command.until, roles)
    before = state.keys.get(name)
    if before == key:
        return Unchanged()
    if before is not None and before.account != key.account:
        raise Refused("key_in_use", f"this key is the account {before.account}'s: make another one")
    return KeyIssued(key=name, **key._asdict())
