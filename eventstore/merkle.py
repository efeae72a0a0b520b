"""The Merkle tree of RFC 6962 over the whole log: roots, proofs, and their verification.

A leaf is the hash of one event, in order of position. Nothing here reads a log: ``leaves`` are leaf
hashes in memory, and the ranges say which subtrees a proof consists of, wherever they are kept.
"""

import hashlib
from collections.abc import Iterable, Sequence
from typing import TypeAlias

Range: TypeAlias = tuple[int, int]

EMPTY_ROOT = hashlib.sha256(b"").digest()

_sha256 = hashlib.sha256


def leaf_hash(event_hash: bytes) -> bytes:
    """SHA-256(0x00 || event hash): a leaf can never pass for a node."""
    return _sha256(b"\0" + event_hash).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return _sha256(b"\1" + left + right).digest()


def root(leaves: Sequence[bytes]) -> bytes:
    """The root of the tree over ``leaves``; that of no leaves is SHA-256 of nothing."""
    level = list(leaves)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:  # a last node without a neighbour rises as it is, as RFC 6962 has it
        nodes = [
            _sha256(b"\1" + left + right).digest()
            for left, right in zip(level[::2], level[1::2], strict=False)
        ]
        if len(level) % 2:
            nodes.append(level[-1])
        level = nodes
    return level[0]


def inclusion_ranges(index: int, size: int) -> list[Range]:
    """The subtrees, as ranges of leaves, whose roots prove leaf ``index`` in a tree of ``size``.

    RFC 6962 section 2.1.1, PATH(m, D[n]). ``index`` counts from 0 and lies below ``size``.
    """
    start, end = 0, size
    siblings: list[Range] = []
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    return siblings[::-1]


def consistency_ranges(old_size: int, new_size: int) -> list[Range]:
    """The subtrees whose roots prove that a tree of ``new_size`` begins with one of ``old_size``.

    RFC 6962 section 2.1.2, PROOF(m, D[n]); nothing to prove for sizes that are equal or an old one
    of 0. ``old_size`` is at most ``new_size``.
    """
    if old_size in (0, new_size):
        return []
    start, end = 0, new_size
    siblings: list[Range] = []
    while old_size != end:
        middle = start + _split(end - start)
        if old_size <= middle:
            siblings.append((middle, end))
            end = middle
        else:
            siblings.append((start, middle))
            start = middle
    if start > 0:  # else the old root itself is where the proof begins, and the verifier has it
        siblings.append((start, end))
    return siblings[::-1]


def inclusion_proof(leaves: Sequence[bytes], index: int) -> list[bytes]:
    """The audit path of leaf ``index``, nearest sibling first."""
    return [root(leaves[start:end]) for start, end in inclusion_ranges(index, len(leaves))]


def consistency_proof(leaves: Sequence[bytes], old_size: int) -> list[bytes]:
    """The proof that the tree over ``leaves`` begins with the tree over the first ``old_size``."""
    return [root(leaves[start:end]) for start, end in consistency_ranges(old_size, len(leaves))]


def verify_inclusion(
    leaf_hash: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes
) -> bool:
    """Whether ``proof`` shows that the leaf is at ``index`` of the tree of ``size`` and ``root``.

    RFC 9162 section 2.1.3.2.
    """
    if not 0 <= index < size:
        return False
    node, last, computed = index, size - 1, leaf_hash
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            computed = node_hash(sibling, computed)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            computed = node_hash(computed, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and computed == root


def verify_consistency(
    old_size: int, old_root: bytes, new_size: int, new_root: bytes, proof: Sequence[bytes]
) -> bool:
    """Whether ``proof`` shows that the new tree is the old one with leaves added at its end.

    RFC 9162 section 2.1.4.2. Every tree begins with the empty one, and each with itself.
    """
    if not 0 <= old_size <= new_size:
        return False
    if old_size == new_size:
        return not proof and old_root == new_root
    if old_size == 0:
        return not proof and old_root == EMPTY_ROOT
    path = list(proof)
    if old_size & (old_size - 1) == 0:
        path.insert(0, old_root)
    return _replays(old_size - 1, new_size - 1, path, old_root, new_root)


def _replays(node: int, last: int, path: Sequence[bytes], old_root: bytes, new_root: bytes) -> bool:
    if not path:
        return False
    while node & 1:
        node, last = node >> 1, last >> 1
    old = new = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if node & 1 or node == last:
            old, new = node_hash(sibling, old), node_hash(sibling, new)
            while not node & 1 and node:
                node, last = node >> 1, last >> 1
        else:
            new = node_hash(new, sibling)
        node, last = node >> 1, last >> 1
    return last == 0 and old == old_root and new == new_root


class Frontier:
    """A tree that only grows: it holds the roots of its complete subtrees, at most 64 of them."""

    def __init__(self) -> None:
        self.size = 0
        self._subtrees: list[bytes] = []  # from the largest to the smallest

    def extend(self, event_hashes: Iterable[bytes]) -> None:
        """Add leaves at the end."""
        subtrees, size = self._subtrees, self.size
        for event_hash in event_hashes:
            node = _sha256(b"\0" + event_hash).digest()
            size += 1
            carry = size
            while not carry & 1:
                node = _sha256(b"\1" + subtrees.pop() + node).digest()
                carry >>= 1
            subtrees.append(node)
        self.size = size

    def root(self) -> bytes:
        """The root of all that was added."""
        if not self._subtrees:
            return EMPTY_ROOT
        node = self._subtrees[-1]
        for left in self._subtrees[-2::-1]:
            node = node_hash(left, node)
        return node


def _split(size: int) -> int:
    # The largest power of two below ``size``.
    return 1 << ((size - 1).bit_length() - 1)
