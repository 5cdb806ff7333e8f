"""A version may have to be signed by somebody whom the validator trusts."""

from pathlib import Path

from rollbook.signing.making import Signer, sign
from tests.integration.query.system import Caller
from tests.integration.validator.checking import (
    Tables,
    artifact,
    outcomes,
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
