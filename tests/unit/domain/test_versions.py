from rollbook.domain.lineage import Dataset, Lineage, Signature
from rollbook.domain.versions import (
    KEPT_DOCUMENTS,
    KEPT_PROPERTIES,
    ArchiveVersion,
    DescribeVersion,
    DocumentLinked,
    LinkDocument,
    PropertiesSet,
    RegisterVersion,
    RestoreVersion,
    SetProperties,
    TagVersion,
    UntagVersion,
    VersionArchived,
    VersionDescribed,
    VersionRegistered,
    VersionRestored,
    VersionTagged,
    VersionUntagged,
)
from tests.support import spec
from tests.unit.domain.examples import (
    ARTIFACT,
    OTHER_ARTIFACT,
    REGISTERED,
    THREE_VERSIONS,
    V1,
    V2,
    archived,
    champion,
    promoted,
    schema,
)

TYPED = V1.model_copy(update={"properties": {"rows": 3, "team": "a"}})

# RegisterVersion


def test_the_registry_gives_the_next_number_and_keeps_all_facts() -> None:
    facts = RegisterVersion(
        artifact=ARTIFACT,
        metrics={"auc": 0.91},
        params={"depth": "8"},
        tags={"size": "small"},
        lineage=Lineage(run_id="r1", datasets=(Dataset(uri="s3://data/x"),)),
        signature=Signature(inputs=({"name": "age", "type": "long"},)),
        description="first",
        idempotency_key="run-1",
    )
    spec.given(REGISTERED, V1).when(facts).does(
        VersionRegistered(
            version=2,
            registered_by="pia",
            artifact=ARTIFACT,
            metrics={"auc": 0.91},
            params={"depth": "8"},
            tags={"size": "small"},
            lineage=Lineage(run_id="r1", datasets=(Dataset(uri="s3://data/x"),)),
            signature=Signature(inputs=({"name": "age", "type": "long"},)),
            description="first",
            idempotency_key="run-1",
        )
    )


def test_the_number_of_an_archived_version_is_not_given_again() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(RegisterVersion(artifact=ARTIFACT)).does(
        VersionRegistered(version=2, registered_by="pia", artifact=ARTIFACT)
    )


def test_without_an_idempotency_key_the_same_digest_is_another_version() -> None:
    spec.given(REGISTERED, V1).when(RegisterVersion(artifact=ARTIFACT)).does(
        VersionRegistered(version=2, registered_by="pia", artifact=ARTIFACT)
    )


def test_a_version_of_a_model_that_was_never_registered_is_refused() -> None:
    spec.given().when(RegisterVersion(artifact=ARTIFACT)).refuses("unknown_model")


def test_an_idempotency_key_cannot_stand_for_other_bytes() -> None:
    keyed = V1.model_copy(update={"idempotency_key": "run-1"})
    other = RegisterVersion(artifact=OTHER_ARTIFACT, idempotency_key="run-1")
    told = spec.given(REGISTERED, keyed).when(other).refuses("idempotency_conflict")
    assert ARTIFACT.digest in told


def test_the_same_key_and_the_same_bytes_are_the_same_version() -> None:
    keyed = V1.model_copy(update={"idempotency_key": "run-1"})
    same = RegisterVersion(artifact=ARTIFACT, metrics={"late": 1.0}, idempotency_key="run-1")
    spec.given(REGISTERED, keyed, V2).when(same).stays_quiet(version=1)


# DescribeVersion


def test_the_description_of_a_version_is_replaced() -> None:
    spec.given(REGISTERED, V1).when(DescribeVersion(version=1, description="best")).does(
        VersionDescribed(version=1, description="best")
    )


def test_a_version_that_does_not_exist_cannot_be_described() -> None:
    told = (
        spec.given(*THREE_VERSIONS)
        .when(DescribeVersion(version=4, description="x"))
        .refuses("unknown_version")
    )
    assert "versions 1 to 3" in told


def test_without_any_version_the_refusal_says_so() -> None:
    told = (
        spec.given(REGISTERED)
        .when(DescribeVersion(version=1, description="x"))
        .refuses("unknown_version")
    )
    assert "no versions yet" in told


def test_describing_a_version_as_it_is_described_stays_quiet() -> None:
    spec.given(REGISTERED, V1).when(DescribeVersion(version=1, description="first")).stays_quiet(
        version=1
    )


# TagVersion


