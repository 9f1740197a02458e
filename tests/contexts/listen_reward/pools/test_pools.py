"""What listens earn: never more than the budget, never twice."""

from __future__ import annotations

import asyncio
from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.listen_reward import NOON
from vibestream.contexts.listen_reward.pools import domain, service
from vibestream.contexts.listen_reward.pools.domain import Accepted, Epoch, Outcome, Policy
from vibestream.contexts.listen_reward.pools.invariants import INVARIANTS
from vibestream.kernel.ids import ListenId, TrackId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Database, Tx

TODAY = NOON.date()


def make_accepted(*, user: UserId | None = None, track: TrackId | None = None, owner: UserId | None = None) -> Accepted:
    user = user or UserId(new_id())
    return Accepted(ListenId(new_id()), user, owner or UserId(new_id()), track or TrackId(new_id()), NOON)


def make_epoch(
    *, budget: int, per_listen: int = 10, granted: int = 0, track_cap: int = 5, listener_cap: int = 400
) -> Epoch:
    policy = Policy(Money(budget, VIBE), Money(per_listen, VIBE), track_cap, listener_cap)
    return Epoch(TODAY, policy, Money(granted, VIBE))


def outcomes(epoch: Epoch, accepted: list[Accepted]) -> list[Outcome]:
    return [one.outcome for one in domain.decide(epoch, accepted, earned={})]


def test_listens_earn_in_their_order_until_the_budget_is_spent():
    decisions = domain.decide(make_epoch(budget=25), [make_accepted() for _ in range(3)], earned={})

    assert [one.outcome for one in decisions] == [Outcome.GRANTED, Outcome.GRANTED, Outcome.BUDGET_SPENT]
    assert [one.amount.minor for one in decisions] == [10, 10, 0]


def test_an_artists_own_track_earns_them_nothing():
    artist = UserId(new_id())

    assert outcomes(make_epoch(budget=100), [make_accepted(user=artist, owner=artist)]) == [Outcome.OWN_TRACK]


def test_caps_bound_what_one_listener_earns():
    fan, track = UserId(new_id()), TrackId(new_id())
    same = [make_accepted(user=fan, track=track) for _ in range(3)]
    others = [make_accepted(user=fan) for _ in range(3)]

    assert outcomes(make_epoch(budget=100, track_cap=2), same) == [Outcome.GRANTED, Outcome.GRANTED, Outcome.TRACK_CAP]
    assert outcomes(make_epoch(budget=100, listener_cap=2), others) == [
        Outcome.GRANTED, Outcome.GRANTED, Outcome.LISTENER_CAP,
    ]  # fmt: skip
    earned = {(fan, track): 2}
    assert domain.decide(make_epoch(budget=100, track_cap=2), same[:1], earned=earned)[0].outcome is Outcome.TRACK_CAP


def test_an_epoch_that_pays_nothing_grants_nothing():
    assert outcomes(make_epoch(budget=0, per_listen=0), [make_accepted()]) == [Outcome.BUDGET_SPENT]


def test_an_epoch_is_a_day_in_utc_wherever_the_instant_was_noted():
    late_in_madrid = datetime(2026, 3, 2, 0, 30, tzinfo=timezone(timedelta(hours=1)))

    assert domain.epoch_of(late_in_madrid) == date(2026, 3, 1)
    assert domain.epoch_of(datetime(2026, 3, 2, tzinfo=UTC)) == date(2026, 3, 2)


@given(
    budget=st.integers(0, 500),
    per_listen=st.integers(0, 50),
    listens=st.lists(st.tuples(st.integers(0, 3), st.integers(0, 3)), max_size=60),
    track_cap=st.integers(1, 6),
)
def test_whatever_is_decided_the_budget_and_the_caps_hold(
    budget: int, per_listen: int, listens: list[tuple[int, int]], track_cap: int
):
    users = [UserId(new_id()) for _ in range(4)]
    tracks = [TrackId(new_id()) for _ in range(4)]
    accepted = [make_accepted(user=users[u], track=tracks[t]) for u, t in listens]

    decisions = domain.decide(
        make_epoch(budget=budget, per_listen=per_listen, track_cap=track_cap), accepted, earned={}
    )

    granted = [one for one in decisions if one.outcome is Outcome.GRANTED]
    assert len(decisions) == len(accepted)
    assert sum(one.amount.minor for one in decisions) == len(granted) * per_listen <= budget
    pairs = [(one.listen.user_id, one.listen.track_id) for one in granted]
    assert all(pairs.count(pair) <= track_cap for pair in pairs)


async def test_granting_again_grants_nothing_more(tx: Tx):
    await service.open_epochs(tx, policy=Policy(Money(100, VIBE), Money(10, VIBE)), now=NOON)
    accepted = [make_accepted() for _ in range(3)]

    first = await service.grant(tx, accepted=accepted[:2], now=NOON)
    again = await service.grant(tx, accepted=accepted, now=NOON)

    assert [one.listen for one in first] == accepted[:2]
    assert [one.listen for one in again] == accepted[2:]
    assert await service.grant(tx, accepted=accepted, now=NOON) == []
    assert (await service.list_epochs(tx, epochs=[TODAY]))[0].granted == Money(30, VIBE)
    assert await tx.value("SELECT count(*) FROM platform.outbox WHERE type LIKE '%%reward_granted'") == 3


async def test_an_epochs_policy_is_fixed_when_it_is_opened(tx: Tx):
    await service.open_epochs(tx, policy=Policy(Money(100, VIBE), Money(10, VIBE)), now=NOON)
    await service.open_epochs(tx, policy=Policy(Money(999, VIBE), Money(99, VIBE)), now=NOON)

    tomorrow = TODAY + timedelta(days=1)
    assert [one.policy.budget.minor for one in await service.list_epochs(tx, epochs=[TODAY, tomorrow])] == [100, 100]


async def test_a_listen_in_an_epoch_that_nobody_opened_is_a_defect(tx: Tx):
    with pytest.raises(service.EpochNotOpen):
        await service.grant(tx, accepted=[make_accepted()], now=NOON)


async def test_grants_at_once_never_overspend_the_budget(database: Database):
    async with database.begin() as tx:
        await service.open_epochs(tx, policy=Policy(Money(105, VIBE), Money(10, VIBE)), now=NOON)

    async def grant_some() -> None:
        async with database.begin() as tx:
            await service.grant(tx, accepted=[make_accepted() for _ in range(3)], now=NOON)

    await asyncio.gather(*(grant_some() for _ in range(8)))

    async with database.begin() as tx:
        assert (await service.list_epochs(tx, epochs=[TODAY]))[0].granted == Money(100, VIBE)
        assert await tx.value("SELECT count(*) FROM listen_reward.reward WHERE outcome = 'granted'") == 10
        assert await tx.value("SELECT count(*) FROM listen_reward.reward") == 24
        assert (await INVARIANTS[0].check(tx)).ok
        assert not (await INVARIANTS[1].check(tx)).ok  # these listens were never listened to, and the audit says so
