"""Signatures from the pipeline that makes them to the program that loads what was signed."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from rollbook.client import Refused, Registry
from rollbook.domain.lineage import Artifact
from rollbook.signing.content import Content
from rollbook.signing.errors import BadSignature
from rollbook.signing.loading import WrongBytes, verified
from rollbook.signing.making import Signer, sign
from rollbook.signing.trust import Trust
from tests.integration.query.system import Caller, System
from tests.support.signers import Authority, pair


@pytest.fixture
def registry(system: System) -> Iterator[Registry]:
    with Registry(system.url, actor="ann") as made:
        yield made


@pytest.fixture
def model(tmp_path: Path, registry: Registry, caller: Caller) -> Path:
    """A folder that is version 1 of the caller's model."""
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "weights.bin").write_bytes(b"weights")
    (folder / "config.json").write_text("{}")
    digest = Content.of_path(folder).digest
    registry.register_model(caller.model)
    registry.register_version(caller.model, Artifact(uri="s3://b/m", digest=digest))
    return folder


def test_what_somebody_trusted_signed_may_be_loaded(
    registry: Registry, caller: Caller, model: Path, tmp_path: Path
) -> None:
    key = pair(tmp_path, "anna")
    trust = Trust.read(key.public)
    with pytest.raises(BadSignature, match="nobody has signed it"):
        verified(model, registry, caller.model, 1, trust)
    registry.attach_signature(caller.model, 1, sign(model, Signer(key.private)))
    (signer,) = verified(model, registry, caller.model, 1, trust)
    (signed,) = registry.signatures(caller.model, 1)
    assert (signed.signer, signed.name, signed.attached_by) == (signer, None, "ann")
    stranger = Trust.read(pair(tmp_path, "stranger").public)
    with pytest.raises(BadSignature, match="not a key that is trusted"):
        verified(model, registry, caller.model, 1, stranger)


def test_bytes_that_were_changed_are_not_loaded(
    registry: Registry, caller: Caller, model: Path, tmp_path: Path
) -> None:
    key = pair(tmp_path, "anna")
    registry.attach_signature(caller.model, 1, sign(model, Signer(key.private)))
    (model / "weights.bin").write_bytes(b"evil")
    with pytest.raises(WrongBytes, match="and version 1"):
        verified(model, registry, caller.model, 1, Trust.read(key.public))
    with pytest.raises(WrongBytes, match="cannot be read"):
        verified(model / "gone", registry, caller.model, 1, Trust.read(key.public))
    with pytest.raises(Refused, match="other bytes"):
        registry.attach_signature(caller.model, 1, sign(model, Signer(key.private)))


def test_a_certificate_tells_whom_it_names(
    registry: Registry, caller: Caller, model: Path, tmp_path: Path
) -> None:
    ours = Authority(tmp_path, "ours")
    dora = ours.certify("dora", "dora@example.org")
    before = registry.attach_signature(
        caller.model, 1, sign(model, Signer(dora.key, dora.certificate))
    )
    other = pair(tmp_path, "anna")
    registry.attach_signature(caller.model, 1, sign(model, Signer(other.private)))
    found = registry.signatures(caller.model, 1)
    assert [signed.name for signed in found] == ["dora@example.org", None]
    assert registry.signatures(caller.model, 1, as_of=before.position) == found[:1]
    (signer,) = verified(model, registry, caller.model, 1, Trust.read(ours.certificate))
    assert signer == found[0].signer


def test_there_are_no_signatures_of_what_does_not_exist(
    registry: Registry, caller: Caller, model: Path
) -> None:
    with pytest.raises(Refused, match="none of them is 7"):
        registry.signatures(caller.model, 7)
