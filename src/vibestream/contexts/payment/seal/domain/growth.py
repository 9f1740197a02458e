"""How the tree grows, and how any subtree's root is found, from the few hashes that are kept.

Kept are the hashes of all leaves (level 0) and the roots of every complete subtree of 256 leaves (level 8), of 65,536
(level 16), and so on. A tree of any size has, at each of these levels, fewer than 256 hashes that belong to no complete
subtree of the next: its *edge*. To add a leaf, to reckon the root or one step of a path takes a few hundred hashes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

from vibestream.contexts.payment.seal.domain import tree
from vibestream.contexts.payment.seal.domain.tree import Span

STEP: Final = 8
"""Levels of the tree between two that are kept."""
_WIDTH: Final = 1 << STEP


@dataclass(frozen=True, slots=True)
class Row:
    """Hashes that are kept: of one level, the places from `start` up to `end`."""

    level: int
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Node:
    """One hash that is to be kept: the root of a subtree that has just become complete."""

    level: int
    place: int
    hash: bytes


@dataclass(slots=True)
class Edge:
    """The right edge of a growing tree."""

    size: int
    levels: list[list[bytes]] = field(default_factory=list)
    """By level, from 0 in steps: the hashes that belong to no complete subtree of the next."""

    def append(self, leaf: bytes) -> list[Node]:
        """Add the hash of a leaf and return the subtrees that are complete by it."""
        self.size += 1
        completed: list[Node] = []
        added, depth = leaf, 0
        while True:
            if depth == len(self.levels):
                self.levels.append([])
            row = self.levels[depth]
            row.append(added)
            if len(row) < _WIDTH:
                return completed
            added, depth = tree.root(row), depth + 1
            row.clear()
            level = depth * STEP
            completed.append(Node(level, (self.size >> level) - 1, added))

    def root(self) -> bytes:
        """Return the root of the whole tree."""
        reached: list[bytes] = []
        for row in self.levels:
            if row or reached:
                reached = [tree.root([*row, *reached])]
        return reached[0] if reached else tree.EMPTY_ROOT


def edge_rows(size: int) -> list[Row]:
    """Return which kept hashes are the edge of a tree of this size, the lowest level first."""
    rows, level = [], 0
    while size >> level:
        end = size >> level
        rows.append(Row(level, end - end % _WIDTH, end))
        level += STEP
    return rows


def span_rows(span: Span) -> list[Row]:
    """Return which kept hashes make up the root of a span: one row for each of its complete subtrees, in order."""
    rows = []
    for start, end in tree.complete_spans(*span):
        level = ((end - start).bit_length() - 1) // STEP * STEP
        rows.append(Row(level, start >> level, end >> level))
    return rows


def span_root(span: Span, kept: Mapping[tuple[int, int], bytes]) -> bytes:
    """Return the root of a span, given the kept hashes of its rows by level and place.

    Raises:
        KeyError: one is missing.
    """
    return tree.fold(
        [tree.root([kept[row.level, place] for place in range(row.start, row.end)]) for row in span_rows(span)]
    )


def rows_of(spans: Iterable[Span]) -> set[Row]:
    """Return which kept hashes the roots of these spans are made of."""
    return {row for span in spans for row in span_rows(span)}
