"""The Merkle tree of RFC 9162, section 2.1: roots, proofs of inclusion and of consistency."""

from collections.abc import Sequence
from hashlib import sha256
from typing import Final

HASH: Final = 32
"""Bytes of a hash."""

SMALL: Final = 64
"""Leaves of a subtree whose root is quicker computed again than kept."""

EMPTY: Final = sha256(b"").digest()
"""Root of a tree without leaves."""


def leaf_hash(data: bytes) -> bytes:
    """The hash of a leaf that holds `data`."""
    return sha256(b"\x00" + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """The hash of the node above two others."""
    return sha256(b"\x01" + left + right).digest()


class Frontier:
    """A tree that only grows and knows its root; it keeps one hash per level."""

    __slots__ = ("_roots", "size")

    def __init__(self) -> None:
        self.size = 0
        self._roots: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        full = self.size
        while full & 1:
            leaf = node_hash(self._roots.pop(), leaf)
            full >>= 1
        self._roots.append(leaf)
        self.size += 1

    def root(self) -> bytes:
        """The root of what was added so far."""
        if not self._roots:
            return EMPTY
        *higher, found = self._roots
        for left in reversed(higher):
            found = node_hash(left, found)
        return found


class Tree:
    """The hashes of all leaves, 32 bytes each, from which proofs are made."""

    __slots__ = ("_leaves", "_nodes")

    def __init__(self, leaves: bytes = b"") -> None:
        if len(leaves) % HASH:
            raise ValueError(f"{len(leaves)} bytes are no whole number of hashes")
        self._leaves = bytearray(leaves)
        self._nodes: dict[tuple[int, int], bytes] = {}

    def __len__(self) -> int:
        return len(self._leaves) // HASH

    def __getitem__(self, index: int) -> bytes:
        if not 0 <= index < len(self):
            raise IndexError(index)
        return bytes(self._leaves[index * HASH : (index + 1) * HASH])

    def append(self, leaf: bytes) -> None:
        """Add a leaf by its hash."""
        self._leaves += leaf

    def tape(self) -> bytes:
        """The hashes of the leaves, one after the other."""
        return bytes(self._leaves)

    def root(self, size: int | None = None) -> bytes:
        """The root of the first `size` leaves, or of all."""
        return self._between(0, len(self) if size is None else size)

    def roots(self, sizes: Sequence[int]) -> dict[int, bytes]:
        """The roots of several sizes, none more than there are leaves, in one pass."""
        wanted, found, frontier = set(sizes), dict[int, bytes](), Frontier()
        if 0 in wanted:
            found[0] = EMPTY
        leaves = bytes(self._leaves)
        for start in range(0, max(wanted, default=0) * HASH, HASH):
            frontier.append(leaves[start : start + HASH])
            if frontier.size in wanted:
                found[frontier.size] = frontier.root()
        return found

    def inclusion(self, index: int, size: int) -> list[bytes]:
        """Proof that leaf `index` stands in the tree of the first `size` leaves."""
        if not 0 <= index < size <= len(self):
            raise ValueError(f"no leaf {index} in a tree of {size} (there are {len(self)})")
        path, start, stop = [], 0, size
        while stop - start > 1:
            middle = start + _split(stop - start)
            if index < middle:
                path.append(self._between(middle, stop))
                stop = middle
            else:
                path.append(self._between(start, middle))
                start = middle
        return path[::-1]

    def consistency(self, old: int, new: int) -> list[bytes]:
        """Proof that the tree of `new` leaves begins with the tree of `old`."""
        if not 0 <= old <= new <= len(self):
            raise ValueError(f"no trees of {old} and {new} leaves (there are {len(self)})")
        if old in (0, new):
            return []
        path, start, stop = [], 0, new
        while old != stop:
            middle = start + _split(stop - start)
            if old <= middle:
                path.append(self._between(middle, stop))
                stop = middle
            else:
                path.append(self._between(start, middle))
                start = middle
        if start:
            path.append(self._between(start, stop))
        return path[::-1]

    def _between(self, start: int, stop: int) -> bytes:
        """The root of a part that begins where a subtree of its size may begin."""
        size = stop - start
        if size <= SMALL:
            return self._counted(start, stop)
        if size & (size - 1) == 0:
            return self._full(start, stop)
        middle = start + _split(size)
        return node_hash(self._full(start, middle), self._between(middle, stop))

    def _full(self, start: int, stop: int) -> bytes:
        """The root of a full subtree, which no further leaf can change."""
        if stop - start <= SMALL:
            return self._counted(start, stop)
        found = self._nodes.get((start, stop))
        if found is None:
            middle = (start + stop) // 2
            found = node_hash(self._full(start, middle), self._full(middle, stop))
            self._nodes[start, stop] = found
        return found

    def _counted(self, start: int, stop: int) -> bytes:
        frontier = Frontier()
        leaves = bytes(self._leaves[start * HASH : stop * HASH])
        for place in range(0, len(leaves), HASH):
            frontier.append(leaves[place : place + HASH])
        return frontier.root()


def includes(leaf: bytes, index: int, size: int, path: Sequence[bytes], root: bytes) -> bool:
    """Whether `path` proves that `leaf` stands at `index` below `root` (RFC 9162, 2.1.3.2)."""
    if not 0 <= index < size:
        return False
    place, last, found = index, size - 1, leaf
    for node in path:
        if last == 0:
            return False
        if place & 1 or place == last:
            found = node_hash(node, found)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            found = node_hash(found, node)
        place >>= 1
        last >>= 1
    return last == 0 and found == root


def extends(old: int, old_root: bytes, new: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Whether `path` proves that the new tree begins with the old one (RFC 9162, 2.1.4.2)."""
    if not 0 <= old <= new:
        return False
    if old == 0:
        return not path and old_root == EMPTY
    if old == new:
        return not path and old_root == new_root
    nodes = list(path)
    if old & (old - 1) == 0:
        nodes.insert(0, old_root)
    if not nodes:
        return False
    place, last = old - 1, new - 1
    while place & 1:
        place >>= 1
        last >>= 1
    first = second = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            first = node_hash(node, first)
            second = node_hash(node, second)
            while not place & 1 and place:
                place >>= 1
                last >>= 1
        else:
            second = node_hash(second, node)
        place >>= 1
        last >>= 1
    return last == 0 and first == old_root and second == new_root


def _split(size: int) -> int:
    """The largest power of two below `size`."""
    return 1 << ((size - 1).bit_length() - 1)
