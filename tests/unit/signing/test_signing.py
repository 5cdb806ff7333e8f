"""Signatures that are right, and all the ways in which one is not."""

import json
from base64 import b64decode, b64encode
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import assume, given
from hypothesis import strategies as st
from model_signing import signing as openssf
from model_signing import verifying

from rollbook.artifacts.listings import text_of
from rollbook.domain.sealing import Seal
from rollbook.signing.content import Content
from rollbook.signing.errors import BadSignature, BadTrust, CannotSign
from rollbook.signing.making import Signer, sign, sign_content
from rollbook.signing.trust import Trust
from rollbook.signing.verification import valid, verify, verify_content
from tests.support.signers import Authority, Pair, pair


@pytest.fixture
def model(tmp_path: Path) -> Path:
    folder = tmp_path / "model"
    (folder / "weights").mkdir(parents=True)
    (folder / "config.json").write_text("{}")
    (folder / "weights" / "a.bin").write_bytes(b"a" * 1000)
    (folder / "weights.txt").write_text("sorts otherwise by parts than by bytes")
    return folder


@pytest.fixture
def anna(tmp_path: Path) -> Pair:
    return pair(tmp_path, "anna")


def _payload(bundle: str, old: str, new: str) -> str:
    document = json.loads(bundle)
    text = b64decode(document["dsseEnvelope"]["payload"]).decode()
    assert old in text
    document["dsseEnvelope"]["payload"] = b64encode(text.replace(old, new).encode()).decode()
    return json.dumps(document)


def test_what_somebody_trusted_has_signed_is_right(model: Path, anna: Pair) -> None:
    bundle = sign(model, Signer(anna.private))
    trust = Trust.read(anna.public)
    assert verify(bundle, model, trust) == Seal.read(bundle).signer
    assert Seal.read(bundle).covers(Content.of_path(model).digest)


@pytest.mark.parametrize("curve", [ec.SECP256R1(), ec.SECP384R1(), ec.SECP521R1()])
def test_a_single_file_is_signed_as_itself(tmp_path: Path, curve: ec.EllipticCurve) -> None:
    file, key = tmp_path / "model.onnx", pair(tmp_path, "key", curve)
    file.write_bytes(b"weights")
    bundle = sign(file, Signer(key.private))
    moved = file.rename(tmp_path / "other.onnx")
    verify(bundle, moved, Trust.read(key.public))
    assert Seal.read(bundle).covers(Content.of_path(moved).digest)


def test_bytes_that_the_store_has_checked_need_not_be_read(model: Path, anna: Pair) -> None:
    bundle, trust = sign(model, Signer(anna.private)), Trust.read(anna.public)
    content = Content.of_path(model)
    verify_content(bundle, Content.of_listing(text_of(content.files)), trust)
    file = sign(model / "config.json", Signer(anna.private))
    of_digest = Content.of_digest(Content.of_path(model / "config.json").digest)
    verify_content(file, of_digest, trust)


def test_each_difference_is_named(model: Path, anna: Pair) -> None:
    bundle, trust = sign(model, Signer(anna.private)), Trust.read(anna.public)
    (model / "config.json").write_text('{"evil": true}')
    (model / "weights" / "a.bin").unlink()
    (model / "more.bin").touch()
    said = "changed: config.json; missing: weights/a.bin; not signed: more.bin"
    with pytest.raises(BadSignature, match=said):
        verify(bundle, model, trust)


def test_a_hidden_file_of_git_is_signed_as_well(model: Path, anna: Pair) -> None:
    bundle = sign(model, Signer(anna.private))
    (model / ".gitattributes").write_text("*.bin filter=evil")
    with pytest.raises(BadSignature, match=r"not signed: \.gitattributes"):
        verify(bundle, model, Trust.read(anna.public))


def test_who_is_not_trusted_has_not_signed(model: Path, anna: Pair, tmp_path: Path) -> None:
    bundle = sign(model, Signer(anna.private))
    stranger = pair(tmp_path, "stranger")
    with pytest.raises(BadSignature, match="not a key that is trusted"):
        verify(bundle, model, Trust.read(stranger.public))
    with pytest.raises(BadSignature, match="not a key that is trusted"):
        verify(bundle, model, Trust({}, ()))


def test_a_bundle_that_names_another_signer_is_found_out(
    model: Path, anna: Pair, tmp_path: Path
) -> None:
    stranger = pair(tmp_path, "stranger")
    bundle = json.loads(sign(model, Signer(stranger.private)))
    hers = json.loads(sign(model, Signer(anna.private)))
    bundle["verificationMaterial"] = hers["verificationMaterial"]
    with pytest.raises(BadSignature, match="has not signed what the bundle says"):
        verify(json.dumps(bundle), model, Trust.read(anna.public))


def test_a_statement_that_was_changed_is_found_out(model: Path, anna: Pair) -> None:
    trust = Trust.read(anna.public)
    changed = _payload(sign(model, Signer(anna.private)), '"name": "model"', '"name": "other"')
    with pytest.raises(BadSignature, match="has not signed"):
        verify(changed, model, trust)


def test_a_certificate_counts_by_its_authority(model: Path, tmp_path: Path) -> None:
    ours = Authority(tmp_path, "ours")
    dora = ours.certify("dora", "dora@example.org")
    bundle = sign(model, Signer(dora.key, dora.certificate, (ours.certificate,)))
    signer = verify(bundle, model, Trust.read(ours.certificate))
    assert signer.startswith("certificate:sha256:")
    alone = sign(model, Signer(dora.key, dora.certificate))
    assert verify(alone, model, Trust.read(ours.certificate)) == signer


