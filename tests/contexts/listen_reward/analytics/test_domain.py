"""A week is cut into parts of ten listeners or more, and no small group can be found by subtracting what is published."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, timedelta
from itertools import combinations, product
from typing import Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.contexts.listen_reward.analytics.attack import Cell, Known, found_out
from vibestream.contexts.listen_reward.analytics.domain import (
    Audience,
    Listened,
    Part,
    bounds_of,
    cut,
    is_over,
    week_of,
)
from vibestream.kernel.ids import TrackId, UserId, new_id

MONDAY: Final = date(2026, 11, 16)
A, B, C = sorted(TrackId(new_id()) for _ in range(3))
FEW: Final = 10


def fans(count: int, *, of: TrackId = A, day: int = 0, times: int = 1, heard_ms: int = 90_000) -> list[Listened]:
    """Listens of as many new listeners, each so many times."""
    return [
        Listened(fan, of, MONDAY + timedelta(days=day), heard_ms, 180_000)
        for fan in [UserId(new_id()) for _ in range(count)]
        for _ in range(times)
    ]


def part(track: TrackId | None, day: int | None, listens: int, listeners: int, percent: int = 50) -> Part:
    return Part(track, None if day is None else MONDAY + timedelta(days=day), listens, listeners, percent)


def test_of_nine_listeners_nothing_is_said_and_of_ten_the_tens_are():
    assert cut([]) is None
    assert cut(fans(9, times=50)) is None
    assert cut(fans(10)) == Audience(10, (part(A, 0, 10, 10),))
    assert cut(fans(19, times=3)) == Audience(10, (part(A, 0, 50, 10),))


def test_a_days_part_stands_alone_and_small_days_of_a_song_together():
    assert cut([*fans(12, day=0), *fans(5, day=1), *fans(6, day=4)]) == Audience(
        20, (part(A, 0, 10, 10), part(A, None, 10, 10))
    )


def test_small_songs_together_are_a_part_of_no_song():
    assert cut([*fans(12), *fans(5, of=B), *fans(6, of=C, day=3)]) == Audience(
        20, (part(A, 0, 10, 10), part(None, None, 10, 10))
    )


def test_a_rest_that_is_too_small_takes_the_smallest_part_with_it():
    """Left out, or shown as a total, the rest would be the total minus the parts."""
    assert cut([*fans(12), *fans(25, of=B), *fans(1, of=C)]) == Audience(
        30, (part(B, 0, 20, 20), part(None, None, 10, 10))
    )
    assert cut([*fans(12), *fans(1, of=B)]) == Audience(10, (part(None, None, 10, 10),))


def test_who_has_more_than_half_of_a_parts_listens_hides_behind_nobody():
    devoted = fans(1, times=10)
    assert cut([*fans(9), *devoted]) is None
    assert cut([*fans(10), *devoted]) == Audience(10, (part(A, 0, 20, 10),))


def test_more_than_the_song_is_long_counts_as_the_song():
    assert cut(fans(10, heard_ms=400_000)) == Audience(10, (part(A, 0, 10, 10, percent=100),))


def test_weeks_begin_on_monday_in_utc_and_are_cut_an_hour_after_their_end():
    assert {week_of(MONDAY + timedelta(days=n)) for n in range(7)} == {MONDAY}
    end = datetime(2026, 11, 23, tzinfo=UTC)
    assert bounds_of(MONDAY) == (datetime(2026, 11, 16, tzinfo=UTC), end)
    assert not is_over(MONDAY, now=end + timedelta(minutes=59))
    assert is_over(MONDAY, now=end + timedelta(hours=1))


# -- worlds, and the attacker ------------------------------------------------------------------------------------------


def world(chance: random.Random, *, tracks: int = 3, days: int = 4) -> list[Listened]:
    """Listeners of very different numbers in each cell, many of them in several cells, some of them devoted."""
    people = [UserId(new_id()) for _ in range(chance.randrange(8, 60))]
    songs = [A, B, C][:tracks]
    listens = []
    for song in songs:
        for day in range(days):
            if chance.random() < 0.25:
                continue
            crowd = chance.choice([1, 2, 3, 9, 10, 11, 20, len(people)])
            for fan in chance.sample(people, min(crowd, len(people))):
                times = chance.choice([1, 1, 1, 2, 5])
                listens += [Listened(fan, song, MONDAY + timedelta(days=day), 60_000, 180_000)] * times
    chance.shuffle(listens)
    return listens


def cell_of(one: Listened) -> Cell:
    return (str(one.track_id), str(one.day))


def all_cells(heard: Iterable[Listened]) -> list[Cell]:
    """The whole grid, heard or not: that nobody heard a song on a day is not known to the attacker."""
    songs = sorted({str(one.track_id) for one in heard})
    return [(song, str(MONDAY + timedelta(days=day))) for song in songs for day in range(7)]


def told_by(audience: Audience, cells: Sequence[Cell]) -> list[Known]:
    """What the parts say, each to within its rounding. What "several" holds is what no other part does."""
    named: set[Cell] = {(str(one.track_id), str(one.day)) for one in audience.parts if one.track_id and one.day}
    songs = {str(one.track_id) for one in audience.parts if one.track_id and not one.day}
    known = []
    for one in audience.parts:
        if one.track_id and one.day:
            group: frozenset[Cell] = frozenset({(str(one.track_id), str(one.day))})
        elif one.track_id:
            group = frozenset(cell for cell in cells if cell[0] == str(one.track_id) and cell not in named)
        else:
            group = frozenset(cell for cell in cells if cell[0] not in songs and cell not in named)
        known.append(Known(group, one.listens, one.listens + 9))
    return known


def statement_of(heard: Sequence[Listened], cells: Sequence[Cell]) -> list[Known]:
    """A statement beside it that has the exact listens of each song: the strongest other thing that an artist is given."""
    exact = Counter(str(one.track_id) for one in heard)
    return [Known(frozenset(cell for cell in cells if cell[0] == song), count, count) for song, count in exact.items()]


def small_groups(heard: Sequence[Listened], cells: Sequence[Cell]) -> list[frozenset[Cell]]:
    """Every group worth asking about of fewer than ten listeners: cells, pairs, songs, days, and all but a song or a day."""
    songs, days = sorted({cell[0] for cell in cells}), sorted({cell[1] for cell in cells})
    heard_in = {cell_of(one) for one in heard}
    groups: set[frozenset[Cell]] = {frozenset({cell}) for cell in heard_in}
    groups |= {frozenset(pair) for pair in combinations(sorted(heard_in), 2)}
    for axis, values in ((0, songs), (1, days)):
        for value in values:
            inside = frozenset(cell for cell in cells if cell[axis] == value)
            groups |= {inside, frozenset(cells) - inside}
            groups |= {inside - {cell} for cell in inside}
    listeners = {cell: {one.listener for one in heard if cell_of(one) == cell} for cell in heard_in}
    return [group for group in groups if 0 < len(set().union(*(listeners.get(cell, set()) for cell in group))) < FEW]


def leaks(heard: Sequence[Listened], known: Sequence[Known]) -> set[frozenset[Cell]]:
    """The small groups that are found out from what is known."""
    cells = all_cells(heard)
    return {group for group in small_groups(heard, cells) if found_out(group, known, cells)}


def ours(heard: Sequence[Listened]) -> list[Known]:
    audience = cut(heard)
    return [] if audience is None else told_by(audience, all_cells(heard))


def hidden_cells_and_exact_totals(heard: Sequence[Listened]) -> list[Known]:
    """What many publish: cells of ten or more, and the totals of songs and days and all."""
    cells = all_cells(heard)
    counts = Counter(cell_of(one) for one in heard)
    large = {cell for cell in cells if len({one.listener for one in heard if cell_of(one) == cell}) >= FEW}
    known = [Known(frozenset({cell}), counts[cell], counts[cell]) for cell in large]
    for axis in (0, 1):
        for value in {cell[axis] for cell in cells}:
            group = frozenset(cell for cell in cells if cell[axis] == value)
            total = sum(counts[cell] for cell in group)
            known.append(Known(group, total, total))
    return known


@pytest.mark.parametrize("seed", range(12))
def test_no_small_group_can_be_found_by_subtracting_what_is_published(seed: int):
    heard = world(random.Random(seed))

    assert leaks(heard, ours(heard)) == set()


@pytest.mark.parametrize("seed", range(12))
def test_beside_a_statement_with_exact_listens_of_each_song_nothing_more_is_found_than_the_statement_says(seed: int):
    heard = world(random.Random(seed))
    statement = statement_of(heard, all_cells(heard))

    assert leaks(heard, [*ours(heard), *statement]) == leaks(heard, statement)


@pytest.mark.parametrize("seed", range(12))
def test_no_small_crowd_can_be_found_by_subtracting_numbers_of_listeners(seed: int):
    """Who is in the week and not in a part, in one part and not in another, in one alone: never known to be one to nine."""
    heard = world(random.Random(seed))
    audience = cut(heard)
    if audience is None:
        return
    crowds = [
        {one.listener for one in heard if cell_of(one) in said.cells} for said in told_by(audience, all_cells(heard))
    ]
    kinds: list[Cell] = [
        chosen for size in range(1, len(crowds) + 1) for chosen in combinations(map(str, range(len(crowds))), size)
    ]
    known = [
        Known(frozenset(kind for kind in kinds if str(n) in kind), one.listeners, one.listeners + 9)
        for n, one in enumerate(audience.parts)
    ]
    known.append(Known(frozenset(kinds), audience.listeners, audience.listeners + 9))
    for mine, other in product(range(len(crowds)), repeat=2):
        inside = [kind for kind in kinds if str(mine) in kind and (mine == other or str(other) not in kind)]
        for group, crowd in (
            (inside, crowds[mine] - (crowds[other] if mine != other else set())),
            ([kind for kind in kinds if kind not in inside], set().union(*crowds) - crowds[mine]),
        ):
            assert not (0 < len(crowd) < FEW and found_out(group, known, kinds))


def test_the_same_attacker_finds_people_in_what_hides_small_cells_beside_exact_totals():
    """So that the attack is one: on the same worlds it wins against what many publish."""
    worlds = [world(random.Random(seed)) for seed in range(6)]

    assert all(leaks(heard, hidden_cells_and_exact_totals(heard)) for heard in worlds)


def test_ten_listeners_and_one_of_them_cannot_be_told_from_two_weeks_that_differ_by_them():
    """Adjacent weeks share no listen, so the same week is never published twice; one listener more moves no figure by one."""
    regulars, newcomer = fans(14), fans(1)

    assert cut(regulars) == cut([*regulars, *newcomer])


@given(st.integers(0, 10**6))
def test_parts_share_no_listen_leave_none_out_and_each_is_of_ten(seed: int):
    chance = random.Random(seed)
    heard = world(chance)
    again = list(heard)
    chance.shuffle(again)
    audience = cut(heard)

    assert cut(again) == audience
    if audience is None:
        return
    known = told_by(audience, all_cells(heard))
    counts = Counter(cell_of(one) for one in heard)
    seen: set[Cell] = set()
    for one, (said, group) in zip(audience.parts, [(k, k.cells) for k in known], strict=True):
        inside = [each for each in heard if cell_of(each) in group]
        by_listener = Counter(each.listener for each in inside)
        assert not seen & group
        seen |= group
        assert len(by_listener) >= FEW
        assert 2 * max(by_listener.values()) <= len(inside)
        assert said.least <= len(inside) <= said.most
        assert one.listeners == len(by_listener) // 10 * 10
    assert set(counts) <= seen
    assert audience.listeners == len({one.listener for one in heard}) // 10 * 10
