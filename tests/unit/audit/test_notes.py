"""Signed notes and checkpoints: vectors of other implementations, rotation, and forgeries."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.note import NoteError, SigningKey, VerifierKey, open_note, sign

# Of golang.org/x/mod/sumdb/note.
VERIFIER = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW"
SIGNER = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz"
TEXT = (
    "If you think cryptography is the answer to your problem,\n"
    "then you don't know what your problem is.\n"
)
SIGNATURE = (
    "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZ"
    "b6KE6RyyBwJnAM=\n"
)

OLD, NEW = SigningKey("example.org/log", bytes(32)), SigningKey("example.org/log", b"\1" * 32)
CHECKPOINT = Checkpoint("rollbook", 3, 1042, bytes(range(32)))


def test_a_note_of_another_implementation_opens_and_is_made_again_to_the_byte() -> None:
    key = VerifierKey.parse(VERIFIER)
    assert str(key) == VERIFIER
    assert open_note(TEXT + "\n" + SIGNATURE, [key]) == (TEXT, [key])
    assert sign(TEXT, [SigningKey.parse(SIGNER)]) == TEXT + "\n" + SIGNATURE


def test_keys_come_back_from_their_text() -> None:
    assert SigningKey.parse(SIGNER).reveal() == SIGNER
    made = SigningKey.make("example.org/log")
    assert SigningKey.parse(made.reveal()) == made
    assert VerifierKey.parse(str(made.verifier)) == made.verifier
    assert "seed" not in repr(made)


@pytest.mark.parametrize(
    "text",
    [
        VERIFIER[:-1],
        VERIFIER + "=",
        VERIFIER.replace("c74f20a3", "c74f20a4"),
        VERIFIER.replace("c74f20a3", "C74F20A3"),
        VERIFIER.replace("Peter", "Peter "),
        VERIFIER.replace("Peter", "Petra"),
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
        SIGNER,
        "",
    ],
)
def test_text_that_is_no_verifier_key_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        VerifierKey.parse(text)


def test_a_malformed_secret_is_not_repeated() -> None:
    with pytest.raises(NoteError) as caught:
        SigningKey.parse(SIGNER[:-4])
    assert SIGNER[40:60] not in str(caught.value)


def test_a_checkpoint_says_what_the_standard_wants() -> None:
    assert CHECKPOINT.text == (
        "rollbook/events/3\n1042\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n"
    )
    assert Checkpoint.open(CHECKPOINT.signed([OLD]), [OLD.verifier]) == CHECKPOINT


def test_while_a_key_is_replaced_both_sign_and_either_is_enough() -> None:
    note = CHECKPOINT.signed([OLD, NEW])
    for key in (OLD, NEW):
        assert open_note(note, [key.verifier])[1] == [key.verifier]
    assert open_note(note, [NEW.verifier, OLD.verifier])[1] == [OLD.verifier, NEW.verifier]


def test_a_signature_of_a_stranger_does_not_matter_but_alone_is_not_enough() -> None:
    stranger = SigningKey.make("example.org/witness")
    assert Checkpoint.open(CHECKPOINT.signed([stranger, OLD]), [OLD.verifier]) == CHECKPOINT
    with pytest.raises(NoteError, match="no key"):
        Checkpoint.open(CHECKPOINT.signed([stranger]), [OLD.verifier])


def test_one_wrong_signature_of_a_known_key_spoils_the_note() -> None:
    other = Checkpoint("rollbook", 3, 1043, bytes(32)).signed([NEW]).splitlines()[-1]
    note = CHECKPOINT.signed([OLD]) + other + "\n"
    with pytest.raises(NoteError, match="wrong"):
        Checkpoint.open(note, [OLD.verifier, NEW.verifier])


@given(place=st.integers(0), bit=st.integers(0, 7))
def test_a_note_with_one_wrong_bit_does_not_open(place: int, bit: int) -> None:
    raw = bytearray(CHECKPOINT.signed([OLD]).encode())
    raw[place % len(raw)] ^= 1 << bit
    with pytest.raises((NoteError, UnicodeDecodeError)):
        Checkpoint.open(raw.decode(), [OLD.verifier])


@pytest.mark.parametrize(
    "text",
    [
        "rollbook/events/3\n01\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "rollbook/events/03\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "rollbook/events/3\n-1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
        "rollbook/events/3\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh9=\n",
        "rollbook/events/3\n1\nAAEC\n",
        "rollbook/events/3\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\nmore\n",
        "rollbook/commands/3\n1\nAAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=\n",
    ],
)
def test_a_signed_text_that_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(NoteError):
        Checkpoint.open(sign(text, [OLD]), [OLD.verifier])


@pytest.mark.parametrize(
    "note", ["", "a\n", "a\n\n", "a\n\n— b\n", "a\n\n— b !!!!\n", "a\r\n\nx\n"]
)
def test_text_that_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(NoteError):
        open_note(note, [OLD.verifier])
