"""The proof of one record, without the others."""

from random import Random

import pytest

from rollbook.audit.entry import Entry, Unreadable
from rollbook.audit.merkle import Tree
from rollbook.audit.note import NoteError, SigningKey
from rollbook.audit.proof import proof, proven
from tests.unit.audit.logs import KEY, honest_log, published


@pytest.fixture(scope="module")
def made() -> tuple[Entry, bytes]:
    log = honest_log()
    tree = Tree(b"".join(entry.leaf() for entry in log[0]))
    checkpoint, note = next(
        (c, n) for c, n in published(log).items() if c.partition == 0 and c.size == len(log[0])
    )
    return log[0][7], proof(log[0][7], tree, checkpoint, note)


def test_a_proof_proves_its_record(made: tuple[Entry, bytes]) -> None:
    entry, content = made
    found, checkpoint = proven(content, [KEY.verifier])
    assert (found, checkpoint.partition) == (entry, 0)


def test_a_proof_by_an_unknown_key_proves_nothing(made: tuple[Entry, bytes]) -> None:
    with pytest.raises(NoteError):
        proven(made[1], [SigningKey.make("example.org/other").verifier])


def test_a_proof_with_one_wrong_bit_proves_nothing(made: tuple[Entry, bytes]) -> None:
    for number in range(500):
        random, content = Random(number), bytearray(made[1])
        content[random.randrange(len(content))] ^= 1 << random.randrange(8)
        with pytest.raises((Unreadable, NoteError)):
            proven(bytes(content), [KEY.verifier])
