"""An epoch's tree: binary, of one depth, Poseidon of two at each node, the zero element where no leaf stands yet.

It only grows. Appending costs about one hash a leaf, because a node is hashed when both its sides are full, and once more
when the root is asked for. A node has two inputs and a leaf is a hash of six, so neither can pass for the other.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Final

from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.poseidon import poseidon
from vibestream.kernel.errors import Conflict, Missing

DEPTH: Final = 20
"""The circuit's: 1,048,576 receipts an epoch."""

EMPTY: Final = Field(0)

Place = tuple[int, int]
"""Where a node is: its height above the leaves, and its place among those of its height."""


class TreeFull(Conflict):
    """Every place of the tree is taken."""

    code = "receipts.tree_full"


class NoSuchLeaf(Missing):
    """The tree has no leaf at this place."""

    code = "receipts.no_such_leaf"


@dataclass(frozen=True, slots=True)
class Path:
    """Where a leaf stands, and the hashes beside its way to the root, from the leaf up."""

    index: int
    siblings: tuple[Field, ...]

    def root(self, leaf: Field) -> Field:
        """Return the root that this path leads to from a leaf."""
        reached = leaf
        for level, sibling in enumerate(self.siblings):
            is_right = self.index >> level & 1
            reached = poseidon(sibling, reached) if is_right else poseidon(reached, sibling)
        return reached


class ReceiptTree:
    """The tree over leaves in their order. `levels[0]` are the leaves, `levels[n]` the full nodes at height n."""

    def __init__(self, leaves: Iterable[Field] = (), *, depth: int = DEPTH) -> None:
        self._levels: list[list[Field]] = [[] for _ in range(depth + 1)]
        self.extend(leaves)

    @property
    def depth(self) -> int:
        """Levels above the leaves."""
        return len(self._levels) - 1

    def __len__(self) -> int:
        """The leaves that it holds."""
        return len(self._levels[0])

    def append(self, leaf: Field) -> int:
        """Add a leaf at the next place and return the place.

        Raises:
            TreeFull: there is none.
        """
        index = len(self)
        if index >> self.depth:
            raise TreeFull(f"The epoch's tree holds {1 << self.depth} receipts and is full.")
        self._levels[0].append(leaf)
        for below, level in zip(self._levels, self._levels[1:], strict=False):
            if len(below) % 2:
                break
            level.append(poseidon(below[-2], below[-1]))
        return index

    def extend(self, leaves: Iterable[Field]) -> None:
        """Add leaves at the next places, in their order.

        Raises:
            TreeFull: there are too few; those that fitted were added.
        """
        for leaf in leaves:
            self.append(leaf)

    def root(self) -> Field:
        """Return the root over all leaves so far."""
        return self._edge()[-1]

    def path(self, index: int) -> Path:
        """Return the path of the leaf at a place, to the present root.

        Raises:
            NoSuchLeaf: nothing stands there.
        """
        return self.paths([index])[0]

    def paths(self, indices: Sequence[int]) -> list[Path]:
        """Return several leaves' paths to the present root; the hashes that they share are made once.

        Raises:
            NoSuchLeaf: nothing stands at one of the places.
        """
        edge = self._edge()
        return [self._path(index, edge) for index in indices]

    def rows(self) -> list[list[Field]]:
        """Return, for each height from 1 to below the root, its nodes in their places as far as a leaf stands under one.

        They are what paths are put together from: with the leaves and `assembled`, no node is hashed again.
        """
        edge = self._edge()
        return [
            [*self._levels[height], *([edge[height]] if len(self) % (1 << height) else [])]
            for height in range(1, self.depth)
        ]

    def _path(self, index: int, edge: Sequence[Field]) -> Path:
        if not 0 <= index < len(self):
            raise NoSuchLeaf(f"The tree has {len(self)} receipts; none stands at {index}.")
        siblings = [self._node(height, (index >> height) ^ 1, edge) for height in range(self.depth)]
        return Path(index, tuple(siblings))

    def _node(self, height: int, place: int, edge: Sequence[Field]) -> Field:
        full = self._levels[height]
        if place < len(full):
            return full[place]
        return edge[height] if place == len(full) else _empty(height)

    def _edge(self) -> list[Field]:
        """Return, for each height, the first node that is not full: partly leaves and partly empty places, or all empty."""
        edge = [EMPTY]
        for height, full in enumerate(self._levels[:-1]):
            if len(full) % 2:
                edge.append(poseidon(full[-1], edge[height]))
            elif edge[height] == _empty(height):
                edge.append(_empty(height + 1))
            else:
                edge.append(poseidon(edge[height], _empty(height)))
        if self._levels[-1]:
            edge[-1] = self._levels[-1][0]
        return edge


def beside(indices: Iterable[int], *, depth: int = DEPTH) -> set[Place]:
    """Return where the hashes stand that the paths of these leaves are made of."""
    return {(height, (index >> height) ^ 1) for index in indices for height in range(depth)}


def assembled(indices: Iterable[int], *, nodes: Mapping[Place, Field], depth: int = DEPTH) -> list[Path]:
    """Return leaves' paths out of nodes that are known, of which those are missing that no leaf stands under."""
    return [
        Path(
            index,
            tuple(nodes.get((height, (index >> height) ^ 1), _empty(height)) for height in range(depth)),
        )
        for index in indices
    ]


@cache
def _empty(height: int) -> Field:
    """Return the node above only empty places."""
    return EMPTY if height == 0 else poseidon(_empty(height - 1), _empty(height - 1))
