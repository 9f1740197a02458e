"""The same week cut another way: by what listens were started from, by the country of listeners' clocks, by quality.

Each split is a partition of its own, made of the same listens as the parts by song and day, once and together with them; each of
its pieces is of ten listeners or more and rounded down to tens, as theirs are. Two partitions say nothing of what lies in a piece
of the one and a part of the other: which songs were found from where is not told.
"""

from __future__ import annotations

import enum
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.listen_reward.analytics.domain import Listened, is_large, rounded, size_of
from vibestream.kernel.ids import UserId


class Kind(enum.StrEnum):
    """What listens are told apart by."""

    SURFACE = "surface"
    COUNTRY = "country"
    QUALITY = "quality"


class Surface(enum.StrEnum):
    """What a listen was started from, as the player says."""

    RELEASE = "release"
    SONG = "song"
    QUEUE = "queue"
    """It was the next one, or one that was chosen in the queue."""


UNKNOWN: Final = "unknown"
"""Nobody said; a player of somebody else does not."""
_GOOD: Final = 900
_FAIR: Final = 700


@dataclass(frozen=True, slots=True)
class Piece:
    """Some listens of a week; figures are rounded down to tens. No name: of all that is too small to stand alone."""

    kind: Kind
    name: str | None
    listens: int
    listeners: int


def split(heard: Sequence[Listened], *, countries: Mapping[UserId, str]) -> tuple[Piece, ...]:
    """Return what is published of a week beside its parts: of each kind its pieces, the largest first, or nothing.

    Args:
        heard: what the parts were cut from.
        countries: the country of each listener, of those who have one.
    """
    keys: Mapping[Kind, Callable[[Listened], str]] = {
        Kind.SURFACE: lambda one: one.surface or UNKNOWN,
        Kind.COUNTRY: lambda one: countries.get(one.listener, UNKNOWN),
        Kind.QUALITY: _band,
    }
    return tuple(piece for kind, key in keys.items() for piece in _pieces(kind, heard, key))


def _pieces(kind: Kind, heard: Iterable[Listened], key: Callable[[Listened], str]) -> list[Piece]:
    """Return the pieces of one kind. What is too small goes together, with the smallest of the others where it must."""
    groups: dict[str, list[Listened]] = defaultdict(list)
    for one in heard:
        groups[key(one)].append(one)
    rest: list[Listened] = []
    for name in [name for name, own in groups.items() if not is_large(own)]:
        rest += groups.pop(name)
    while rest and groups and not is_large(rest):
        rest += groups.pop(min(groups, key=lambda name: (size_of(groups[name]), name)))
    known = groups.keys() - {UNKNOWN}
    if not known or (rest and not is_large(rest)):
        return []  # nothing is told apart from anything
    found = [_piece(kind, name, own) for name, own in groups.items()] + ([_piece(kind, None, rest)] if rest else [])
    return sorted(found, key=lambda one: (one.name is None, one.name == UNKNOWN, -one.listens, one.name or ""))


def _piece(kind: Kind, name: str | None, own: Sequence[Listened]) -> Piece:
    return Piece(kind, name, rounded(len(own)), rounded(size_of(own)[0]))


def _band(one: Listened) -> str:
    if one.quality is None:
        return UNKNOWN
    return "good" if one.quality >= _GOOD else "fair" if one.quality >= _FAIR else "poor"
