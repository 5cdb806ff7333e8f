"""Whose signatures count."""

from pathlib import Path

import pytest

from rollbook.domain.gates import SignatureGate
from rollbook.probes.signature import signature
from rollbook.signing.making import Signer, sign
from rollbook.signing.trust import Trust
from tests.support.signers import pair


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "m").write_bytes(b"a model")
    return tmp_path / "m"


def gate(*signers: str) -> SignatureGate:
    return SignatureGate(kind="signature", gate="signed", signers=signers)


async def test_a_right_signature_of_somebody_who_may_sign_counts(model: Path) -> None:
    ada = pair(model.parent, "ada")
    bundle, trust = sign(model, Signer(ada.private)), Trust.read(ada.public)
    measured = await signature(gate("*"), [bundle], model, trust)
    assert (measured.numbers, measured.said) == ({"signature.valid": 1}, "")


async def test_one_of_somebody_else_does_not_and_the_reason_names_them(model: Path) -> None:
    ada = pair(model.parent, "ada")
    bundle, trust = sign(model, Signer(ada.private)), Trust.read(ada.public)
    measured = await signature(gate("grace@*"), [bundle], model, trust)
    assert measured.numbers == {"signature.valid": 0}
    assert "is none of its signers" in measured.said


async def test_one_over_other_bytes_does_not(model: Path) -> None:
    ada = pair(model.parent, "ada")
    bundle, trust = sign(model, Signer(ada.private)), Trust.read(ada.public)
    measured = await signature(gate("*"), [bundle], ada.public, trust)
    assert measured.numbers == {"signature.valid": 0}
    assert measured.said


async def test_without_a_signature_nobody_has_signed(model: Path) -> None:
    measured = await signature(gate("*"), [], model, Trust.read())
    assert (measured.numbers, measured.said) == ({"signature.valid": 0}, "nobody has signed it")
