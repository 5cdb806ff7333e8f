"""A version may have to be signed by somebody whom the validator trusts."""

from pathlib import Path

from rollbook.signing.making import Signer, sign
from tests.integration.query.system import Caller
from tests.integration.validator.checking import (
    Tables,
    artifact,
    outcomes,
    reasons,
    register,
    save,
    settled,
)
from tests.support.signers import pair


def test_a_signature_counts_when_it_is_of_a_key_that_is_trusted(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    model = tables.models / "signed.bin"
    model.write_bytes(b"weights")
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    ours, theirs = pair(trusted, "ours"), pair(tmp_path, "theirs")
    gate = {"gate": "signed", "kind": "signature"}
    found = []
    with tables.watched(trusted_signers=trusted):
        register(caller, artifact=artifact(model))
        save(caller, gate)
        for number, signer in enumerate((theirs, ours), start=1):
            bundle = sign(model, Signer(signer.private))
            caller.done("AttachSignature", {"version": 1, "bundle": bundle})
            caller.done("StartValidation", {"version": 1})
            found.append(outcomes(settled(caller, number)[-1]))
    assert found == [{"signed": "failed"}, {"signed": "passed"}]


def test_a_version_that_nobody_trusted_has_signed_does_not_get_past_its_registration(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    model = tables.models / "released.bin"
    model.write_bytes(b"weights")
    trusted = tmp_path / "trusted"
    trusted.mkdir()
    ours, theirs = (
        sign(model, Signer(pair(*who).private)) for who in ((trusted, "ours"), (tmp_path, "theirs"))
    )
    rules = {"environments": [{"name": "production", "validated": True}]}
    caller.done("SetRules", {"rules": rules})
    save(caller, {"gate": "signed", "kind": "signature"})
    for bundle in (None, theirs, ours):
        register(caller, artifact=artifact(model), bundle=bundle)
    other = {**artifact(model), "digest": "sha256:" + "0" * 64}
    refused = caller.send("RegisterVersion", {"artifact": other, "bundle": ours})
    assert refused.json()["code"] == "bad_signature"

    def promoted(version: int) -> str:
        asked = {"version": version, "environment": "production"}
        answer = caller.send("PromoteVersion", asked).json()
        return str(answer.get("code", "done"))

    assert [promoted(version) for version in (1, 2, 3)] == ["not_validated"] * 3
    with tables.watched(trusted_signers=trusted):
        found = {v["data"]["version"]: v for v in settled(caller, 3)}
    assert {n: outcomes(v)["signed"] for n, v in found.items()} == {
        1: "failed",
        2: "failed",
        3: "passed",
    }
    assert reasons(found[1])["signed"] == "nobody has signed the version"
    assert "is not a key that is trusted" in reasons(found[2])["signed"]
    assert [promoted(version) for version in (1, 2, 3)] == ["rejected", "rejected", "done"]
    (signed,) = caller.read("/versions/3/signatures").json()["items"]
    measured = found[3]["data"]["gates"][0]["measured"]
    assert measured == {"signature.valid": 1, f"signature.valid.{signed['signer']}": 1}


def test_the_variants_may_have_to_be_signed_as_well(
    tables: Tables, caller: Caller, tmp_path: Path
) -> None:
    model, small = tables.models / "full.bin", tables.models / "small.bin"
    model.write_bytes(b"weights")
    small.write_bytes(b"smaller")
    trusted = tmp_path / "keys"
    trusted.mkdir()
    signer = Signer(pair(trusted, "ours").private)
    variant = {**artifact(small), "name": "int8", "kind": "quantised"}
    found = []
    with tables.watched(trusted_signers=trusted):
        save(caller, {"gate": "signed", "kind": "signature", "every_file": True})
        bundle = sign(model, signer)
        register(caller, artifact=artifact(model), variants=[variant], bundle=bundle)
        found.append(settled(caller)[-1])
        attached = {"version": 1, "bundle": sign(small, signer), "variant": "int8"}
        caller.done("AttachSignature", attached)
        caller.done("StartValidation", {"version": 1})
        found.append(settled(caller, 2)[-1])
    assert [outcomes(v)["signed"] for v in found] == ["failed", "passed"]
    assert reasons(found[0])["signed"] == "the variant int8: nobody has signed it"
    rows = caller.read("/versions/1/signatures").json()["items"]
    assert [row["variant"] for row in rows] == [None, "int8"]
