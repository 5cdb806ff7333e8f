"""What a record names is the same node for whoever names the same thing."""

from hypothesis import given

from rollbook.domain.lineage import Dataset, Feature, Lineage, Runtime
from rollbook.lineage.graph import Kind, Relation
from rollbook.lineage.origins import NAMED, origins
from tests.unit.lineage.records import lineages

DIGEST = "sha256:" + "a" * 64


def ids(lineage: Lineage, kind: Kind) -> list[str]:
    return [o.node.id for o in origins(lineage) if o.node.kind is kind]


@given(lineages)
def test_every_data_set_and_every_parent_is_named_with_what_it_was_for(lineage: Lineage) -> None:
    found = list(origins(lineage))
    used = [(o.node.facts["uri"], o.how) for o in found if o.node.kind is Kind.DATASET]
    assert used == [(dataset.uri, dataset.role) for dataset in lineage.datasets]
    made_from = [(o.node.label, o.how) for o in found if o.relation is Relation.DERIVED]
    assert made_from == [(f"{p.model}@{p.version}", p.relation) for p in lineage.parents]


def test_the_same_bytes_are_one_data_set_wherever_they_lie() -> None:
    one = Lineage(datasets=(Dataset(uri="s3://a/b", digest=DIGEST),))
    other = Lineage(datasets=(Dataset(uri="gs://c/d", digest=DIGEST),))
    unknown = Lineage(datasets=(Dataset(uri="s3://a/b"),))
    assert ids(one, Kind.DATASET) == ids(other, Kind.DATASET) == [f"dataset:{DIGEST}"]
    assert ids(unknown, Kind.DATASET) == ["dataset:s3://a/b"]


def test_a_feature_set_is_told_by_its_content_and_not_by_its_order() -> None:
    def of(*names: str) -> Lineage:
        return Lineage(features=tuple(Feature(name=name) for name in names))

    assert ids(of("age", "income"), Kind.FEATURES) == ids(of("income", "age"), Kind.FEATURES)
    assert ids(of("age", "income"), Kind.FEATURES) != ids(of("age", "region"), Kind.FEATURES)
    (many,) = origins(of(*(f"f{n}" for n in range(5_000))))
    names = many.node.facts["names"]
    assert isinstance(names, list)
    assert (many.node.label, len(names)) == ("5000 features", NAMED)


def test_an_image_and_a_locked_environment_are_things_that_versions_share() -> None:
    runtime = Runtime(python="3.11", image="reg/train:1", lock_digest=DIGEST)
    found = [origin.node.id for origin in origins(Lineage(runtime=runtime))]
    assert found == ["image:reg/train:1", f"environment:{DIGEST}"]
    pinned = Lineage(environment={"numpy": "2.0"})
    assert ids(pinned, Kind.ENVIRONMENT) == ids(pinned.model_copy(), Kind.ENVIRONMENT)
    assert ids(Lineage(environment={"numpy": "2.1"}), Kind.ENVIRONMENT) != ids(
        pinned, Kind.ENVIRONMENT
    )


def test_a_record_that_names_nothing_has_no_origins() -> None:
    assert list(origins(Lineage())) == []
