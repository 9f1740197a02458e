"""Which listens are of one's own work: by when it was heard, to the instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from tests.factories.listen_reward import NOON, after
from vibestream.contexts.listen_reward.insiders.domain import Worked, own_work
from vibestream.kernel.ids import ListenId, new_id

INSTANT = timedelta(microseconds=1)
PROVEN = after(30)


@pytest.mark.parametrize(
    ("since", "until", "own"),
    [
        (NOON - timedelta(days=9), None, True),
        (NOON, NOON + INSTANT, True),
        (after(10), after(20), True),  # joined and left while it played
        (PROVEN, None, True),
        (PROVEN + INSTANT, None, False),
        (NOON - timedelta(days=9), NOON + INSTANT, True),
        (NOON - timedelta(days=9), NOON, False),
        (after(3_600), after(7_200), False),
    ],
)
def test_a_listen_is_ones_own_when_one_worked_for_the_artist_at_any_moment_of_it(
    since: datetime, until: datetime | None, own: bool
):
    listen = ListenId(new_id())

    assert own_work([Worked(listen, NOON, PROVEN, since, until)]) == ({listen} if own else set())


def test_of_several_times_one_is_enough():
    listen, other = ListenId(new_id()), ListenId(new_id())
    before, during = (NOON - timedelta(days=9), NOON - timedelta(days=1)), (after(5), None)

    worked = [Worked(listen, NOON, PROVEN, *one) for one in (before, during)] + [Worked(other, NOON, PROVEN, *before)]

    assert own_work(worked) == {listen}