def test_a_certificate_of_another_authority_does_not_count(model: Path, tmp_path: Path) -> None:
    theirs = Authority(tmp_path, "theirs")
    eve = theirs.certify("eve", "dora@example.org")
    bundle = sign(model, Signer(eve.key, eve.certificate, (theirs.certificate,)))
    ours = Authority(tmp_path, "ours")
    with pytest.raises(BadSignature, match="no chain leads"):
        verify(bundle, model, Trust.read(ours.certificate))
    with pytest.raises(BadSignature, match="no authority is trusted"):
        verify(bundle, model, Trust.read(pair(tmp_path, "key").public))


def test_of_many_bundles_each_counts_or_says_why_not(
    model: Path, anna: Pair, tmp_path: Path
) -> None:
    stranger = pair(tmp_path, "stranger")
    good = sign(model, Signer(anna.private))
    bundles = [good, sign(model, Signer(stranger.private)), "{}", good]
    found = valid(bundles, model, Trust.read(anna.public))
    assert found.signers == (Seal.read(good).signer,)
    assert set(found.others) == {1, 2}
    assert "cannot be read" in found.others[2]


def test_a_link_within_the_folder_is_signed_as_what_it_leads_to(model: Path, anna: Pair) -> None:
    (model / "latest.bin").symlink_to("weights/a.bin")
    bundle = sign(model, Signer(anna.private))
    verify(bundle, model, Trust.read(anna.public))
    assert Seal.read(bundle).covers(Content.of_path(model).digest)


def test_a_link_out_of_the_folder_is_not_signed(model: Path, anna: Pair, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("s")
    (model / "link").symlink_to(tmp_path / "secret")
    with pytest.raises(CannotSign, match="leads out"):
        sign(model, Signer(anna.private))


def test_the_openssf_verifies_ours_and_we_verify_theirs(
    model: Path, anna: Pair, tmp_path: Path
) -> None:
    ours, theirs = tmp_path / "ours.sig", model / "model.sig"
    ours.write_text(sign(model, Signer(anna.private)))
    verifying.Config().use_elliptic_key_verifier(public_key=anna.public).verify(model, ours)
    openssf.Config().use_elliptic_key_signer(private_key=anna.private).sign(model, theirs)
    bundle = theirs.read_text()
    theirs.unlink()  # beside the model its signature is one more file
    verify(bundle, model, Trust.read(anna.public))


@pytest.mark.parametrize("method", ["shards", "blake3"])
def test_another_way_to_digest_is_told(
    model: Path, anna: Pair, tmp_path: Path, method: str
) -> None:
    from model_signing.hashing import Config

    how = Config()
    if method == "shards":
        how.use_shard_serialization()
    else:
        how.use_file_serialization(hashing_algorithm="blake3")
    made = tmp_path / "theirs.sig"
    config = openssf.Config().use_elliptic_key_signer(private_key=anna.private)
    config.set_hashing_config(how).sign(model, made)
    with pytest.raises(BadSignature, match=method):
        verify(made.read_text(), model, Trust.read(anna.public))


def test_a_folder_of_trust_holds_keys_and_authorities(anna: Pair, tmp_path: Path) -> None:
    Authority(tmp_path, "ours")
    trust = Trust.read(tmp_path)  # private keys lie there, too, and are nobody's to trust
    assert len(trust.keys) == len(trust.authorities) == 1
    assert Trust.read(anna.public).keys == trust.keys


def test_a_file_that_holds_nothing_to_trust_is_told(anna: Pair) -> None:
    with pytest.raises(BadTrust, match="neither a public key nor a certificate"):
        Trust.read(anna.private)


def test_a_key_that_cannot_sign_is_told(model: Path, anna: Pair, tmp_path: Path) -> None:
    with pytest.raises(CannotSign):
        sign(model, Signer(anna.public))
    with pytest.raises(CannotSign):
        sign(model, Signer(tmp_path / "nowhere"))
    with pytest.raises(CannotSign):
        sign(model, Signer(pair(tmp_path, "odd", ec.SECP256K1()).private))
    with pytest.raises(CannotSign):
        sign(tmp_path / "nothing", Signer(anna.private))
    theirs = Authority(tmp_path, "ours").certify("dora", "dora@example.org")
    with pytest.raises(CannotSign, match="does not match"):
        sign(model, Signer(anna.private, theirs.certificate))


@cache
def certified() -> tuple[str, Trust]:
    """A bundle with a chain, and whom to trust for it."""
    with TemporaryDirectory() as folder:
        ours = Authority(Path(folder), "ours")
        dora = ours.certify("dora", "dora@example.org")
        signer = Signer(dora.key, dora.certificate, (ours.certificate,))
        return sign_content(WEIGHTS, signer), Trust.read(ours.certificate)


WEIGHTS = Content.of_digest("sha256:" + "a" * 64)


@given(st.data())
def test_a_chain_that_nobody_should_have_made_is_found_out(data: st.DataObject) -> None:
    bundle, trust = certified()
    document = json.loads(bundle)
    signing = document["verificationMaterial"]["x509CertificateChain"]["certificates"][0]
    content = bytearray(b64decode(signing["rawBytes"]))
    for _ in range(data.draw(st.integers(1, 3))):
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    signing["rawBytes"] = b64encode(bytes(content)).decode()
    assume(json.dumps(document) != json.dumps(json.loads(bundle)))
    with pytest.raises(BadSignature):
        verify_content(json.dumps(document), WEIGHTS, trust)
