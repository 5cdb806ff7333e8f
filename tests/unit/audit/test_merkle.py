"""The tree: the vectors of certificate transparency, and laws for every size."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rollbook.audit.merkle import EMPTY, Frontier, Tree, extends, includes, leaf_hash, node_hash

# The leaves, roots and proofs that implementations of RFC 6962 share, transparency-dev/merkle
# among them.
LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
ROOTS = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]
INCLUSION = {
    (0, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (5, 8): [
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 3): ["fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"],
}
CONSISTENCY = {
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
}


def tree_of(count: int) -> Tree:
    tree = Tree()
    for number in range(count):
        tree.append(leaf_hash(b"%d" % number))
    return tree


@pytest.fixture
def shared() -> Tree:
    tree = Tree()
    for leaf in LEAVES:
        tree.append(leaf_hash(bytes.fromhex(leaf)))
    return tree


def test_hashes_are_those_of_the_standard() -> None:
    left, right = bytes(range(32)), bytes(range(32, 64))
    assert EMPTY.hex() == ROOTS[0]
    assert leaf_hash(b"L123456").hex() == (
        "395aa064aa4c29f7010acfe3f25db9485bbd4b91897b6ad7ad547639252b4d56"
    )
    assert node_hash(left, right).hex() == (
        "1a378704c17da31e2d05b6d121c2bb2c7d76f6ee6fa8f983e596c2d034963c57"
    )


def test_roots_are_those_of_certificate_transparency(shared: Tree) -> None:
    assert [shared.root(size).hex() for size in range(9)] == ROOTS
    assert {s: r.hex() for s, r in shared.roots(range(9)).items()} == dict(enumerate(ROOTS))


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_proofs_are_those_of_certificate_transparency(
    shared: Tree, index: int, size: int
) -> None:
    path = shared.inclusion(index, size)
    assert [node.hex() for node in path] == INCLUSION[index, size]
    assert includes(shared[index], index, size, path, bytes.fromhex(ROOTS[size]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_consistency_proofs_are_those_of_certificate_transparency(
    shared: Tree, old: int, new: int
) -> None:
    path = shared.consistency(old, new)
    assert [node.hex() for node in path] == CONSISTENCY[old, new]
    assert extends(old, bytes.fromhex(ROOTS[old]), new, bytes.fromhex(ROOTS[new]), path)


def by_the_letter(leaves: list[bytes]) -> bytes:
    """MTH, as the RFC writes it down."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return leaves[0]
    middle = 1
    while middle * 2 < len(leaves):
        middle *= 2
    return node_hash(by_the_letter(leaves[:middle]), by_the_letter(leaves[middle:]))


def test_a_frontier_knows_the_root_of_every_size() -> None:
    frontier, leaves = Frontier(), list[bytes]()
    for number in range(70):
        assert frontier.root() == by_the_letter(leaves)
        leaves.append(leaf_hash(b"%d" % number))
        frontier.append(leaves[-1])


def test_every_proof_of_every_small_tree_holds_and_no_other() -> None:
    tree = tree_of(34)
    roots = tree.roots(range(34))
    for new in range(1, 34):
        for index in range(new):
            path = tree.inclusion(index, new)
            assert includes(tree[index], index, new, path, roots[new])
            assert not includes(tree[index + 1], index, new, path, roots[new])
            assert not includes(
                tree[index], index, new, [*path, path[-1] if path else EMPTY], roots[new]
            )
            assert not path or not includes(tree[index], index, new, path[:-1], roots[new])
            assert not includes(tree[index], new, new, path, roots[new])
        for old in range(new + 1):
            path = tree.consistency(old, new)
            assert extends(old, roots[old], new, roots[new], path)
            assert not extends(old, roots[old + 1] if old < 33 else EMPTY, new, roots[new], path)
            assert not extends(old, roots[old], new, roots[new - 1], path) or old == 0
            assert not extends(old, roots[old], new, roots[new], [*path, EMPTY])


@given(size=st.integers(2, 300), data=st.data())
def test_a_proof_with_one_wrong_bit_proves_nothing(size: int, data: st.DataObject) -> None:
    tree = tree_of(size)
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(1, size - 1))

    def includes_by(path: list[bytes]) -> bool:
        return includes(tree[index], index, size, path, tree.root())

    def extends_by(path: list[bytes]) -> bool:
        return extends(old, tree.root(old), size, tree.root(), path)

    for path, holds in (
        (tree.inclusion(index, size), includes_by),
        (tree.consistency(old, size), extends_by),
    ):
        assert holds(path)
        place = data.draw(st.integers(0, len(path) * 256 - 1))
        node = bytearray(path[place // 256])
        node[place % 256 // 8] ^= 1 << place % 8
        assert not holds([*path[: place // 256], bytes(node), *path[place // 256 + 1 :]])


def test_a_proof_of_what_is_not_there_cannot_be_made() -> None:
    tree = tree_of(3)
    with pytest.raises(ValueError, match="no leaf 3"):
        tree.inclusion(3, 3)
    with pytest.raises(ValueError, match="no trees of 2 and 4"):
        tree.consistency(2, 4)
    with pytest.raises(ValueError, match="no whole number"):
        Tree(b"x")
    with pytest.raises(IndexError):
        tree[3]
