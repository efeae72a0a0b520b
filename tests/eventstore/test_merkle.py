"""RFC 6962's tree: its published vectors, and proofs that hold for the truth and nothing else."""

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from eventstore.merkle import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    inclusion_proof,
    leaf_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# Entries, roots and proofs of the reference implementation's own tests: the roots are of the
# first 1, 2, … 8 entries.
# https://github.com/google/certificate-transparency/blob/master/cpp/merkletree/merkle_tree_test.cc
ENTRIES = [
    bytes.fromhex(entry)
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
LEAVES = [leaf_hash(entry) for entry in ENTRIES]
ROOTS = [
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
    (0, 1): [],
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
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
    (1, 1): [],
    (1, 8): [
        "96a296d224f285c67bee93c30f8a309157f0daa35dc5b87e410b78630a09cfc7",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "6b47aaf29ee3c2af9af889bc1fb9254dabd31177f16232dd6aab035ca39bf6e4",
    ],
    (6, 8): [
        "0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a",
        "ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    ],
    (2, 5): [
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(b"%d" % number) for number in range(size)]


def hexadecimal(proof: list[bytes]) -> list[str]:
    return [node.hex() for node in proof]


def test_the_published_roots() -> None:
    assert [root(LEAVES[:size]).hex() for size in range(1, 9)] == ROOTS
    assert root([]) == EMPTY_ROOT == sha256().digest()


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_the_published_inclusion_proofs(index: int, size: int) -> None:
    proof = inclusion_proof(LEAVES[:size], index)

    assert hexadecimal(proof) == INCLUSION[index, size]
    assert verify_inclusion(LEAVES[index], index, size, proof, bytes.fromhex(ROOTS[size - 1]))


@pytest.mark.parametrize(("old", "new"), CONSISTENCY)
def test_the_published_consistency_proofs(old: int, new: int) -> None:
    proof = consistency_proof(LEAVES[:new], old)

    assert hexadecimal(proof) == CONSISTENCY[old, new]
    assert verify_consistency(
        old, bytes.fromhex(ROOTS[old - 1]), new, bytes.fromhex(ROOTS[new - 1]), proof
    )


def test_a_growing_tree_has_the_same_roots() -> None:
    everything = leaves(300)
    frontier = Frontier()
    for size in range(300):
        assert frontier.root() == root(everything[:size])
        frontier.extend([b"%d" % size])
    assert frontier.size == 300


def test_a_leaf_cannot_pass_for_a_node() -> None:
    left, right = leaves(2)

    assert root([left, right]) != leaf_hash(left + right)


@pytest.mark.parametrize("size", range(1, 34))
def test_every_proof_of_every_small_tree_holds(size: int) -> None:
    tree = leaves(size)
    for index in range(size):
        proof = inclusion_proof(tree, index)
        assert verify_inclusion(tree[index], index, size, proof, root(tree))
    for old in range(size + 1):
        proof = consistency_proof(tree, old)
        assert verify_consistency(old, root(tree[:old]), size, root(tree), proof)


proofs = st.integers(1, 200).flatmap(
    lambda size: st.tuples(st.just(size), st.integers(0, size - 1))
)


def tampered(proof: list[bytes], data: st.DataObject) -> list[bytes]:
    """Another proof: a node changed, lost, repeated or put elsewhere."""
    choice = data.draw(st.sampled_from(["change", "lose", "repeat", "swap"] if proof else ["add"]))
    index = data.draw(st.integers(0, max(0, len(proof) - 1)))
    other = list(proof)
    if choice == "change":
        bit = data.draw(st.integers(0, 255))
        flipped = int.from_bytes(other[index], "big") ^ 1 << bit
        other[index] = flipped.to_bytes(32, "big")
    elif choice == "lose":
        del other[index]
    elif choice == "repeat":
        other.insert(index, other[index])
    elif choice == "swap":
        other[index], other[-1] = other[-1], other[index]
    else:
        other.append(bytes(32))
    return other


@given(proofs, st.data())
def test_no_tampered_inclusion_proof_holds(sizes: tuple[int, int], data: st.DataObject) -> None:
    size, index = sizes
    tree = leaves(size)
    top, proof = root(tree), inclusion_proof(tree, index)
    assert verify_inclusion(tree[index], index, size, proof, top)

    forged = tampered(proof, data)
    assert forged == proof or not verify_inclusion(tree[index], index, size, forged, top)
    other = data.draw(st.integers(-1, size + 1).filter(lambda number: number != index))
    assert not verify_inclusion(tree[index], other, size, proof, top)
    assert not verify_inclusion(leaf_hash(b"forged"), index, size, proof, top)
    assert not verify_inclusion(tree[index], index, size, proof, leaf_hash(top))


@given(proofs, st.data())
def test_no_tampered_consistency_proof_holds(sizes: tuple[int, int], data: st.DataObject) -> None:
    size, old = sizes
    tree = leaves(size)
    old_root, top, proof = root(tree[:old]), root(tree), consistency_proof(tree, old)
    assert verify_consistency(old, old_root, size, top, proof)

    forged = tampered(proof, data)
    assert forged == proof or not verify_consistency(old, old_root, size, top, forged)
    assert not verify_consistency(old, leaf_hash(old_root), size, top, proof)
    assert old == 0 or not verify_consistency(old, old_root, size, leaf_hash(top), proof)
    assert not verify_consistency(size + 1, top, size, old_root, proof)


@given(proofs, st.data())
def test_a_tree_whose_past_was_changed_is_not_consistent(
    sizes: tuple[int, int], data: st.DataObject
) -> None:
    size, last = sizes
    old = last + 1
    tree = leaves(size)
    changed = list(tree)
    changed[data.draw(st.integers(0, last))] = leaf_hash(b"forged")

    proof = consistency_proof(changed, old)

    assert not verify_consistency(old, root(tree[:old]), size, root(changed), proof)
