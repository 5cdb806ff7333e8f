"""Registering, describing, tagging, documenting and archiving a version."""

from collections.abc import Mapping
from hashlib import sha256
from typing import Annotated, Any, Final, Literal, TypeAlias

from pydantic import Field, FiniteFloat
from pydantic_core import to_json

from rollbook.domain import completeness
from rollbook.domain.context import Context
from rollbook.domain.evaluations import Evaluation
from rollbook.domain.labels import Change, label_after
from rollbook.domain.lineage import AnyText, Artifact, Lineage, Signature, Terms, Variant
from rollbook.domain.messages import Command, Event, Refused, Unchanged
from rollbook.domain.names import Digest, Label, Reason, Text, Uri
from rollbook.domain.recipes import Recipe
from rollbook.domain.signatures import Bundle, Signed
from rollbook.domain.state import Model, Review, Version
from rollbook.domain.tags import (
    FactName,
    Number,
    Param,
    Properties,
    SomeKeys,
    SomeProperties,
    SomeTags,
    Tags,
    has,
    present,
    without,
)

KEPT_DOCUMENTS: Final = 100
"""How many documents may be linked to a version."""

KEPT_PROPERTIES: Final = 200
"""How many properties a version may have."""

# Events


class VersionRegistered(Event):
    """A version with all its facts; they never change."""

    schema_version = 2  # 1 did not say who registered it

    version: int
    registered_by: str
    artifact: Artifact
    label: str | None = None
    """MAJOR.MINOR.PATCH: new architecture, new data, tweak."""
    variants: tuple[Variant, ...] = ()
    metrics: dict[str, float] = Field(default_factory=dict)
    params: dict[str, str] = Field(default_factory=dict)
    tags: dict[str, str] = Field(default_factory=dict)
    properties: dict[str, Any] = Field(default_factory=dict)
    properties_schema: int = 0
    """The version of the namespace's metadata schema that was in force."""
    lineage: Lineage = Lineage()
    signature: Signature | None = None
    evaluations: tuple[Evaluation, ...] = ()
    terms: Terms | None = None
    description: str = ""
    idempotency_key: str | None = None
    recipe: Recipe | None = None
    signed: Signed | None = None
    """The signature that it came with; whether it is right, the gates find out."""


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


class PropertiesSet(Event):
    """Typed properties of the version were set, or removed (null); others stay."""

    version: int
    properties: dict[str, Any]
    properties_schema: int


class DocumentLinked(Event):
    """A document about the version was linked to it."""

    version: int
    kind: str
    title: str
    uri: str
    digest: str | None = None

    def link(self) -> str:
        """`sha256:…` of what was linked, whatever version it was linked to."""
        text = to_json([self.kind, self.title, self.uri, self.digest])
        return "sha256:" + sha256(text).hexdigest()


class VersionArchived(Event):
    """The version is out of use; its history stays, and what was asked for it is closed."""

    version: int
    reason: str


class VersionRestored(Event):
    """The version, which was archived, may be used again."""

    version: int
    reason: str


VersionEvent: TypeAlias = (
    VersionRegistered
    | VersionDescribed
    | VersionTagged
    | VersionUntagged
    | PropertiesSet
    | DocumentLinked
    | VersionArchived
    | VersionRestored
)


def evolve(state: Model, event: VersionEvent) -> Model:
    """The state after `event`."""
    match event:
        case VersionRegistered():
            return _evolve_registered(state, event)
        case VersionDescribed(version=number, description=description):
            version = state.versions[number]._replace(description=description)
            return state.with_version(number, version)
        case VersionTagged(version=number, tags=tags):
            version = state.versions[number]
            return state.with_version(number, version._replace(tags={**version.tags, **tags}))
        case VersionUntagged(version=number, keys=removed):
            version = state.versions[number]
            return state.with_version(number, version._replace(tags=without(version.tags, removed)))
        case PropertiesSet(version=number, properties=changes, properties_schema=schema):
            version = state.versions[number]
            return state.with_version(
                number,
                version._replace(properties=merged(version.properties, changes), schema=schema),
            )
        case DocumentLinked(version=number):
            linked = state.versions[number].review.documents
            return state.reviewed(number, documents=(*linked, event.link()))
        case VersionArchived(version=number):
            state = state.with_version(number, state.versions[number]._replace(archived=True))
            return state.asked_no_more(number) if state.requests else state
        case VersionRestored(version=number):
            return state.with_version(number, state.versions[number]._replace(archived=False))


