"""From an accepted listen to points in a wallet, over the real bus: once, whatever is repeated, refused or cut off."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace
from typing import Any

import pytest

from tests.factories.bus import announce, drain, registered, retry_now
from tests.factories.listen_reward import NOON, after, make_track, opened, played
from tests.factories.listen_reward import registered as listenable
from vibestream.contexts.listen_reward.events import ListenAccepted, RewardGranted
from vibestream.contexts.listen_reward.listening import service as listening
from vibestream.contexts.listen_reward.listening.service import Beats
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.invariants import INVARIANTS
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.flows import listen_to_reward, notify
from vibestream.kernel.events import Event
from vibestream.kernel.ids import ArtistId, ListenId, RewardId, TrackId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Database, Tx
from vibestream.platform.events import dead_letters
from vibestream.platform.events.subscriptions import Consumers, Subscription

SUBSCRIPTIONS = (*listen_to_reward.SUBSCRIPTIONS, *notify.SUBSCRIPTIONS)


class PowerCut(Exception):
    pass


async def accepted_listen(database: Database, *, user_id: UserId | None = None) -> UserId:
    async with database.begin() as tx:
        listen = await opened(tx, user_id=user_id)
        sent = Beats(listen.listen_id, listen.user_id, tuple(played(until_s=30)), after(30))
        await listening.record_beats(tx, sent=[sent])
    return listen.user_id


async def in_wallet(database: Database, user_id: UserId) -> Money:
    async with database.begin() as tx:
        (balance,) = await wallets.wallet(tx, user_id=user_id)
    return balance.available


async def settle(database: Database, consumers: Consumers) -> None:
    """Deliver what each delivery announces, until nothing new comes."""
    for _ in range(4):
        await drain(database, consumers)


async def books_are_sound(database: Database) -> bool:
    async with database.begin() as tx:
        return all([(await one.check(tx)).ok for one in INVARIANTS])


async def test_an_accepted_listen_is_paid_once(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    fan = await accepted_listen(database)

    await settle(database, consumers)
    await settle(database, consumers)

    assert await in_wallet(database, fan) == Money(10_000, VIBE)
    assert await books_are_sound(database)


async def test_the_pool_holds_the_budget_less_what_was_paid(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    for _ in range(3):
        await accepted_listen(database)

    await settle(database, consumers)

    async with database.begin() as tx:
        pool = await ledger.open_account(tx, name=ledger.reward_pool(epoch=NOON.date()))
        assert (await ledger.balance_of(tx, account_id=pool)).posted == Money(1_000_000 - 30_000, VIBE)


async def test_the_same_news_told_twice_pays_once(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    fan = await accepted_listen(database)
    await settle(database, consumers)
    async with database.begin() as tx:
        (row,) = await tx.all(dict[str, Any], "SELECT listen_id, reward_id, track_id, epoch FROM listen_reward.reward")

    granted = RewardGranted(
        occurred_at=NOON,
        reward_id=RewardId(row["reward_id"]),
        listen_id=ListenId(row["listen_id"]),
        user_id=fan,
        track_id=TrackId(row["track_id"]),
        epoch=row["epoch"],
        amount=Money(10_000, VIBE),
    )
    accepted = ListenAccepted(
        occurred_at=after(30),
        listen_id=granted.listen_id,
        user_id=fan,
        track_id=granted.track_id,
        artist_id=ArtistId(new_id()),
        owner_user_id=UserId(new_id()),
        heard_ms=30_000,
    )
    await announce(database, granted, accepted)
    await settle(database, consumers)

    assert await in_wallet(database, fan) == Money(10_000, VIBE)
    assert await books_are_sound(database)


@pytest.mark.parametrize("consumer", ["grant_rewards", "pay_rewards", "notify"])
@pytest.mark.parametrize("effect_first", [False, True], ids=["before the effect", "after the effect"])
async def test_a_power_cut_in_any_step_changes_nothing_in_the_end(
    database: Database, consumer: str, effect_first: bool
):
    cuts = [True]

    def cut_off(subscription: Subscription[Any]) -> Subscription[Any]:
        real = subscription.handle_batch
        if subscription.consumer != consumer or real is None:
            return subscription
        return replace(subscription, handle_batch=_cutting(real, cuts, effect_first=effect_first))

    consumers = await registered(database, Consumers(map(cut_off, SUBSCRIPTIONS)))
    fan = await accepted_listen(database)

    await settle(database, consumers)
    await retry_now(database, consumers)
    await settle(database, consumers)

    assert cuts == []
    assert await in_wallet(database, fan) == Money(10_000, VIBE)
    assert await books_are_sound(database)


def _cutting(
    real: Callable[[Tx, Sequence[Event]], Awaitable[None]], cuts: list[bool], *, effect_first: bool
) -> Callable[[Tx, Sequence[Event]], Awaitable[None]]:
    async def handle(tx: Tx, events: Sequence[Event]) -> None:
        if effect_first:
            await real(tx, events)
        if cuts:
            cuts.pop()
            raise PowerCut
        if not effect_first:
            await real(tx, events)

    return handle


async def test_a_reward_beyond_the_pool_becomes_a_dead_letter_and_holds_nobody_up(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    fan = await accepted_listen(database)
    forged = RewardGranted(
        occurred_at=NOON,
        reward_id=RewardId(new_id()),
        listen_id=ListenId(new_id()),
        user_id=fan,
        track_id=TrackId(new_id()),
        epoch=NOON.date(),
        amount=Money(1_000_001, VIBE),
    )

    await announce(database, forged)
    await settle(database, consumers)
    for _ in range(12):
        await retry_now(database, consumers)
    await settle(database, consumers)

    async with database.begin() as tx:
        letters = await dead_letters.list_dead_letters(tx)
    assert [(one.consumer, one.event_id) for one in letters] == [("pay_rewards", forged.event_id)]
    assert f"{forged.reward_id} pool_exhausted" in letters[0].error
    assert await in_wallet(database, fan) == Money(10_000, VIBE)
    assert await books_are_sound(database)


async def test_an_artist_earns_nothing_by_their_own_track(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    artist = UserId(new_id())
    async with database.begin() as tx:
        track = await listenable(tx, make_track(owner_user_id=artist))
        listen = await opened(tx, track=track, user_id=artist)
        sent = Beats(listen.listen_id, artist, tuple(played(until_s=30)), after(30))
        await listening.record_beats(tx, sent=[sent])

    await settle(database, consumers)

    assert await in_wallet(database, artist) == Money(0, VIBE)