def test_tags_of_a_version_are_set_beside_the_others() -> None:
    spec.given(REGISTERED, V1).when(TagVersion(version=1, tags={"gpu": "no"})).does(
        VersionTagged(version=1, tags={"gpu": "no"})
    )
    state = spec.fold(REGISTERED, V1, VersionTagged(version=1, tags={"gpu": "no"}))
    assert dict(state.versions[1].tags) == {"size": "small", "gpu": "no"}


def test_a_version_that_does_not_exist_cannot_be_tagged() -> None:
    spec.given(REGISTERED).when(TagVersion(version=1, tags={"a": "b"})).refuses("unknown_version")


def test_setting_tags_of_a_version_to_what_they_are_stays_quiet() -> None:
    spec.given(REGISTERED, V1).when(TagVersion(version=1, tags={"size": "small"})).stays_quiet(
        version=1
    )


# UntagVersion


def test_only_the_tags_that_a_version_has_are_removed() -> None:
    spec.given(REGISTERED, V1).when(UntagVersion(version=1, keys=("gpu", "size"))).does(
        VersionUntagged(version=1, keys=("size",))
    )


def test_a_version_that_does_not_exist_cannot_be_untagged() -> None:
    spec.given(REGISTERED).when(UntagVersion(version=1, keys=("size",))).refuses("unknown_version")


def test_removing_tags_that_a_version_does_not_have_stays_quiet() -> None:
    spec.given(REGISTERED, V1).when(UntagVersion(version=1, keys=("gpu",))).stays_quiet(version=1)


# ArchiveVersion


def test_a_version_that_nobody_uses_is_archived_with_the_reason() -> None:
    spec.given(REGISTERED, V1).when(ArchiveVersion(version=1, reason="old")).does(
        VersionArchived(version=1, reason="old")
    )


def test_a_version_that_has_left_production_can_be_archived() -> None:
    spec.given(*THREE_VERSIONS, promoted(1), promoted(2, 1)).when(
        ArchiveVersion(version=1, reason="old")
    ).does(VersionArchived(version=1, reason="old"))


def test_a_version_that_serves_cannot_be_archived() -> None:
    told = (
        spec.given(REGISTERED, V1, promoted(1), promoted(1, environment="canary"))
        .when(ArchiveVersion(version=1, reason="old"))
        .refuses("serving")
    )
    assert "canary, production" in told


def test_a_version_that_an_alias_points_at_cannot_be_archived() -> None:
    told = (
        spec.given(REGISTERED, V1, champion(1))
        .when(ArchiveVersion(version=1, reason="old"))
        .refuses("aliased")
    )
    assert "champion" in told


def test_archiving_an_archived_version_stays_quiet() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(
        ArchiveVersion(version=1, reason="again")
    ).stays_quiet(version=1)


# Labels


def test_a_version_is_labelled_by_what_changed() -> None:
    first = RegisterVersion(artifact=ARTIFACT, change="tweak")
    labelled = VersionRegistered(version=1, registered_by="pia", artifact=ARTIFACT, label="1.0.0")
    spec.given(REGISTERED).when(first).does(labelled)
    spec.given(REGISTERED, labelled, V2).when(first).does(
        VersionRegistered(version=3, registered_by="pia", artifact=ARTIFACT, label="1.0.1")
    )


# What the metadata schema asks for


def test_a_version_that_lacks_what_is_asked_for_is_not_registered() -> None:
    strict = schema({"required": ["run_id"], "enforced": "registration"})
    bare = RegisterVersion(artifact=ARTIFACT)
    told = spec.given(REGISTERED).when(bare, namespace=strict).refuses("incomplete")
    assert "run_id is missing" in told
    whole = RegisterVersion(artifact=ARTIFACT, lineage=Lineage(run_id="r1"))
    spec.given(REGISTERED).when(whole, namespace=strict).does(
        VersionRegistered(
            version=1,
            registered_by="pia",
            artifact=ARTIFACT,
            lineage=Lineage(run_id="r1"),
            properties_schema=1,
        )
    )


def test_what_is_asked_for_before_promotion_does_not_hinder_registration() -> None:
    lenient = schema({"required": ["run_id"]})
    spec.given(REGISTERED).when(RegisterVersion(artifact=ARTIFACT), namespace=lenient).does(
        VersionRegistered(version=1, registered_by="pia", artifact=ARTIFACT, properties_schema=1)
    )


# SetProperties


