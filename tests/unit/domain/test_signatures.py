from functools import cache
from hashlib import sha256
from pathlib import Path
from tempfile import TemporaryDirectory

from rollbook.domain.lineage import Artifact, Variant
from rollbook.domain.sealing import Seal
from rollbook.domain.signatures import (
    KEPT_SIGNATURES,
    AttachSignature,
    SignatureAttached,
    Signed,
)
from rollbook.domain.versions import RegisterVersion, VersionRegistered
from rollbook.signing.content import Content
from rollbook.signing.making import Signer, sign_content
from tests.support import spec
from tests.support.signers import pair
from tests.unit.domain.examples import REGISTERED, archived

DIGEST = "sha256:" + sha256(b"weights").hexdigest()
V1 = VersionRegistered(
    version=1, registered_by="pia", artifact=Artifact(uri="s3://models/churn/1", digest=DIGEST)
)


@cache
def bundles(digest: str = DIGEST) -> tuple[str, ...]:
    """More real signatures than a version may have, each by the same key and yet another one."""
    with TemporaryDirectory() as folder:
        key = pair(Path(folder), "anna").private
        content = Content.of_digest(digest)
        return tuple(sign_content(content, Signer(key)) for _ in range(KEPT_SIGNATURES + 1))


def attached(bundle: str) -> SignatureAttached:
    digest = "sha256:" + sha256(bundle.encode()).hexdigest()
    return SignatureAttached(
        version=1, signer=Seal.read(bundle).signer, digest=digest, bundle=bundle
    )


# AttachSignature


def test_a_signature_of_the_versions_bytes_is_attached() -> None:
    one, two, *_ = bundles()
    spec.given(REGISTERED, V1).when(AttachSignature(version=1, bundle=one)).does(attached(one))
    spec.given(REGISTERED, V1, attached(one)).when(AttachSignature(version=1, bundle=two)).does(
        attached(two)
    )


def test_a_signature_of_other_bytes_is_refused() -> None:
    other = bundles("sha256:" + "1" * 64)[0]
    told = (
        spec.given(REGISTERED, V1)
        .when(AttachSignature(version=1, bundle=other))
        .refuses("bad_signature")
    )
    assert DIGEST in told


def test_what_is_no_bundle_is_refused() -> None:
    for wrong in ("{}", "no", "[" * 100_000):
        spec.given(REGISTERED, V1).when(AttachSignature(version=1, bundle=wrong)).refuses(
            "bad_signature"
        )


def test_a_version_has_only_so_many_signatures() -> None:
    *kept, last = bundles()
    spec.given(REGISTERED, V1, *map(attached, kept)).when(
        AttachSignature(version=1, bundle=last)
    ).refuses("too_many")
    spec.given(REGISTERED, V1, *map(attached, kept)).when(
        AttachSignature(version=1, bundle=kept[0])
    ).stays_quiet(version=1)


def test_a_version_that_is_archived_is_signed_no_more() -> None:
    spec.given(REGISTERED, V1, archived(1)).when(
        AttachSignature(version=1, bundle=bundles()[0])
    ).refuses("archived")


def test_attaching_the_same_signature_again_stays_quiet() -> None:
    one = bundles()[0]
    spec.given(REGISTERED, V1, attached(one)).when(
        AttachSignature(version=1, bundle=one)
    ).stays_quiet(version=1)


OTHER = "sha256:" + sha256(b"small weights").hexdigest()
SMALL = Variant(uri="s3://models/churn/1.int8", digest=OTHER, name="int8", kind="quantised")
WITH_VARIANT = V1.model_copy(update={"variants": (SMALL,)})


def test_a_variant_is_signed_by_itself() -> None:
    one = bundles(OTHER)[0]
    given = spec.given(REGISTERED, WITH_VARIANT)
    given.when(AttachSignature(version=1, bundle=one, variant="int8")).does(
        attached(one).model_copy(update={"variant": "int8"})
    )
    given.when(AttachSignature(version=1, bundle=one)).refuses("bad_signature")
    given.when(AttachSignature(version=1, bundle=bundles()[0], variant="int8")).refuses(
        "bad_signature"
    )


def test_a_variant_that_there_is_not_cannot_be_signed() -> None:
    told = (
        spec.given(REGISTERED, WITH_VARIANT)
        .when(AttachSignature(version=1, bundle=bundles(OTHER)[0], variant="int4"))
        .refuses("unknown_variant")
    )
    assert "int8" in told


# RegisterVersion


def test_a_version_may_come_with_its_signature() -> None:
    one = bundles()[0]
    told = attached(one)
    signed = Signed(signer=told.signer, digest=told.digest, bundle=one)
    registered = V1.model_copy(update={"signed": signed})
    spec.given(REGISTERED).when(RegisterVersion(artifact=V1.artifact, bundle=one)).does(registered)
    spec.given(REGISTERED, registered).when(AttachSignature(version=1, bundle=one)).stays_quiet(
        version=1
    )


def test_a_version_does_not_come_with_a_signature_of_other_bytes() -> None:
    for wrong in ("{}", bundles(OTHER)[0]):
        spec.given(REGISTERED).when(RegisterVersion(artifact=V1.artifact, bundle=wrong)).refuses(
            "bad_signature"
        )