def _evolve_registered(state: Model, event: VersionRegistered) -> Model:
    number, key, label = event.version, event.idempotency_key, event.label
    version = Version(
        digest=event.artifact.digest,
        description=event.description,
        tags=event.tags,
        idempotency_key=key,
        label=label,
        registered_by=event.registered_by,
        recorded=completeness.recorded(event),
        terms=event.terms,
        properties=event.properties,
        schema=event.properties_schema,
        uri=event.artifact.uri,
        format=event.artifact.format,
        variants={one.name: one.digest for one in event.variants} if event.variants else {},
    )
    if event.signed is not None:
        version = version._replace(review=Review(signatures=(event.signed.digest,)))
    state = state.with_version(number, version)
    if key:
        state = state._replace(keys=state.keys.set(key, number))
    if label:
        state = state._replace(labels=state.labels.set(label, number), last_label=label)
    return state


def merged(properties: Mapping[str, Any], changes: Mapping[str, Any]) -> Mapping[str, Any]:
    """Properties after changes, of which None removes one."""
    return {name: value for name, value in {**properties, **changes}.items() if value is not None}


# Commands


class RegisterVersion(Command):
    """Register the next version of a model.

    With an `idempotency_key`, the same key and digest always mean the same version.
    """

    artifact: Artifact
    change: Change | None = None
    """What is new since the last labelled version: it gives the version its MAJOR.MINOR.PATCH."""
    variants: Annotated[tuple[Variant, ...], Field(max_length=100)] = ()
    metrics: Annotated[dict[FactName, FiniteFloat], Field(max_length=5000)] = Field(
        default_factory=dict
    )
    params: Annotated[dict[FactName, Param], Field(max_length=5000)] = Field(default_factory=dict)
    tags: Tags = Field(default_factory=dict)
    properties: Properties = Field(default_factory=dict)
    lineage: Lineage = Lineage()
    signature: Signature | None = None
    evaluations: Annotated[tuple[Evaluation, ...], Field(max_length=500)] = ()
    terms: Terms | None = None
    description: Text = ""
    idempotency_key: Annotated[Label, Field(min_length=1)] | None = None
    recipe: Recipe | None = None
    """How it is made again from its data."""
    bundle: Bundle | None = None
    """A signature of the artifact, so that the first look of the gates finds it."""


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


class SetProperties(Command):
    """Set typed properties of a version, which must fit the namespace's metadata schema."""

    version: Number
    properties: SomeProperties


class LinkDocument(Command):
    """Link a document about a version: what explains it, its fairness, its risks."""

    version: Number
    kind: Literal["explainability", "fairness", "risk", "security", "legal", "other"]
    title: Annotated[AnyText, Field(min_length=1, max_length=500)]
    uri: Uri
    digest: Digest | None = None


class ArchiveVersion(Command):
    """Take a version out of use, with a reason; refused while it serves or has an alias."""

    version: Number
    reason: Reason


class RestoreVersion(Command):
    """Take an archived version into use again."""

    version: Number
    reason: Reason


VersionCommand: TypeAlias = (
    RegisterVersion
    | DescribeVersion
    | TagVersion
    | UntagVersion
    | SetProperties
    | LinkDocument
    | ArchiveVersion
    | RestoreVersion
)


