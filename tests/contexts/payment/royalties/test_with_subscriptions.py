"""Royalties of what subscriptions really brought in: a premium, a family, a refund after the month was closed."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from tests.contexts.payment.subscriptions.conftest import Fan
from tests.factories.royalties import NEXT, holds, make_artist, make_listens
from tests.factories.subscriptions import FAMILY, PREMIUM
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import MonthNotOver, NothingToShare
from vibestream.contexts.payment.subscriptions import service as subscriptions
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD
from vibestream.platform.database import Tx

NOVEMBER = date(2026, 11, 1)
FIRST = datetime(2026, 11, 1, tzinfo=UTC)
AFTER = datetime(2026, 12, 1, tzinfo=UTC)


async def test_a_month_of_subscriptions_becomes_royalties(tx: Tx):
    ana, head = Fan(tx, now=FIRST), Fan(tx, now=FIRST)
    await ana.subscribes(PREMIUM, fee=62)
    await head.subscribes(FAMILY, fee=79)
    child = UserId(new_id())
    invited = await subscriptions.invite(tx, user_id=head.user_id, now=FIRST)
    await subscriptions.join(tx, user_id=child, token=invited.token, now=FIRST)
    loud, quiet = await make_artist(tx), await make_artist(tx)
    at = datetime(2026, 11, 20, tzinfo=UTC)
    await make_listens(tx, ana.user_id, loud, 30, at=at)
    await make_listens(tx, head.user_id, loud, 2, at=at)
    await make_listens(tx, child, quiet, 1, at=at)
    assert await service.currencies_of(tx, month=NOVEMBER) == [USD]
    open_month = await service.preview(tx, month=NOVEMBER, currency=USD)
    with pytest.raises(MonthNotOver):
        await service.close_month(tx, month=NOVEMBER, currency=USD, closed_by=None, now=at)
    with pytest.raises(NothingToShare):
        await service.close_month(tx, month=NOVEMBER, currency=EUR, closed_by=None, now=AFTER)

    pool = await service.close_month(tx, month=NOVEMBER, currency=USD, closed_by=None, now=AFTER)
    assert await service.close_month(tx, month=NOVEMBER, currency=USD, closed_by=None, now=AFTER) == pool
    # 10.99 and 16.99, bought on the first of the month: all of both is November's. 27.98 - 1.41 = 26.57; 70 % is 18.60.
    assert (pool.gross, pool.fees, pool.pool) == (2_798, 141, 1_860)
    run = await service.run_month(tx, month=NOVEMBER, currency=USD, made_by=None, now=AFTER)
    assert run.unallocated == 0
    # Nets: Ana 10.37; of the family's 16.20 each of the two has 8.10: owner 8.50 - 0.40, child 8.49 - 0.39. 18.60 by
    # 1037 : 810 : 810 are 7.26, 5.67, 5.67.
    assert [await holds(tx, AccountKind.ROYALTIES_PENDING, one.user_id) for one in (loud, quiet)] == [1_293, 567]
    assert open_month.reckoning.pool == 1_860
    assert await holds(tx, AccountKind.DEFERRED_REVENUE, "2026-11") == 0


async def test_what_is_bought_after_its_month_was_closed_is_the_next_month_s(tx: Tx):
    ana, bo = Fan(tx, now=FIRST), Fan(tx, now=datetime(2026, 11, 30, tzinfo=UTC))
    await ana.subscribes(PREMIUM)
    await service.close_month(tx, month=NOVEMBER, currency=USD, closed_by=None, now=FIRST, early=True)
    await bo.subscribes(PREMIUM)
    assert await holds(tx, AccountKind.DEFERRED_REVENUE, "2026-11") == 0
    paid = await service.revenue_so_far(tx, month=NEXT, currency=USD)
    assert [(one.subscriber_id, one.gross) for one in paid] == [(bo.user_id, 1_099)]
