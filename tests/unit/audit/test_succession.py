"""One key after another: whoever trusts the first may trust the last."""

import pytest

from rollbook.audit.note import NoteError, SigningKey, sign
from rollbook.audit.succession import FORM, Succession, hand_over, heirs

A, B, C = (SigningKey(f"example.org/{name}", name.encode() * 32) for name in "abc")


def test_an_heir_is_trusted_over_any_number_of_steps() -> None:
    notes = [hand_over(B, C), hand_over(A, B)]
    assert heirs([A.verifier], notes) == [A.verifier, B.verifier, C.verifier]


def test_nobody_is_the_heir_of_a_stranger() -> None:
    assert heirs([A.verifier], [hand_over(B, C)]) == [A.verifier]


def test_nobody_makes_themselves_an_heir() -> None:
    text = f"{FORM}\n{A.verifier}\n{B.verifier}\n"
    for keys in ([B], [A], [B, C]):
        with pytest.raises(NoteError):
            Succession.parse(sign(text, keys))
    forged = hand_over(A, B).replace(str(B.verifier), str(C.verifier))
    with pytest.raises(NoteError):
        heirs([A.verifier], [forged])
