"""Whether a log goes on from what was signed of it, and where it does not."""

from hashlib import sha256

from rollbook.audit.checkpoint import Checkpoint
from rollbook.audit.continuity import Fork, fork
from rollbook.audit.merkle import Tree


def tree(*words: str) -> Tree:
    made = Tree()
    for word in words:
        made.append(sha256(word.encode()).digest())
    return made


def signed(made: Tree, *sizes: int) -> list[Checkpoint]:
    return [Checkpoint("app", 0, size, made.root(size)) for size in sizes]


LOG = tree("a", "b", "c", "d")


def test_a_log_that_grew_goes_on_from_all_of_its_checkpoints() -> None:
    assert fork(0, LOG, signed(LOG, 1, 2, 4)) is None
    assert fork(0, LOG, []) is None


def test_a_log_that_was_rewritten_does_not_and_the_last_that_fits_is_named() -> None:
    other = tree("a", "b", "x", "d", "e")
    assert fork(0, other, signed(LOG, 1, 2, 4)) == Fork(0, 4, 5, 2)


def test_a_log_that_lost_its_end_does_not() -> None:
    found = fork(0, tree("a"), signed(LOG, 1, 4))
    assert found is not None
    assert "has only 1 records" in str(found)


def test_checkpoints_of_other_partitions_do_not_matter() -> None:
    assert fork(1, tree("x"), signed(LOG, 4)) is None
