"""Who waits, and until when."""

from __future__ import annotations

from datetime import timedelta

from tests.factories.listen_reward import NOON
from vibestream.contexts.listen_reward.warming.domain import Heard, Waiting, split
from vibestream.kernel.ids import ListenId, TrackId, UserId, new_id

NEW, OLD, NEVER = (UserId(new_id()) for _ in range(3))
FIRST = {NEW: NOON - timedelta(days=1), OLD: NOON - timedelta(days=3)}


def heard(by: UserId) -> Heard:
    return Heard(ListenId(new_id()), by, UserId(new_id()), TrackId(new_id()), NOON, heard_s=40)


def test_an_account_waits_until_so_many_days_after_its_first_proven_listen():
    new, old, never = heard(NEW), heard(OLD), heard(NEVER)

    assert split([new, old, never], first=FIRST, days=3) == (
        [old],
        [Waiting(new, NOON + timedelta(days=2)), Waiting(never, NOON + timedelta(days=3))],
    )


def test_without_a_warm_up_nobody_waits():
    everybody = [heard(one) for one in (NEW, OLD, NEVER)]

    assert split(everybody, first=FIRST, days=0) == (everybody, [])


def test_a_first_listen_that_is_later_than_this_one_makes_nobody_younger():
    late = {NEW: NOON + timedelta(hours=1)}
    one = heard(NEW)

    assert split([one], first=late, days=1) == ([], [Waiting(one, NOON + timedelta(days=1))])
