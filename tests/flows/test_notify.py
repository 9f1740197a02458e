"""What is kept for whoever looks later: rewards by the day, tips, masters; each event once, however often it comes."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from datetime import date as day
from typing import Any

from tests.factories.bus import announce, drain, registered
from tests.factories.users import User, make_user
from vibestream.contexts.music.events import AssetReady, AssetRefused
from vibestream.contexts.payment.events import PayoutDestinationChanged, RewardPaid, TipReceived
from vibestream.contexts.user.notifications import service as notifications
from vibestream.flows import notify, tell_payees
from vibestream.kernel.ids import AssetId, RewardId, TipId, TransactionId, UserId, new_id
from vibestream.kernel.money import EUR, VIBE, Money
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers

AT = datetime(2026, 12, 24, 9, 30, tzinfo=UTC)
SUBSCRIPTIONS = (*notify.SUBSCRIPTIONS, *tell_payees.SUBSCRIPTIONS)


def rewarded(user_id: UserId, minor: int) -> RewardPaid:
    return RewardPaid(
        occurred_at=AT,
        reward_id=RewardId(new_id()),
        user_id=user_id,
        epoch=day(2026, 12, 24),
        amount=Money(minor, VIBE),
        transaction_id=TransactionId(new_id()),
    )


async def listed(database: Database, user: User) -> list[tuple[str, int, dict[str, Any]]]:
    async with database.begin() as tx:
        rows = await notifications.notifications_of(tx, user_id=user.user_id, before=None, limit=50)
    return [(row.kind.value, row.count, dict(row.facts)) for row in rows]


async def people(database: Database) -> tuple[User, User]:
    async with database.begin() as tx:
        return await make_user(tx), await make_user(tx)


async def test_many_rewards_are_one_notification_with_their_exact_sum(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    ana, ben = await people(database)
    nobody = UserId(new_id())

    await announce(database, *(rewarded(ana.user_id, 1_000 + one) for one in range(20)), rewarded(nobody, 5))
    await drain(database, consumers)
    await announce(database, rewarded(ben.user_id, 7), rewarded(ana.user_id, 1))
    await drain(database, consumers)
    await drain(database, consumers)

    assert await listed(database, ana) == [("reward_paid", 21, {"minor": 20_191, "currency": "VIBE"})]
    assert await listed(database, ben) == [("reward_paid", 1, {"minor": 7, "currency": "VIBE"})]


async def test_a_tip_a_refused_master_and_a_changed_destination_are_told_to_their_owners(database: Database):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    ana, ben = await people(database)
    tip = TipReceived(
        occurred_at=AT, tip_id=TipId(new_id()), from_user=ben.user_id, payee=ana.user_id,
        amount=Money(500, EUR), earned=Money(450, EUR),
    )  # fmt: skip
    both = (ana.user_id, ben.user_id, ana.user_id)
    refused = AssetRefused(occurred_at=AT, asset_id=AssetId(new_id()), user_ids=both, reason="truncated")
    ready = AssetReady(occurred_at=AT, asset_id=AssetId(new_id()), user_ids=both, duration_ms=1_000)
    moved = PayoutDestinationChanged(
        occurred_at=AT, user_id=ana.user_id, method="paypal", address="a***@example.org",
        usable_from=AT + timedelta(days=3),
    )  # fmt: skip

    await announce(database, tip, refused, ready, moved)
    await drain(database, consumers)
    await drain(database, consumers)

    assert sorted(await listed(database, ana)) == [
        ("destination_changed", 1, {"method": "paypal", "when": "2026-12-27T09:30:00+00:00"}),
        ("master_ready", 1, {}),
        ("master_refused", 1, {}),
        ("tip_received", 1, {"minor": 500, "currency": "EUR", "earned": "4.50 EUR"}),
    ]
    assert sorted(kind for kind, *_ in await listed(database, ben)) == ["master_ready", "master_refused"]
