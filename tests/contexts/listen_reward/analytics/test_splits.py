"""A week cut in other ways: pieces of ten, nothing left out, and no small group found from all the ways together."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import replace

import pytest

from tests.contexts.listen_reward.analytics.attack import Cell, Known, found_out
from tests.contexts.listen_reward.analytics.test_domain import FEW, fans, world
from vibestream.contexts.listen_reward.analytics.domain import Listened, cut
from vibestream.contexts.listen_reward.analytics.domain.splits import UNKNOWN, Kind, Piece, split
from vibestream.kernel.ids import UserId


def started(count: int, surface: str | None, *, quality: int | None = None) -> list[Listened]:
    return [replace(one, surface=surface, quality=quality) for one in fans(count)]


def of(kind: Kind, pieces: tuple[Piece, ...]) -> list[tuple[str | None, int, int]]:
    return [(one.name, one.listens, one.listeners) for one in pieces if one.kind is kind]


def test_each_way_has_its_pieces_the_largest_first_and_what_is_not_known_last():
    heard = [*started(12, "song"), *started(25, "release"), *started(11, None)]

    assert of(Kind.SURFACE, split(heard, countries={})) == [
        ("release", 20, 20), ("song", 10, 10), (UNKNOWN, 10, 10),
    ]  # fmt: skip


def test_what_is_too_small_goes_together_and_takes_the_smallest_with_it_where_it_must():
    assert of(Kind.SURFACE, split([*started(30, "song"), *started(6, "queue"), *started(7, None)], countries={})) == [
        ("song", 30, 30), (None, 10, 10),
    ]  # fmt: skip
    assert of(Kind.SURFACE, split([*started(30, "song"), *started(12, "release"), *started(1, "queue")], countries={})) == [
        ("song", 30, 30), (None, 10, 10),
    ]  # fmt: skip


def test_where_nothing_is_told_apart_nothing_is_told():
    assert split([*started(30, None)], countries={}) == ()
    assert split([*started(9, "song")], countries={}) == ()
    assert of(Kind.SURFACE, split([*started(30, None), *started(3, "song")], countries={})) == []


def test_countries_are_those_of_listeners_and_quality_falls_into_three_bands():
    heard = [*started(11, None, quality=900), *started(12, None, quality=899), *started(13, None, quality=699)]
    countries = {one.listener: "ES" if n < 15 else "MX" for n, one in enumerate(heard[:30])}

    found = split(heard, countries=countries)

    # Fifteen of each; six said nothing, and take one of the two with them.
    assert of(Kind.COUNTRY, found) == [("MX", 10, 10), (None, 20, 20)]
    assert of(Kind.QUALITY, found) == [("fair", 10, 10), ("good", 10, 10), ("poor", 10, 10)]


def test_who_has_more_than_half_of_a_pieces_listens_does_not_stand_in_it():
    devoted = [replace(one, surface="song") for one in fans(1, times=30)]

    assert of(Kind.SURFACE, split([*started(12, "song"), *devoted, *started(60, "release")], countries={})) == []


def test_a_songs_average_quality_is_of_those_of_its_listens_that_have_one_when_they_are_ten():
    audience = cut([*started(10, None, quality=809), *started(5, None)])
    few = cut([*started(9, None, quality=809), *started(5, None)])

    assert audience is not None
    assert few is not None
    assert [one.quality for one in audience.parts] == [800]
    assert [one.quality for one in few.parts] == [None]


# -- the attacker, with every way at once -------------------------------------------------------------------------------


def told_apart(seed: int) -> tuple[list[Listened], dict[UserId, str]]:
    chance = random.Random(seed)
    heard = [
        replace(
            one,
            surface=chance.choices(["release", "song", "queue", None], [5, 3, 1, 1])[0],
            quality=chance.choice([950, 800, 300]),
        )
        for one in world(chance, tracks=2, days=2)
    ]
    countries = {one.listener: chance.choice(["ES", "MX"]) for one in heard if chance.random() < 0.8}
    return heard, countries


@pytest.mark.parametrize("seed", range(12))
def test_no_small_group_is_found_from_all_ways_of_cutting_together(seed: int):
    """A cell is what is in one song, from one surface, of one country: the attacker may ask for any of few listeners."""
    heard, countries = told_apart(seed)

    def cell(one: Listened) -> Cell:
        return str(one.track_id), one.surface or UNKNOWN, countries.get(one.listener, UNKNOWN)

    audience, pieces = cut(heard), split(heard, countries=countries)
    cells = sorted({
        (song, surface, country)
        for song in {str(one.track_id) for one in heard}
        for surface in ("release", "song", "queue", UNKNOWN)
        for country in ("ES", "MX", UNKNOWN)
    })  # fmt: skip
    known = []
    if audience is not None:
        songs: Counter[str | None] = Counter()
        ends: Counter[str | None] = Counter()
        for part in audience.parts:
            key = None if part.track_id is None else str(part.track_id)
            songs[key] += part.listens
            ends[key] += part.listens + 9
        if None not in songs:  # else a song may be in two of them
            known += [Known(frozenset(c for c in cells if c[0] == key), songs[key], ends[key]) for key in songs]
        known.append(Known(frozenset(cells), sum(songs.values()), sum(ends.values())))
    for place, kind in ((1, Kind.SURFACE), (2, Kind.COUNTRY)):
        own = [one for one in pieces if one.kind is kind]
        named = {one.name for one in own}
        known += [
            Known(
                frozenset(c for c in cells if (c[place] == one.name if one.name else c[place] not in named)),
                *(one.listens, one.listens + 9),
            )
            for one in own
        ]
    exact = Counter(str(one.track_id) for one in heard)
    statement = [Known(frozenset(c for c in cells if c[0] == song), n, n) for song, n in exact.items()]
    groups = [frozenset({c}) for c in {cell(one) for one in heard}]
    groups += [
        frozenset(c for c in cells if c[place] == value) for place in (0, 1, 2) for value in {c[place] for c in cells}
    ]
    groups += [frozenset(c for c in cells if (c[0], c[1]) == pair) for pair in {(c[0], c[1]) for c in cells}]
    for group in groups:
        listeners = {one.listener for one in heard if cell(one) in group}
        if 0 < len(listeners) < FEW:
            assert not found_out(group, known, cells)
            assert not found_out(group, [*known, *statement], cells) or found_out(group, statement, cells)
