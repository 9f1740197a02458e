"""Granted equals paid, per epoch: nothing paid that was not granted, nothing granted that stays unpaid."""

from __future__ import annotations

from tests.factories.bus import registered
from tests.factories.payment import as_owner, make_reward
from tests.flows.test_listen_to_reward import SUBSCRIPTIONS, accepted_listen, settle
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.flows.audit_rewards import INVARIANTS
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database
from vibestream.platform.events.subscriptions import Consumers
from vibestream.platform.invariants import Finding

LONG_AGO = "UPDATE listen_reward.reward SET decided_at = now() - interval '16 minutes'"


async def audited(database: Database) -> Finding:
    (invariant,) = INVARIANTS
    async with database.begin() as tx:
        return await invariant.check(tx)


async def test_nothing_granted_and_nothing_paid_is_well(database: Database):
    assert await audited(database) == Finding(ok=True, figure="0 epochs, 0.0000 VIBE granted, 0.0000 VIBE paid")


async def test_what_was_granted_is_paid(database: Database, owner_dsn: str):
    consumers = await registered(database, Consumers(SUBSCRIPTIONS))
    await accepted_listen(database)
    await settle(database, consumers)
    await as_owner(owner_dsn, LONG_AGO)
    assert await audited(database) == Finding(ok=True, figure="1 epochs, 1.0000 VIBE granted, 1.0000 VIBE paid")


async def test_what_was_granted_a_moment_ago_may_be_on_its_way_and_what_was_long_ago_may_not(
    database: Database, owner_dsn: str
):
    granting = Consumers([one for one in SUBSCRIPTIONS if one.consumer != "pay_rewards"])
    consumers = await registered(database, granting)
    await accepted_listen(database)
    await settle(database, consumers)
    assert (await audited(database)).ok

    await as_owner(owner_dsn, LONG_AGO)
    found = await audited(database)
    assert not found.ok
    assert found.detail.endswith("granted 1.0000 VIBE, 1.0000 VIBE of it long ago, paid 0.0000 VIBE")


async def test_a_reward_that_nobody_granted_is_found(database: Database):
    reward = make_reward(minor=40)
    async with database.begin() as tx:
        await ledger.fund_pool(tx, epoch=reward.epoch, amount=Money(100, VIBE))
        await ledger.pay_rewards(tx, rewards=[reward], now=utc_now())
    found = await audited(database)
    assert not found.ok
    assert found.detail == f"epoch {reward.epoch} granted 0.0000 VIBE, 0.0000 VIBE of it long ago, paid 0.0040 VIBE"
