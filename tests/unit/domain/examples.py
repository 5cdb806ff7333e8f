"""A small past that the specs share."""

from rollbook.domain.aliases import AliasSet
from rollbook.domain.catalog import ModelRegistered
from rollbook.domain.environments import VersionPromoted, VersionRolledBack
from rollbook.domain.lineage import Artifact
from rollbook.domain.versions import VersionArchived, VersionRegistered

ARTIFACT = Artifact(uri="s3://models/churn/1", digest="sha256:" + "1" * 64)
OTHER_ARTIFACT = Artifact(uri="s3://models/churn/2", digest="sha256:" + "2" * 64)

REGISTERED = ModelRegistered(description="who leaves", tags={"team": "growth"})
V1 = VersionRegistered(version=1, artifact=ARTIFACT, description="first", tags={"size": "small"})
V2 = VersionRegistered(version=2, artifact=OTHER_ARTIFACT)
V3 = VersionRegistered(version=3, artifact=OTHER_ARTIFACT)
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
