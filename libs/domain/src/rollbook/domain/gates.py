"""The gates that a policy may name: what each of them asks of a version. Documents, no code."""

from datetime import timedelta
from typing import Annotated, Literal, TypeAlias

from pydantic import AfterValidator, Field, FiniteFloat, StringConstraints, model_validator

from rollbook.domain import expressions, frugality
from rollbook.domain.lineage import AnyText, Fact, Short, Specification
from rollbook.domain.moments import PositiveSpan
from rollbook.domain.names import NO_NUL, EnvironmentName, Glob, Uri
from rollbook.domain.rulebook import CoreField, Pii, Risk, Section
from rollbook.domain.tags import FactName

Expression: TypeAlias = Annotated[
    str,
    StringConstraints(pattern=NO_NUL, min_length=1, max_length=frugality.LONGEST),
    AfterValidator(expressions.checked),
]
"""A CEL expression that is true or false, over what `expressions` declares."""
Share: TypeAlias = Annotated[float, Field(gt=0, lt=1)]
Positive: TypeAlias = Annotated[FiniteFloat, Field(gt=0)]
NotNegative: TypeAlias = Annotated[FiniteFloat, Field(ge=0)]
Size: TypeAlias = Annotated[int, Field(ge=0, le=2**63 - 1, description="bytes")]


class AnyGate(Fact):
    """What every gate says, whatever it looks at."""

    gate: Short
    """Its name within the policy."""
    because: Annotated[AnyText, Field(max_length=2000)] = ""
    """Why it is asked for: people read it when a version fails it."""
    environments: Annotated[tuple[EnvironmentName, ...], Field(max_length=50)] = ()
    """Who fails it may not serve there; nothing: the version is rejected as a whole."""
    risks: Annotated[tuple[Risk, ...], Field(max_length=3)] = ()
    """The models that it looks at, by what a wrong prediction may cost; nothing: all."""
    missing: Literal["fail", "skip"] = "fail"
    """What it makes of a version that lacks what it looks at."""
    timeout: PositiveSpan = timedelta(minutes=1)
    retries: Annotated[int, Field(ge=0, le=10)] = 1
    """How often what could not be measured is tried again."""


class ExpressionGate(AnyGate):
    """A condition in CEL."""

    kind: Literal["expression"]
    expression: Expression


class MetadataGate(AnyGate):
    """The record must hold these, and what the metadata schema of the namespace asks for."""

    kind: Literal["metadata"]
    required: Annotated[tuple[CoreField, ...], Field(max_length=50)] = ()
    by_schema: bool = True


class CardGate(AnyGate):
    """The model card must have these sections."""

    kind: Literal["card"]
    sections: Annotated[tuple[Section, ...], Field(max_length=50)] = ()


class ArtifactGate(AnyGate):
    """The bytes are there, are what the digest says, and are no larger than this."""

    kind: Literal["artifact"]
    most: Size | None = None
    formats: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    """Allowed ones; nothing: all."""
    every_file: bool = True
    """The variants as well."""


class SignatureGate(AnyGate):
    """Somebody who may has signed the bytes."""

    kind: Literal["signature"]
    signers: Annotated[tuple[Glob, ...], Field(max_length=100)] = ("*",)
    every_file: bool = False
    """The variants as well, each by the same signer."""


class LoadGate(AnyGate):
    """The model loads, in a process of its own."""

    kind: Literal["load"]
    memory: Size = 2_000_000_000
    formats: Annotated[tuple[Short, ...], Field(max_length=50)] = ()
    """Allowed ones; nothing: all that can be loaded."""
    allow_pickle: bool = False
    """Whether a format that runs code when it is loaded may be loaded, if a scan finds nothing."""


class InterfaceGate(AnyGate):
    """Inputs and outputs are compatible with those of what serves."""

    kind: Literal["interface"]
    serving: EnvironmentName = "production"


class MetricGate(AnyGate):
    """A metric, by itself or beside that of what serves."""

    kind: Literal["metric"]
    metric: FactName
    better: Literal["higher", "lower"] = "higher"
    least: FiniteFloat | None = None
    most: FiniteFloat | None = None
    champion: EnvironmentName | None = None
    """Where the version serves with which it is compared; without one there, it passes."""
    ratio: Positive | None = None
    """Of the champion's value: at least that much where higher is better, else at most."""
    margin: NotNegative | None = None
    """How much worse than the champion it may be, for certain: by its confidence interval."""
    confidence: Share = 0.95
    """Of the interval; where only the number of samples is known, one is made for a proportion.
    Where neither is, the margin cannot be judged: `missing` says what then."""

    @model_validator(mode="after")
    def _asks(self) -> "MetricGate":
        if self.least is None and self.most is None and self.champion is None:
            raise ValueError("must say least, most or champion")
        if (self.ratio is not None or self.margin is not None) and self.champion is None:
            raise ValueError("ratio and margin need a champion")
        if self.least is not None and self.most is not None and self.least > self.most:
            raise ValueError("least must not be above most")
        return self


