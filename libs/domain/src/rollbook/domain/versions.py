"""Registering, describing, tagging and archiving a version."""

from typing import Annotated, TypeAlias

from immutables import Map
from pydantic import Field, FiniteFloat, StringConstraints

from rollbook.domain.lineage import Artifact, Lineage, Signature
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import NO_NUL, Label, Reason, Text
from rollbook.domain.state import Model, Version
from rollbook.domain.tags import NO_TAGS, SomeKeys, SomeTags, Tags, has, present, without

Number: TypeAlias = Annotated[int, Field(ge=1, strict=True)]
FactName: TypeAlias = Annotated[Label, Field(min_length=1)]
Param: TypeAlias = Annotated[str, StringConstraints(pattern=NO_NUL, max_length=6000)]

# Events


class VersionRegistered(Event):
    """A version with all its facts; they never change."""

    version: int
    artifact: Artifact
    metrics: dict[str, float] = Field(default_factory=dict)
    params: dict[str, str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    lineage: Lineage = Lineage()
    signature: Signature | None = None
    description: str = ""
    idempotency_key: str | None = None


class VersionDescribed(Event):
    """The version's description was replaced."""

    version: int
    description: str


class VersionTagged(Event):
    """Tags of the version were set; other tags stay."""

    version: int
    tags: dict[str, str]


class VersionUntagged(Event):
    """Tags of the version were removed."""

    version: int
    keys: tuple[str, ...]


class VersionArchived(Event):
    """The version is out of use; its history stays."""

    version: int
    reason: str


VersionEvent: TypeAlias = (
    VersionRegistered | VersionDescribed | VersionTagged | VersionUntagged | VersionArchived
)


def evolve(state: Model, event: VersionEvent) -> Model:
    """The state after `event`."""
    match event:
        case VersionRegistered(version=number, idempotency_key=key):
            version = Version(
                digest=event.artifact.digest,
                description=event.description,
                tags=Map(event.tags) if event.tags else NO_TAGS,
                idempotency_key=key,
            )
            keys = state.keys.set(key, number) if key else state.keys
            return state._replace(versions=state.versions.set(number, version), keys=keys)
        case VersionDescribed(version=number, description=description):
            version = state.versions[number]._replace(description=description)
            return state.with_version(number, version)
        case VersionTagged(version=number, tags=tags):
            version = state.versions[number]
            return state.with_version(number, version._replace(tags=version.tags.update(tags)))
        case VersionUntagged(version=number, keys=removed):
            version = state.versions[number]
            return state.with_version(number, version._replace(tags=without(version.tags, removed)))
        case VersionArchived(version=number):
            return state.with_version(number, state.versions[number]._replace(archived=True))


# Commands


class RegisterVersion(Command):
    """Register the next version of a model.

    With an `idempotency_key`, the same key and digest always mean the same version.
    """

    artifact: Artifact
    metrics: Annotated[dict[FactName, FiniteFloat], Field(max_length=5000)] = Field(
        default_factory=dict
    )
    params: Annotated[dict[FactName, Param], Field(max_length=5000)] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    lineage: Lineage = Lineage()
    signature: Signature | None = None
    description: Text = ""
    idempotency_key: Annotated[Label, Field(min_length=1)] | None = None


class DescribeVersion(Command):
    """Replace a version's description (Markdown)."""

    version: Number
    description: Text


class TagVersion(Command):
    """Set tags of a version; other tags stay."""

    version: Number
    tags: SomeTags


class UntagVersion(Command):
    """Remove tags of a version."""

    version: Number
    keys: SomeKeys


class ArchiveVersion(Command):
    """Take a version out of use, with a reason; refused while it serves or has an alias."""

    version: Number
    reason: Reason


VersionCommand: TypeAlias = (
    RegisterVersion | DescribeVersion | TagVersion | UntagVersion | ArchiveVersion
)


def decide(state: Model, command: VersionCommand) -> VersionEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case RegisterVersion():
            return _register(state, command)
        case DescribeVersion(version=number, description=description):
            if state.version(number).description == description:
                return Unchanged(version=number)
            return VersionDescribed(version=number, description=description)
        case TagVersion(version=number, tags=tags):
            if has(state.version(number).tags, tags):
                return Unchanged(version=number)
            return VersionTagged(version=number, tags=tags)
        case UntagVersion(version=number, keys=keys):
            found = present(state.version(number).tags, keys)
            if not found:
                return Unchanged(version=number)
            return VersionUntagged(version=number, keys=found)
        case ArchiveVersion(version=number, reason=reason):
            return _archive(state, number, reason)


def _register(state: Model, command: RegisterVersion) -> VersionRegistered | Unchanged:
    state.require()
    key, digest = command.idempotency_key, command.artifact.digest
    if key is not None and (known := state.keys.get(key)) is not None:
        if state.versions[known].digest == digest:
            return Unchanged(version=known)
        raise Refused(
            "idempotency_conflict",
            f"idempotency key {key!r} already stands for version {known},"
            f" whose digest is {state.versions[known].digest}",
        )
    return VersionRegistered(
        version=state.next_version,
        artifact=command.artifact,
        metrics=command.metrics,
        params=command.params,
        tags=command.tags,
        lineage=command.lineage,
        signature=command.signature,
        description=command.description,
        idempotency_key=key,
    )


def _archive(state: Model, number: int, reason: str) -> VersionArchived | Unchanged:
    if state.version(number).archived:
        return Unchanged(version=number)
    if places := state.serves_in(number):
        raise Refused(
            "serving", f"version {number} serves in {', '.join(places)}: replace it there first"
        )
    if aliases := sorted(alias for alias, v in state.aliases.items() if v == number):
        raise Refused(
            "aliased", f"version {number} has the alias {', '.join(aliases)}: move it first"
        )
    return VersionArchived(version=number, reason=reason)