def decide(state: Model, command: VersionCommand, context: Context) -> VersionEvent | Unchanged:
    """The event that `command` leads to."""
    match command:
        case RegisterVersion():
            return _register(state, command, context)
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
        case SetProperties(version=number, properties=properties):
            return _set_properties(state, number, properties, context)
        case LinkDocument():
            return _link(state, command)
        case ArchiveVersion(version=number, reason=reason):
            return _archive(state, number, reason)
        case RestoreVersion(version=number, reason=reason):
            if not state.version(number).archived:
                return Unchanged(version=number)
            return VersionRestored(version=number, reason=reason)


def _register(
    state: Model, command: RegisterVersion, context: Context
) -> VersionRegistered | Unchanged:
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
    namespace = context.namespace
    schema = namespace.schema
    if schema is not None and schema.enforced == "registration":
        bits = completeness.recorded(command)
        _refuse_incomplete(completeness.lacks(schema, bits, command.properties, state.owner))
    return VersionRegistered.of(
        version=state.next_version,
        registered_by=context.actor,
        artifact=command.artifact,
        label=label_after(state, command.change) if command.change else None,
        variants=command.variants,
        metrics=command.metrics,
        params=command.params,
        tags=command.tags,
        properties=command.properties,
        properties_schema=namespace.schema_version,
        lineage=command.lineage,
        signature=command.signature,
        evaluations=command.evaluations,
        terms=command.terms,
        description=command.description,
        idempotency_key=key,
        recipe=command.recipe,
        signed=Signed.read(command.bundle, digest) if command.bundle is not None else None,
    )


def _set_properties(
    state: Model, number: int, changes: dict[str, Any], context: Context
) -> PropertiesSet | Unchanged:
    version, namespace = state.version(number), context.namespace
    before = version.properties
    adapted = completeness.adapted(before, namespace.adapters[version.schema :])
    after = merged(adapted, changes)
    # What an adapter renamed goes and comes as well: the record says all that is different.
    gone = {name: None for name in sorted(before) if name not in after}
    come = {
        name: after[name]
        for name in sorted(after)
        if name not in before or not _same(before[name], after[name])
    }
    if not gone and not come:
        return Unchanged(version=number)
    if len(after) > KEPT_PROPERTIES:
        raise Refused("too_many", f"a version has at most {KEPT_PROPERTIES} properties")
    schema = namespace.schema
    if schema is not None and schema.enforced == "registration":
        bits = completeness.recorded_by_now(version)
        _refuse_incomplete(completeness.lacks(schema, bits, after, state.owner))
    return PropertiesSet(
        version=number, properties=gone | come, properties_schema=namespace.schema_version
    )


def _same(one: Any, other: Any) -> bool:
    return type(one) is type(other) and one == other  # to a schema, true is not 1


def _link(state: Model, command: LinkDocument) -> DocumentLinked | Unchanged:
    number = command.version
    linked = state.version(number).review.documents
    event = DocumentLinked(**command.model_dump())
    if event.link() in linked:
        return Unchanged(version=number)
    if len(linked) == KEPT_DOCUMENTS:
        raise Refused("too_many", f"version {number} has {KEPT_DOCUMENTS} documents already")
    return event


def _refuse_incomplete(lacks: list[str]) -> None:
    if lacks:
        raise Refused("incomplete", f"the metadata schema asks for more: {'; '.join(lacks)}")


def _archive(state: Model, number: int, reason: str) -> VersionArchived | Unchanged:
    if state.version(number).archived:
        return Unchanged(version=number)
    if places := state.serves_in(number):
        raise Refused(
            "serving", f"version {number} serves in {', '.join(places)}: replace it there first"
        )
    for rollout, live in state.rollouts.items():
        if number in (*live.arms, live.baseline):
            raise Refused("rollout_live", f"rollout {rollout} needs version {number}: end it first")
    if aliases := sorted(alias for alias, v in state.aliases.items() if v == number):
        raise Refused(
            "aliased", f"version {number} has the alias {', '.join(aliases)}: move it first"
        )
    return VersionArchived(version=number, reason=reason)
