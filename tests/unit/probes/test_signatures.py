"""Whose signatures count."""

from pathlib import Path

import pytest

from rollbook.domain.sealing import Seal
from rollbook.probes.signature import signature
from rollbook.signing.making import Signer, sign
from rollbook.signing.trust import Trust
from tests.support.signers import pair


@pytest.fixture
def model(tmp_path: Path) -> Path:
    (tmp_path / "m").write_bytes(b"a model")
    return tmp_path / "m"


async def test_right_signatures_of_those_who_are_trusted_count_each_by_its_name(
    model: Path,
) -> None:
    pairs = [pair(model.parent, name) for name in ("ada", "grace", "eve")]
    bundles = [sign(model, Signer(each.private)) for each in pairs]
    ada, grace, eve = (Seal.read(bundle).signer for bundle in bundles)
    trust = Trust.read(pairs[0].public, pairs[1].public)
    measured = await signature(bundles, model, trust)
    assert measured.numbers == {
        "signature.valid": 2,
        f"signature.valid.{ada}": 1,
        f"signature.valid.{grace}": 1,
    }
    assert measured.said == f"{eve} is not a key that is trusted"


async def test_one_over_other_bytes_does_not(model: Path) -> None:
    ada = pair(model.parent, "ada")
    bundle, trust = sign(model, Signer(ada.private)), Trust.read(ada.public)
    measured = await signature([bundle], ada.public, trust)
    assert measured.numbers == {"signature.valid": 0}
    assert measured.said


async def test_without_a_signature_nobody_has_signed(model: Path) -> None:
    measured = await signature([], model, Trust.read())
    assert (measured.numbers, measured.said) == ({"signature.valid": 0}, "nobody has signed it")
