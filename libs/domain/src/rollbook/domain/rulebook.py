"""The documents that govern a namespace: rules, metadata schemas, retention of artifacts."""

from datetime import timedelta
from functools import lru_cache
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, TypeAdapter, ValidationError, model_validator
from pydantic.types import StringConstraints
from pydantic_core import SchemaError

from rollbook.domain.lineage import AnyText, Fact, Short, Specification
from rollbook.domain.moments import PositiveSpan
from rollbook.domain.names import EnvironmentName, Glob, TagKey, Title

Risk: TypeAlias = Literal["minimal", "limited", "high"]
"""What a wrong prediction may cost, in the words of the EU AI Act."""

Pii: TypeAlias = Literal["none", "pseudonymous", "personal", "sensitive"]
PII_LEVELS: tuple[Pii, ...] = ("none", "pseudonymous", "personal", "sensitive")

Quorum: TypeAlias = Annotated[dict[Title, Annotated[int, Field(ge=1, le=20)]], Field(max_length=20)]
"""How many signatures are asked for in the name of each title; `approver` is any approver's."""

Section: TypeAlias = Literal[
    "summary",
    "owners",
    "intended_use",
    "out_of_scope",
    "training_data",
    "evaluation_data",
    "metrics",
    "subgroups",
    "limitations",
    "ethics",
    "environmental_impact",
    "review_by",
]
"""A section of a model card."""

CoreField: TypeAlias = Literal[
    "run_id",
    "code_commit",
    "training_data",
    "training_data_digest",
    "validation_data",
    "features",
    "environment",
    "runtime",
    "metrics",
    "params",
    "signature",
    "description",
    "licence",
    "data_use",
    "consent",
    "pii",
    "evaluations",
    "owner",
]
"""Something that the record of a version may have to hold, beside what its properties must be."""


@lru_cache(maxsize=256)
def _compiled(pattern: str) -> TypeAdapter[str]:
    return TypeAdapter(Annotated[str, StringConstraints(pattern=pattern)])


def _pattern(value: str) -> str:
    try:
        _compiled(value)
        _compiled(_whole(value))  # a comment in it would end it otherwise
    except SchemaError as error:
        raise ValueError(f"is no regular expression: {error}") from None
    return value


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


Pattern: TypeAlias = Annotated[AnyText, Field(max_length=500), AfterValidator(_pattern)]
"""A regular expression of Rust's `regex`, which takes linear time whatever it is given."""


def fits(name: str, pattern: str) -> bool:
    """Whether a name as a whole matches a `Pattern`."""
    try:
        _compiled(_whole(pattern)).validate_python(name)
    except ValidationError:
        return False
    return True


class EnvironmentRule(Fact):
    """What it takes to serve in an environment."""

    name: EnvironmentName
    region: Short | None = None
    description: Annotated[AnyText, Field(max_length=2000)] = ""
    protected: bool = False
    """Promotion only by a request, which at least one approver signs."""
    after: EnvironmentName | None = None
    """The environment in which the version must serve, or have served until another replaced it;
    one that was rolled back or cleared out of there does not count."""
    validated: bool = False
    """The gates must have passed it."""
    metadata: bool = False
    """What the metadata schema asks for must be there."""
    card: Annotated[tuple[Section, ...], Field(max_length=50)] = ()
    """Sections that its card must have; a card that is stale does not count."""
    pii: Pii | None = None
    """The most personal data that may be in it; a version that does not say may not enter."""
    licences: Annotated[tuple[Short, ...], Field(max_length=500)] = ()
    """SPDX identifiers that are allowed; nothing: all."""
    approvals: dict[Risk, Quorum] = Field(default_factory=dict)
    """Who must sign, by the model's risk; a risk that is not named needs nobody."""

    def quorum(self, risk: Risk) -> Quorum:
        """Who must sign a promotion of a model of this risk."""
        return self.approvals.get(risk) or ({"approver": 1} if self.protected else {})


class Rules(Fact):
    """What holds in a namespace. The defaults restrict nothing."""

    environments: Annotated[tuple[EnvironmentRule, ...], Field(max_length=200)] = ()
    """The environments that exist; nothing: any name will do, without conditions."""
    protected_aliases: Annotated[tuple[Glob, ...], Field(max_length=200)] = ()
    """Aliases that only a releaser may move."""
    naming: Pattern | None = None
    """What the names of new models must match as a whole."""
    default_risk: Risk = "limited"
    """Of models that nobody has classified."""
    request_expires: PositiveSpan = timedelta(days=14)
    request_escalates: PositiveSpan = timedelta(hours=24)
    """How long nobody need decide; as long as a request lives, or longer: it never escalates."""
    escalate_to: Title = "admin"

    @model_validator(mode="after")
    def _consistent(self) -> "Rules":
        names = [rule.name for rule in self.environments]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"environments: {name!r} stands there twice")
        for rule in self.environments:
            if rule.after is not None and rule.after not in names:
                raise ValueError(f"environments: {rule.name!r} comes after {rule.after!r}: unknown")
        for rule in self.environments:
            seen, place = {rule.name}, rule.after
            while place is not None:
                if place in seen:
                    raise ValueError(f"environments: {rule.name!r} comes after itself")
                seen.add(place)
                place = next(r.after for r in self.environments if r.name == place)
        return self

    def environment(self, name: str) -> EnvironmentRule | None:
        """The rule of an environment, or None where there is none."""
        return next((rule for rule in self.environments if rule.name == name), None)


class MetadataSchema(Fact):
    """What the record of a version must hold."""

    properties: Specification = Field(default_factory=dict)
    """JSON Schema (2020-12) of the typed properties: types, vocabularies (`enum`), `required`."""
    required: Annotated[tuple[CoreField, ...], Field(max_length=50)] = ()
    enforced: Literal["registration", "promotion"] = "promotion"
    """When a version that lacks something is refused."""
    renamed: Annotated[dict[TagKey, TagKey], Field(max_length=200)] = Field(default_factory=dict)
    """Adapter for properties of the schema before: old name -> new name."""

    @model_validator(mode="after")
    def _distinct(self) -> "MetadataSchema":
        if len(set(self.renamed.values())) < len(self.renamed):
            raise ValueError("renamed: two properties cannot get one name")
        return self


class Retention(Fact):
    """The lifecycle of artifacts. What serves, has an alias or is held is never touched."""

    keep_last: Annotated[int, Field(ge=0, le=1_000_000)] = 5
    """The newest versions of each model, which stay where they are."""
    archive_after: PositiveSpan | None = None
    """Time since registration after which an artifact moves to the archive tier; None: never."""
    delete_after: PositiveSpan | None = None
    """Time since its version was archived after which an artifact goes; None: never."""
