"""A small past that the specs share."""

from rollbook.domain.aliases import AliasSet
from rollbook.domain.catalog import ModelRegistered, ModelRetired
from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.domain.lineage import Artifact
from rollbook.domain.rulebook import MetadataSchema, Rules
from rollbook.domain.rules import MetadataSchemaSet, RulesSet
from rollbook.domain.tenancy import Namespace
from rollbook.domain.validation import GateResult, VersionRejected, VersionValidated
from rollbook.domain.versions import VersionArchived, VersionRegistered
from tests.support import spec

ARTIFACT = Artifact(uri="s3://models/churn/1", digest="sha256:" + "1" * 64)
OTHER_ARTIFACT = Artifact(uri="s3://models/churn/2", digest="sha256:" + "2" * 64)

REGISTERED = ModelRegistered(description="who leaves", tags={"team": "growth"})
RETIRED = ModelRetired(reason="replaced")
V1 = VersionRegistered(
    version=1,
    registered_by="pia",
    artifact=ARTIFACT,
    description="first",
    tags={"size": "small"},
)
V2 = VersionRegistered(version=2, registered_by="pia", artifact=OTHER_ARTIFACT)
V3 = VersionRegistered(version=3, registered_by="pia", artifact=OTHER_ARTIFACT)
THREE_VERSIONS = (REGISTERED, V1, V2, V3)


def promoted(
    version: int, replaced: int | None = None, environment: str = "production"
) -> VersionPromoted:
    return VersionPromoted(version=version, environment=environment, replaced=replaced)


def rolled_back(
    version: int, restored: int, environment: str = "production", reason: str = "worse"
) -> VersionRolledBack:
    return VersionRolledBack(
        version=version, environment=environment, restored=restored, reason=reason
    )


def archived(version: int) -> VersionArchived:
    return VersionArchived(version=version, reason="old")


def champion(version: int, replaced: int | None = None) -> AliasSet:
    return AliasSet(alias="champion", version=version, replaced=replaced)


PASSED = GateResult(gate="auc", outcome="passed")
FAILED = GateResult(gate="auc", outcome="failed", reason="0.8 < 0.9")
DIGEST = "sha256:" + "d" * 64


def validated(version: int) -> VersionValidated:
    return VersionValidated(version=version, gates=(PASSED,), digest=DIGEST)


def rejected(version: int) -> VersionRejected:
    return VersionRejected(version=version, gates=(FAILED,), digest=DIGEST)


def governed(**rules: object) -> Namespace:
    """A namespace with these rules, as a document holds them."""
    return spec.govern(RulesSet(version=1, rules=Rules.model_validate(rules)))


def production(**rule: object) -> Namespace:
    """A namespace in which there are two environments, and production has a rule."""
    return governed(environments=[{"name": "staging"}, {"name": "production", **rule}])


def schema(*documents: object) -> Namespace:
    """A namespace whose metadata schema was set to each of these documents in turn."""
    steps = [MetadataSchema.model_validate(document) for document in documents]
    return spec.govern(*(MetadataSchemaSet(version=n, metadata=s) for n, s in enumerate(steps, 1)))