def test_properties_are_set_and_removed_beside_the_others() -> None:
    change = SetProperties(version=1, properties={"gpu": True, "rows": None, "none": None})
    event = PropertiesSet(version=1, properties={"rows": None, "gpu": True}, properties_schema=0)
    spec.given(REGISTERED, TYPED).when(change).does(event)
    after = spec.fold(REGISTERED, TYPED, event)
    assert dict(after.versions[1].properties) == {"gpu": True, "team": "a"}


def test_properties_move_to_the_names_that_later_schemas_gave_them() -> None:
    renamed = schema({"renamed": {"rows": "lines"}}, {"renamed": {"lines": "size"}})
    change = SetProperties(version=1, properties={"gpu": True})
    spec.given(REGISTERED, TYPED).when(change, namespace=renamed).does(
        PropertiesSet(
            version=1, properties={"rows": None, "gpu": True, "size": 3}, properties_schema=2
        )
    )


def test_properties_whose_names_were_exchanged_are_exchanged() -> None:
    exchanged = schema({"renamed": {"rows": "team", "team": "rows"}})
    change = SetProperties(version=1, properties={"gpu": True})
    spec.given(REGISTERED, TYPED).when(change, namespace=exchanged).does(
        PropertiesSet(
            version=1, properties={"gpu": True, "rows": "a", "team": 3}, properties_schema=1
        )
    )


def test_to_a_schema_true_is_not_1() -> None:
    one = PropertiesSet(version=1, properties={"gpu": 1}, properties_schema=0)
    spec.given(REGISTERED, V1, one).when(SetProperties(version=1, properties={"gpu": True})).does(
        PropertiesSet(version=1, properties={"gpu": True}, properties_schema=0)
    )


def test_properties_that_do_not_fit_the_schema_are_refused_without_their_value() -> None:
    typed = schema(
        {"properties": {"properties": {"gpu": {"type": "boolean"}}}, "enforced": "registration"}
    )
    told = (
        spec.given(REGISTERED, V1)
        .when(SetProperties(version=1, properties={"gpu": "secret"}), namespace=typed)
        .refuses("incomplete")
    )
    assert "properties.gpu" in told
    assert "secret" not in told


def test_a_version_has_a_bounded_number_of_properties() -> None:
    full = PropertiesSet(
        version=1, properties={str(n): n for n in range(KEPT_PROPERTIES)}, properties_schema=0
    )
    more = SetProperties(version=1, properties={"one more": 1})
    spec.given(REGISTERED, V1, full).when(more).refuses("too_many")


def test_setting_properties_to_what_they_are_stays_quiet() -> None:
    same = SetProperties(version=1, properties={"rows": 3, "none": None})
    spec.given(REGISTERED, TYPED).when(same).stays_quiet(version=1)


# LinkDocument

LINK = LinkDocument(version=1, kind="risk", title="Assessment", uri="https://h/risk.pdf")
LINKED = DocumentLinked(version=1, kind="risk", title="Assessment", uri="https://h/risk.pdf")


def test_a_document_is_linked() -> None:
    spec.given(REGISTERED, V1).when(LINK).does(LINKED)


def test_a_version_that_does_not_exist_has_no_documents() -> None:
    spec.given(REGISTERED).when(LINK).refuses("unknown_version")


def test_a_version_has_a_bounded_number_of_documents() -> None:
    past = [LINKED.model_copy(update={"title": str(n)}) for n in range(KEPT_DOCUMENTS)]
    spec.given(REGISTERED, V1, *past).when(LINK).refuses("too_many")


def test_linking_a_document_twice_stays_quiet() -> None:
    spec.given(REGISTERED, V1, LINKED).when(LINK).stays_quiet(version=1)


# RestoreVersion


def test_an_archived_version_is_restored() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(RestoreVersion(version=1, reason="needed")).does(
        VersionRestored(version=1, reason="needed")
    )
    restored = VersionRestored(version=1, reason="needed")
    assert spec.fold(REGISTERED, V1, archived(1), restored) == spec.fold(REGISTERED, V1)


def test_a_version_that_does_not_exist_cannot_be_restored() -> None:
    spec.given(REGISTERED).when(RestoreVersion(version=1, reason="x")).refuses("unknown_version")


def test_restoring_a_version_in_use_stays_quiet() -> None:
    spec.given(REGISTERED, V1).when(RestoreVersion(version=1, reason="x")).stays_quiet(version=1)
