"""The tree of RFC 6962, against published vectors and against its definition."""

from __future__ import annotations

from hashlib import sha256

import pytest
from hypothesis import given
from hypothesis import strategies as st

from vibestream.contexts.payment.seal.domain import tree

# The leaves, roots and paths of the reference implementation's tests.
# Source: google/certificate-transparency, cpp/merkletree/merkle_tree_test.cc.
LEAVES = [
    bytes.fromhex(text)
    for text in ("", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f")
]
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
HASHES = [tree.leaf_hash(leaf) for leaf in LEAVES]
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
    (1, 5): [
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "5f083f0a1a33ca076a95279832580db3e0ef4584bdff1f54c8a360f50de3031e",
        "bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b",
    ],
}
CONSISTENCY = {
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


def defined_root(leaves: list[bytes]) -> bytes:
    """MTH as RFC 6962 writes it, recursively."""
    if not leaves:
        return sha256(b"").digest()
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return sha256(b"\x01" + defined_root(leaves[:split]) + defined_root(leaves[split:])).digest()


def many(count: int) -> list[bytes]:
    return [tree.leaf_hash(str(number).encode()) for number in range(count)]


def of_spans(hashes: list[bytes], spans: list[tuple[int, int]]) -> list[bytes]:
    return [tree.fold([tree.root(hashes[a:b]) for a, b in tree.complete_spans(*span)]) for span in spans]


def test_the_empty_tree_has_the_digest_of_nothing():
    assert tree.root([]).hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"


@pytest.mark.parametrize("size", range(1, 9))
def test_roots_are_the_published_ones(size: int):
    assert tree.root(HASHES[:size]).hex() == ROOTS[size - 1]


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_inclusion_paths_are_the_published_ones(index: int, size: int):
    path = [step.hex() for step in tree.inclusion_path(HASHES[:size], index)]
    assert path == INCLUSION[index, size]
    assert [step.hex() for step in of_spans(HASHES, tree.inclusion_spans(index, size))] == path


@pytest.mark.parametrize(("old", "size"), CONSISTENCY)
def test_consistency_paths_are_the_published_ones(old: int, size: int):
    assert [step.hex() for step in of_spans(HASHES, tree.consistency_spans(old, size))] == CONSISTENCY[old, size]


@pytest.mark.parametrize("size", range(70))
def test_the_root_is_the_one_of_the_definition(size: int):
    leaves = [str(number).encode() for number in range(size)]
    assert tree.root([tree.leaf_hash(leaf) for leaf in leaves]) == defined_root(leaves)


def test_every_path_of_every_small_tree_leads_to_its_root_and_no_other_place_does():
    for size in range(1, 35):
        hashes = many(size)
        root = tree.root(hashes)
        for index in range(size):
            path = tree.inclusion_path(hashes, index)
            assert of_spans(hashes, tree.inclusion_spans(index, size)) == list(path)
            reached = {
                place: tree.root_from_path(leaf=hashes[index], index=place, size=size, path=path)
                for place in range(size + 2)
            }
            assert [place for place, found in reached.items() if found == root] == [index]


def test_every_consistency_of_small_trees_is_shown():
    for size in range(1, 35):
        hashes = many(size)
        for old in range(1, size + 1):
            path = of_spans(hashes, tree.consistency_spans(old, size))
            given_roots = {"old_root": tree.root(hashes[:old]), "new_root": tree.root(hashes)}
            assert tree.is_consistent(old=old, size=size, path=path, **given_roots)
            if old < size:
                assert not tree.is_consistent(old=old, size=size, path=[*path, path[0]], **given_roots)
                assert not tree.is_consistent(old=old, size=size, path=path[:-1], **given_roots)


def test_a_tree_that_changed_its_past_is_not_consistent():
    hashes, forged = many(21), many(21)
    forged[3] = tree.leaf_hash(b"forged")
    for old in range(4, 21):
        path = of_spans(forged, tree.consistency_spans(old, 21))
        assert not tree.is_consistent(
            old=old, old_root=tree.root(hashes[:old]), size=21, new_root=tree.root(forged), path=path
        )


@given(st.integers(1, 300), st.data())
def test_a_path_with_one_bit_changed_leads_elsewhere(size: int, data: st.DataObject):
    hashes = many(size)
    index = data.draw(st.integers(0, size - 1))
    path = list(tree.inclusion_path(hashes, index))
    if not path:
        return
    step, bit = data.draw(st.integers(0, len(path) - 1)), data.draw(st.integers(0, 255))
    path[step] = (int.from_bytes(path[step]) ^ 1 << bit).to_bytes(32)
    assert tree.root_from_path(leaf=hashes[index], index=index, size=size, path=path) != tree.root(hashes)


@pytest.mark.parametrize(("index", "size"), [(-1, 3), (3, 3), (0, 0)])
def test_a_leaf_that_is_not_there_has_no_path(index: int, size: int):
    with pytest.raises(IndexError):
        tree.inclusion_path(many(size), index)
    with pytest.raises(IndexError):
        tree.inclusion_spans(index, size)
    assert tree.root_from_path(leaf=b"", index=index, size=size, path=[]) is None


@pytest.mark.parametrize(("old", "size"), [(0, 3), (4, 3)])
def test_no_tree_is_consistent_with_an_empty_or_larger_one(old: int, size: int):
    with pytest.raises(IndexError):
        tree.consistency_spans(old, size)
    assert not tree.is_consistent(old=old, old_root=b"", size=size, new_root=b"", path=[])


def test_a_consistency_path_that_is_missing_or_too_long_shows_nothing():
    hashes = many(3)
    roots = {"old_root": tree.root(hashes), "new_root": tree.root(hashes)}
    assert tree.is_consistent(old=3, size=3, path=[], **roots)
    assert not tree.is_consistent(old=3, size=3, path=[hashes[0]], **roots)
    assert not tree.is_consistent(old=3, size=4, path=[], **roots)
