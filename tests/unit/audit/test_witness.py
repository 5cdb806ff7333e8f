"""A witness cosigns what goes on from what it saw, and nothing else."""

from hashlib import sha256

import pytest

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.cosignature import WitnessKey, cosign, cosigned
from rollbook.audit.merkle import Tree
from rollbook.audit.note import NoteError, SigningKey, open_note
from rollbook.audit.witness import SIZE_TYPE, Answer, Seen, answer, request

LOG = SigningKey("example.org/log", b"l" * 32)
WITNESS = SigningKey("example.net/witness", b"w" * 32)
KEY = WitnessKey.of(WITNESS)
ORIGIN = "app/events/0"


def tree(*words: str) -> Tree:
    made = Tree()
    for word in words:
        made.append(sha256(word.encode()).digest())
    return made


HERE = tree("a", "b", "c", "d", "e")


def checkpoint(made: Tree, size: int) -> Checkpoint:
    return Checkpoint("app", 0, size, made.root(size))


def asked(old: int, new: int, seen: Seen, made: Tree = HERE) -> Answer:
    note = checkpoint(made, new).signed([LOG])
    body = request(old, made.consistency(old, new), note)
    found, origin = answer(body, {ORIGIN: seen}, [LOG.verifier], WITNESS, 1_700_000_000)
    assert origin == ORIGIN
    return found


def at(size: int) -> Seen:
    return Seen(size, HERE.root(size))


@pytest.mark.parametrize(("old", "new"), [(0, 1), (0, 5), (1, 2), (2, 5), (3, 4), (4, 4)])
def test_what_goes_on_is_cosigned(old: int, new: int) -> None:
    found = asked(old, new, at(old))
    assert (found.status, found.seen) == (200, at(new))
    text = checkpoint(HERE, new).text
    assert cosigned(text, found.body.strip(), KEY) == 1_700_000_000


def test_a_note_with_a_cosignature_is_still_the_log_s() -> None:
    note = checkpoint(HERE, 3).signed([LOG])
    line = cosign(checkpoint(HERE, 3).text, WITNESS, 7)
    assert open_note(f"{note}{line}\n", [LOG.verifier])[1] == [LOG.verifier]


def test_whoever_does_not_know_what_it_saw_is_told() -> None:
    found = asked(0, 5, at(3))
    assert (found.status, found.body, found.kind, found.seen) == (409, "3\n", SIZE_TYPE, None)


def test_another_log_of_the_same_length_is_refused() -> None:
    assert asked(3, 3, at(3), tree("a", "b", "x")).status == 409


def test_another_log_that_is_longer_is_refused() -> None:
    found = asked(3, 5, at(3), tree("a", "x", "c", "d", "e"))
    assert (found.status, found.seen) == (422, None)


def test_a_log_that_is_not_known_is_refused() -> None:
    stranger = SigningKey("example.org/log", b"s" * 32)
    body = request(0, [], checkpoint(HERE, 1).signed([stranger]))
    assert answer(body, {}, [LOG.verifier], WITNESS, 1)[0].status == 403


@pytest.mark.parametrize(
    "body",
    ["", "old 0", "old -1\n\nx", "old 0\n!!\n\n" + checkpoint(HERE, 1).signed([LOG]), "\n\n\n"],
)
def test_what_is_no_request_is_refused(body: str) -> None:
    assert answer(body, {}, [LOG.verifier], WITNESS, 1)[0].status == 400


def test_a_cosignature_of_another_text_time_or_key_is_none() -> None:
    text = checkpoint(HERE, 3).text
    line = cosign(text, WITNESS, 7)
    with pytest.raises(NoteError, match="wrong"):
        cosigned(checkpoint(HERE, 4).text, line, KEY)
    with pytest.raises(NoteError, match="no cosignature"):
        cosigned(text, line, WitnessKey.of(LOG))
    with pytest.raises(NoteError, match="no cosignature"):
        cosigned(text, LOG.sign(text), KEY)


def test_a_witness_s_key_is_read_as_it_is_written() -> None:
    assert WitnessKey.parse(str(KEY)) == KEY
    with pytest.raises(NoteError, match="witness"):
        WitnessKey.parse(str(WITNESS.verifier))
