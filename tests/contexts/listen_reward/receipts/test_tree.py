"""The tree: what it says of any leaves is what the definition says, and a path leads from its own leaf to the root alone."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from vibestream.contexts.listen_reward.receipts.domain.field import ORDER, Field
from vibestream.contexts.listen_reward.receipts.domain.poseidon import poseidon
from vibestream.contexts.listen_reward.receipts.domain.tree import (
    DEPTH,
    NoSuchLeaf,
    Path,
    ReceiptTree,
    TreeFull,
    assembled,
    beside,
)

LEAVES = st.lists(st.integers(1, ORDER - 1).map(Field), max_size=8)
FEW = settings(max_examples=25, deadline=None)
"""A tree is dozens of hashes: the properties need no hundred of them."""
EMPTY_ROOT = Field(15019797232609675441998260052101280400536945603062888308240081994073687793470)


def defined(leaves: list[Field], depth: int) -> Field:
    """The definition: fill up with zeros, hash pairs until one is left."""
    row = leaves + [Field(0)] * (2**depth - len(leaves))
    while len(row) > 1:
        row = [poseidon(left, right) for left, right in zip(row[::2], row[1::2], strict=True)]
    return row[0]


@FEW
@given(LEAVES)
def test_its_root_is_the_root_of_the_whole_row_at_every_length(leaves: list[Field]):
    tree = ReceiptTree(depth=3)
    for count, leaf in enumerate(leaves):
        assert tree.append(leaf) == count
    assert tree.root() == defined(leaves, 3)
    assert tree.root() == ReceiptTree(leaves, depth=3).root()


@pytest.mark.parametrize("count", range(9))
def test_every_leaf_of_every_size_has_a_path_to_the_root(count: int):
    leaves = [Field(100 + number) for number in range(count)]
    tree = ReceiptTree(leaves, depth=3)

    for index, path in enumerate(tree.paths(range(count))):
        assert path == tree.path(index)
        assert (path.index, len(path.siblings)) == (index, 3)
        assert path.root(leaves[index]) == tree.root() == defined(leaves, 3)


@FEW
@given(LEAVES.filter(len), st.data())
def test_a_path_leads_nowhere_from_another_leaf_or_place_or_sibling(leaves: list[Field], data: st.DataObject):
    tree = ReceiptTree(leaves, depth=3)
    index = data.draw(st.integers(0, len(leaves) - 1))
    level = data.draw(st.integers(0, 2))
    path = tree.path(index)
    forged = list(path.siblings)
    forged[level] = Field((forged[level] + 1) % ORDER)

    assert path.root(Field((leaves[index] + 1) % ORDER)) != tree.root()
    assert Path(index, tuple(forged)).root(leaves[index]) != tree.root()
    below = Path(index % (1 << level), path.siblings[:level]).root(leaves[index])
    if below != path.siblings[level]:
        assert Path(index ^ (1 << level), path.siblings).root(leaves[index]) != tree.root()


@FEW
@given(LEAVES, st.integers(1, ORDER - 1).map(Field))
def test_growing_keeps_old_leaves_and_changes_the_root(leaves: list[Field], another: Field):
    tree = ReceiptTree(leaves[:7], depth=3)
    before = tree.root()
    tree.append(another)

    assert tree.root() != before
    assert all(tree.path(index).root(leaf) == tree.root() for index, leaf in enumerate(leaves[:7]))


def test_a_full_tree_takes_no_more_and_stays_as_it_was():
    tree = ReceiptTree([Field(1), Field(2), Field(3), Field(4)], depth=2)
    root = tree.root()

    with pytest.raises(TreeFull):
        tree.append(Field(5))
    assert (len(tree), tree.root()) == (4, root)
    assert root == poseidon(poseidon(Field(1), Field(2)), poseidon(Field(3), Field(4)))


@pytest.mark.parametrize("index", [-1, 2, 4, 2**20])
def test_nothing_is_proved_of_an_empty_place(index: int):
    with pytest.raises(NoSuchLeaf):
        ReceiptTree([Field(1), Field(2)], depth=2).path(index)


def test_its_depth_is_the_circuits_and_its_empty_root_the_known_one():
    tree = ReceiptTree()

    assert (tree.depth, len(tree)) == (20, 0)
    assert DEPTH == 20
    # Twenty levels of Poseidon over zeros: the constant `zeros[20]` of trees like Semaphore's, by circomlibjs.
    assert tree.root() == EMPTY_ROOT


@pytest.mark.parametrize("count", range(9))
def test_paths_put_together_from_kept_nodes_are_those_that_are_hashed(count: int):
    leaves = [Field(100 + number) for number in range(count)]
    tree = ReceiptTree(leaves, depth=3)
    rows = tree.rows()
    assert [len(row) for row in rows] == [-(-count // 2), -(-count // 4)]
    nodes = {(height, place): node for height, row in enumerate([leaves, *rows]) for place, node in enumerate(row)}

    wanted = beside(range(count), depth=3)

    kept = {place: node for place, node in nodes.items() if place in wanted}
    assert assembled(range(count), nodes=kept, depth=3) == tree.paths(range(count))
