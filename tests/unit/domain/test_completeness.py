from rollbook.domain.catalog import OwnerAssigned
from rollbook.domain.completeness import BITS, TOLD, adapted, lacks, lacks_of, recorded
from rollbook.domain.evaluations import Evaluation, EvaluationRecorded, Measure
from rollbook.domain.lineage import Dataset, Feature, Lineage, Runtime, Signature, Terms
from rollbook.domain.rulebook import MetadataSchema
from rollbook.domain.versions import RegisterVersion, VersionDescribed
from tests.support import spec
from tests.unit.domain.examples import ARTIFACT, DIGEST, REGISTERED, V1, V2, schema

WHOLE = RegisterVersion(
    artifact=ARTIFACT,
    metrics={"auc": 0.9},
    params={"depth": "8"},
    lineage=Lineage(
        run_id="r",
        code_commit="c",
        datasets=(
            Dataset(uri="s3:a", digest=DIGEST),
            Dataset(uri="s3:b", role="validation"),
        ),
        features=(Feature(name="age"),),
        environment={"numpy": "2"},
        runtime=Runtime(),
    ),
    signature=Signature(),
    evaluations=(Evaluation(metrics={"auc": Measure(value=0.9)}),),
    terms=Terms(licence="MIT", data_use=("research",), consent="contract", pii="none"),
    description="x",
)


def test_each_core_field_has_a_bit_of_its_own() -> None:
    assert sum(BITS.values()) == (1 << len(BITS) - 1) - 1
    assert recorded(WHOLE) == sum(BITS.values())
    assert recorded(RegisterVersion(artifact=ARTIFACT)) == 0


def test_a_schema_names_each_field_that_is_missing() -> None:
    asked = MetadataSchema(required=tuple(BITS))
    assert lacks(asked, recorded(WHOLE), {}, "pia") == []
    assert lacks(asked, recorded(WHOLE), {}, None) == ["owner is missing"]
    assert lacks(asked, 0, {}, "pia")[0] == "run_id is missing"
    assert len(lacks(asked, 0, {}, None)) == len(BITS)


def test_many_lacks_are_told_in_part() -> None:
    many = MetadataSchema(properties={"required": [str(n) for n in range(100)]})
    assert len(lacks(many, 0, {}, None)) == TOLD


def test_what_came_after_registration_counts() -> None:
    asked = schema({"required": ["description", "evaluations", "owner"]})
    evaluation = Evaluation(metrics={"auc": Measure(value=0.9)})
    later = (
        VersionDescribed(version=2, description="x"),
        EvaluationRecorded(version=2, number=1, evaluation=evaluation, digest=DIGEST),
        OwnerAssigned(owner="pia"),
    )
    bare, full = spec.fold(REGISTERED, V1, V2), spec.fold(REGISTERED, V1, V2, *later)
    assert len(lacks_of(bare, bare.versions[2], asked)) == 3
    assert lacks_of(full, full.versions[2], asked) == []
    undescribed = spec.fold(REGISTERED, V1, VersionDescribed(version=1, description=""))
    assert "description is missing" in lacks_of(undescribed, undescribed.versions[1], asked)


def test_properties_are_read_under_the_names_of_today() -> None:
    asked = schema({}, {"renamed": {"a": "b"}}, {"renamed": {"b": "c"}, "properties": NEEDS_C})
    old = spec.fold(REGISTERED, V1.model_copy(update={"properties": {"a": 1}}))
    assert lacks_of(old, old.versions[1], asked) == []


NEEDS_C = {"required": ["c"]}


def test_a_name_that_is_taken_is_not_overwritten_by_an_adapter() -> None:
    for properties in ({"a": 1, "b": 2}, {"b": 2, "a": 1}):
        assert adapted(properties, [{"a": "b"}]) == {"b": 2}


def test_reasons_come_in_one_order_and_without_values() -> None:
    typed = MetadataSchema(
        properties={"properties": {"a": {"type": "integer"}, "b": {"enum": ["x", "y"]}}}
    )
    one = lacks(typed, 0, {"a": "secret", "b": "secret"}, None)
    other = lacks(typed, 0, {"b": "secret", "a": "secret"}, None)
    assert one == other
    assert [reason.split(":")[0] for reason in one] == ["properties.a", "properties.b"]
    assert "secret" not in "".join(one)
