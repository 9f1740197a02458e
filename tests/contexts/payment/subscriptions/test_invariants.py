"""Each invariant finds what it is for, and nothing when all is well; what the application may not rewrite, it cannot."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from tests.contexts.payment.subscriptions.conftest import Fan
from tests.factories.settling import make_captured
from tests.factories.subscriptions import FAMILY
from vibestream.contexts.payment.subscriptions.invariants import INVARIANTS
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.platform.database import Tx

DEFERRED, SETTLED, PAID = INVARIANTS


@pytest.fixture
async def some_history(fan: Fan, tx: Tx) -> None:
    await fan.subscribes()
    changed = await fan.changes_to(FAMILY)
    await fan.pays(changed.payment)
    await wallets.settle_into_wallet(tx, captured=await make_captured(tx, user_id=fan.user_id))


@pytest.mark.usefixtures("some_history")
async def test_all_is_well(tx: Tx):
    assert [(await one.check(tx)).ok for one in INVARIANTS] == [True, True, True]
    assert [(await one.check(tx)).figure for one in INVARIANTS] == ["1 months", "3 payments", "1 active subscriptions"]


@pytest.mark.usefixtures("some_history")
@pytest.mark.parametrize(
    ("which", "wrong", "said"),
    [
        (SETTLED, "UPDATE payment.settlement SET returned = 1 WHERE destination = 'wallet'", "returned 1, in parts 0"),
        (PAID, "UPDATE payment.subscription SET period_end = period_end + interval '1 day'", "is active until"),
        (PAID, "UPDATE payment.subscription SET plan = 'premium'", "is active until"),
        (PAID, "UPDATE payment.subscription_payment SET state = 'abandoned'", "is paid by 0"),
        (PAID, "UPDATE payment.subscription_invoice SET worth = worth + 1", "is paid by"),
    ],
)
async def test_what_is_wrong_is_named(tx: Tx, which: Any, wrong: str, said: str):
    await tx.execute(wrong)

    finding = await which.check(tx)

    assert not finding.ok
    assert said in finding.detail


@pytest.mark.usefixtures("some_history")
async def test_a_cent_that_no_posting_gave_is_found(tx: Tx):
    await tx.execute(
        """
        INSERT INTO payment.subscription_revenue
        SELECT transaction.id, invoice_id, month, currency, 1, payment_id, subscription_id, user_id
        FROM payment.subscription_revenue, payment.transaction WHERE transaction.kind = 'top_up' LIMIT 1
        """
    )

    finding = await DEFERRED.check(tx)

    assert not finding.ok
    assert "was given 1699, its rows say 1700" in finding.detail


@pytest.mark.usefixtures("some_history")
@pytest.mark.parametrize(
    "attack",
    [
        "UPDATE payment.settlement SET amount = 1", "DELETE FROM payment.settlement", "DELETE FROM payment.give_back",
        "UPDATE payment.settlement SET destination = 'wallet'", "UPDATE payment.give_back SET taken = 0",
        "UPDATE payment.subscription_revenue SET minor = 1", "DELETE FROM payment.subscription_revenue",
        "UPDATE payment.plan_price SET amount = 1", "INSERT INTO payment.plan_price SELECT * FROM payment.plan_price",
        "UPDATE payment.plan SET max_kbps = 9999", "UPDATE payment.tip_policy SET platform_share_bp = 0",
        "UPDATE payment.top_up_policy SET minimum = 1", "UPDATE payment.tip SET amount = 1", "DELETE FROM payment.tip",
        "DELETE FROM payment.subscription", "DELETE FROM payment.subscription_invoice", "TRUNCATE payment.settlement",
    ],
)  # fmt: skip
async def test_the_application_cannot_rewrite_what_happened_or_what_is_sold(tx: Tx, attack: str):
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        async with tx.savepoint():
            await tx.execute(attack)
