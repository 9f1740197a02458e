"""At the same moment: two orders, many settlements of one payment, two for the last seat, a closing and a payment."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from tests.contexts.payment.subscriptions.conftest import PAYER, deferred
from tests.factories.observed import observed_captured
from tests.factories.payment import violations
from tests.factories.settling import wallet_of
from tests.factories.subscriptions import FAMILY, PREMIUM
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.domain.calendar import month_of, next_month
from vibestream.contexts.payment.subscriptions.invariants import INVARIANTS
from vibestream.contexts.payment.subscriptions.service import AlreadySubscribed, FamilyFull, Ordered
from vibestream.contexts.payment.wallets.service import Captured
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import USD
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database, Tx
from vibestream.platform.invariants import check_all

NOW = utc_now()


async def sound(database: Database) -> bool:
    checked = await check_all(database, INVARIANTS)
    return await violations(database) == {} and all(one.finding.ok for one in checked)


async def ordered(database: Database, fan: UserId) -> Ordered:
    return await database.run(
        lambda tx: service.subscribe(tx, user_id=fan, terms=FAMILY, currency=USD, payer=PAYER, now=NOW)
    )


async def captured_of(database: Database, order: Ordered) -> Captured:
    payment = order.payment
    assert payment is not None
    return await database.run(lambda tx: observed_captured(tx, payment.payment_id, at=NOW))


async def test_of_two_orders_at_once_one_stands_and_one_waits_or_is_refused(database: Database):
    fan = UserId(new_id())

    made = await asyncio.gather(*(ordered(database, fan) for _ in range(4)), return_exceptions=True)

    assert all(isinstance(one, Ordered | AlreadySubscribed) for one in made), made
    async with database.begin() as tx:
        live = await tx.value(
            "SELECT count(*) FROM payment.subscription WHERE user_id = %s AND state <> 'ended'", [fan]
        )
        payments = await checkout.payments(tx, user_id=fan, limit=10)
    assert live == 1
    assert len([one for one in payments if one.state not in checkout.ENDED]) == 1


async def test_one_payment_settled_by_many_at_once_pays_once(database: Database):
    fan = UserId(new_id())
    captured = await captured_of(database, await ordered(database, fan))

    await asyncio.gather(*(database.run(lambda tx: service.settle(tx, captured=captured, now=NOW)) for _ in range(6)))

    async with database.begin() as tx:
        assert await deferred(tx, month_of(NOW)) == [1_699]
        assert await wallet_of(tx, fan) == (0, 0)
    assert await sound(database)


async def test_the_last_seat_is_taken_by_one(database: Database):
    fan = UserId(new_id())
    captured = await captured_of(database, await ordered(database, fan))
    await database.run(lambda tx: service.settle(tx, captured=captured, now=NOW))

    async def invite(tx: Tx) -> str:
        return (await service.invite(tx, user_id=fan, now=NOW)).token

    invited = await asyncio.gather(*(database.run(invite) for _ in range(9)), return_exceptions=True)

    tokens = [one for one in invited if isinstance(one, str)]
    assert len(tokens) == 5
    assert all(isinstance(one, str | FamilyFull) for one in invited)

    async def join(token: str) -> bool:
        member = UserId(new_id())
        try:
            await database.run(lambda tx: service.join(tx, user_id=member, token=token, now=NOW))
        except service.InvitationMissing:
            return False
        return True

    joined = await asyncio.gather(*(join(token) for token in tokens for _ in range(2)))
    assert sum(joined) == 5


async def test_a_month_that_is_closed_while_payments_settle_holds_what_its_closing_saw(database: Database):
    payments = [await captured_of(database, await ordered(database, UserId(new_id()))) for _ in range(6)]
    month = month_of(NOW)

    async def settle(captured: Captured) -> None:
        await database.run(lambda tx: service.settle(tx, captured=captured, now=NOW))

    async def close() -> int:
        await asyncio.sleep(0.01)
        found = await database.run(
            lambda tx: service.close_revenue_month(tx, month=month, currency=USD, now=NOW + timedelta(hours=1))
        )
        return sum(one.gross.minor for one in found)

    *_, seen = await asyncio.gather(*(settle(one) for one in payments), close())

    async with database.begin() as tx:
        this, following = await deferred(tx, month, next_month(month))
    assert this == seen
    assert this + following == 6 * 1_699
    assert await sound(database)


async def test_a_renewal_that_two_workers_find_due_is_charged_once(database: Database):
    fan = UserId(new_id())
    order = await database.run(
        lambda tx: service.subscribe(tx, user_id=fan, terms=PREMIUM, currency=USD, payer=PAYER, now=NOW)
    )
    payment = order.payment
    assert payment is not None
    captured = await database.run(lambda tx: observed_captured(tx, payment.payment_id, at=NOW, method=True))
    await database.run(lambda tx: service.settle(tx, captured=captured, now=NOW))
    later, subscription_id = NOW + timedelta(days=32), order.subscription.subscription_id

    await asyncio.gather(
        *(database.run(lambda tx: service.do_next(tx, subscription_id=subscription_id, now=later)) for _ in range(4))
    )

    async with database.begin() as tx:
        assert len(await checkout.payments(tx, user_id=fan, limit=10)) == 2
