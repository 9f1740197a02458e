"""The Merkle tree of RFC 6962, and how to find and check paths in it. All hashes are SHA-256, 32 bytes.

A tree is written here as the hashes of its leaves in order. `MTH(start, end)` is the root of the leaves from start up
to end.

Source: RFC 6962, section 2.1 (hashes, paths); RFC 9162, sections 2.1.3.2 and 2.1.4.2 (verification of paths).
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from hashlib import sha256
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = sha256(b"").digest()
"""The root of a tree without leaves."""

Span = tuple[int, int]
"""Leaves from a number up to another: the half-open range whose root is meant."""


def leaf_hash(leaf: bytes) -> bytes:
    """Return the hash of a leaf: of 0x00 and its bytes."""
    return sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the hash of an inner node: of 0x01 and its children."""
    return sha256(b"\x01" + left + right).digest()


def root(hashes: Sequence[bytes]) -> bytes:
    """Return the root of a tree, given the hashes of its leaves.

    Pairing neighbours and handing an odd last one up is the same tree as splitting at the largest power of two. For the
    same reason each hash may also be the root of a complete subtree, if all are of one size and the last is at most that.
    """
    if not hashes:
        return EMPTY_ROOT
    level = list(hashes)
    while len(level) > 1:
        level = _paired(level)
    return level[0]


def inclusion_path(hashes: Sequence[bytes], index: int) -> tuple[bytes, ...]:
    """Return the hashes beside the way from a leaf to the root, the lowest first.

    Raises:
        IndexError: there is no such leaf.
    """
    return inclusion_paths(hashes, [index])[index]


def inclusion_paths(hashes: Sequence[bytes], indexes: Collection[int]) -> dict[int, tuple[bytes, ...]]:
    """Return the path of each of some leaves of one tree, by its place.

    Raises:
        IndexError: there is no such leaf.
    """
    if not all(0 <= index < len(hashes) for index in indexes):
        raise IndexError(indexes)
    paths: dict[int, list[bytes]] = {index: [] for index in indexes}
    level, height = list(hashes), 0
    while len(level) > 1:
        for index, path in paths.items():
            beside = index >> height ^ 1
            if beside < len(level):
                path.append(level[beside])
        level, height = _paired(level), height + 1
    return {index: tuple(path) for index, path in paths.items()}


def inclusion_spans(index: int, size: int) -> list[Span]:
    """Return which subtrees' roots make up the path from a leaf to the root of a tree of this size, the lowest first.

    Raises:
        IndexError: there is no such leaf.
    """
    if not 0 <= index < size:
        raise IndexError(index)
    spans, start, end = [], 0, size
    while end - start > 1:
        middle = start + _split(end - start)
        if index < middle:
            spans.append((middle, end))
            end = middle
        else:
            spans.append((start, middle))
            start = middle
    return spans[::-1]


def consistency_spans(old: int, size: int) -> list[Span]:
    """Return which subtrees' roots show that a tree of `old` leaves is the beginning of one of `size`.

    Raises:
        IndexError: the old tree is empty or larger.
    """
    if not 0 < old <= size:
        raise IndexError(old)
    spans: list[Span] = []
    start, end, known = 0, size, True
    while old != end - start:
        middle = _split(end - start)
        if old <= middle:
            spans.append((start + middle, end))
            end = start + middle
        else:
            spans.append((start, start + middle))
            start, old, known = start + middle, old - middle, False
    if not known:
        spans.append((start, end))
    return spans[::-1]


def complete_spans(start: int, end: int) -> list[Span]:
    """Return the complete subtrees, from left to right and falling in size, of which `MTH(start, end)` is folded."""
    spans = []
    while start < end:
        width = 1 << (end - start).bit_length() - 1
        spans.append((start, start + width))
        start += width
    return spans


def fold(roots: Sequence[bytes]) -> bytes:
    """Return the root over complete subtrees of falling size, given their roots from left to right."""
    folded = roots[-1]
    for left in reversed(roots[:-1]):
        folded = node_hash(left, folded)
    return folded


def root_from_path(*, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes | None:
    """Return the root to which a path leads from a leaf's hash; None when the path does not fit the place and size."""
    if not 0 <= index < size:
        return None
    place, last, reached = index, size - 1, leaf
    for beside in path:
        if last == 0:
            return None
        if place & 1 or place == last:
            reached = node_hash(beside, reached)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            reached = node_hash(reached, beside)
        place, last = place >> 1, last >> 1
    return reached if last == 0 else None


def is_consistent(*, old: int, old_root: bytes, size: int, new_root: bytes, path: Sequence[bytes]) -> bool:
    """Say whether a path shows that the tree of `old` leaves and root is the beginning of the one of `size`."""
    if not 0 < old <= size:
        return False
    if old == size:
        return not path and old_root == new_root
    steps = [old_root, *path] if old & (old - 1) == 0 else list(path)
    if not steps:
        return False
    place, last = old - 1, size - 1
    while place & 1:
        place, last = place >> 1, last >> 1
    old_reached = new_reached = steps[0]
    for beside in steps[1:]:
        if last == 0:
            return False
        if place & 1 or place == last:
            old_reached, new_reached = node_hash(beside, old_reached), node_hash(beside, new_reached)
            while not place & 1 and place:
                place, last = place >> 1, last >> 1
        else:
            new_reached = node_hash(new_reached, beside)
        place, last = place >> 1, last >> 1
    return last == 0 and old_reached == old_root and new_reached == new_root


def _paired(level: Sequence[bytes]) -> list[bytes]:
    pairs = zip(level[::2], level[1::2], strict=False)
    above = [sha256(b"\x01" + left + right).digest() for left, right in pairs]
    if len(level) & 1:
        above.append(level[-1])
    return above


def _split(size: int) -> int:
    """Return the largest power of two that is less than a size of at least two."""
    return 1 << (size - 1).bit_length() - 1