class SliceGate(AnyGate):
    """A metric on every slice of the data: none is far below the whole or the floor."""

    kind: Literal["slices"]
    metric: FactName
    better: Literal["higher", "lower"] = "higher"
    worst: FiniteFloat | None = None
    """What every slice must reach."""
    gap: NotNegative | None = None
    """How far a slice may be from the whole."""
    samples: Annotated[int, Field(ge=0)] = 30
    """Slices with fewer are not judged, and are told."""

    @model_validator(mode="after")
    def _asks(self) -> "SliceGate":
        if self.worst is None and self.gap is None:
            raise ValueError("must say worst or gap")
        return self


class FairnessGate(AnyGate):
    """Groups of people are treated alike."""

    kind: Literal["fairness"]
    measure: Literal["demographic_parity", "equalised_odds"]
    attribute: Short
    """Name of the slices that are the groups, such as `sex`."""
    difference: NotNegative = 0.1
    """The largest one between two groups."""
    samples: Annotated[int, Field(ge=1)] = 30
    """A group with fewer cannot be judged: the gate fails, or is skipped by `missing`."""


class PerformanceGate(AnyGate):
    """How fast and how large the model is when it is really called."""

    kind: Literal["performance"]
    p50: Positive | None = Field(default=None, description="milliseconds")
    p95: Positive | None = Field(default=None, description="milliseconds")
    p99: Positive | None = Field(default=None, description="milliseconds")
    throughput: Positive | None = Field(default=None, description="rows a second")
    memory: Size | None = None
    calls: Annotated[int, Field(ge=10, le=100_000)] = 200
    batch: Annotated[int, Field(ge=1, le=10_000)] = 1
    allow_pickle: bool = False


class DataGate(AnyGate):
    """The data of the version beside the reference profile: quality and drift by feature."""

    kind: Literal["data"]
    psi: Positive = 0.2
    """The largest population stability index of a feature."""
    nulls: Annotated[float, Field(ge=0, le=1)] = 0.05
    """The largest share of missing values of a feature."""


class ReproductionGate(AnyGate):
    """Rebuilt by the registered recipe, the metrics come out the same."""

    kind: Literal["reproduction"]
    metrics: Annotated[tuple[FactName, ...], Field(min_length=1, max_length=50)]
    tolerance: NotNegative = 0.001
    same_bytes: bool = False
    """Whether the rebuilt model must have the registered digest as well."""
    memory: Size = 2_000_000_000
    """What rebuilding may take."""


class TermsGate(AnyGate):
    """Licence and personal data."""

    kind: Literal["terms"]
    licences: Annotated[tuple[Short, ...], Field(max_length=500)] = ()
    """Allowed SPDX identifiers; nothing: all that are known."""
    pii: Pii | None = None
    """The most personal data that may be in it."""
    consent: bool = False
    """Where personal data is in it, what its use rests on must be said."""


class AnomalyGate(AnyGate):
    """A metric jumps further than versions before it would make one expect."""

    kind: Literal["anomaly"]
    metric: FactName
    deviations: Positive = 6.0
    """From the median of the versions before, in median absolute deviations."""
    history: Annotated[int, Field(ge=3, le=1000)] = 20
    """How many versions before it count; with fewer than 3 it passes."""


class WebhookGate(AnyGate):
    """Somebody else's verdict, asked for by HTTP."""

    kind: Literal["webhook"]
    url: Uri


class PluginGate(AnyGate):
    """A gate that is installed beside the validator: the entry point of this name."""

    kind: Literal["plugin"]
    plugin: Short
    settings: Specification = Field(default_factory=dict)


Gate: TypeAlias = Annotated[
    ExpressionGate
    | MetadataGate
    | CardGate
    | ArtifactGate
    | SignatureGate
    | LoadGate
    | InterfaceGate
    | MetricGate
    | SliceGate
    | FairnessGate
    | PerformanceGate
    | DataGate
    | ReproductionGate
    | TermsGate
    | AnomalyGate
    | WebhookGate
    | PluginGate,
    Field(discriminator="kind"),
]
