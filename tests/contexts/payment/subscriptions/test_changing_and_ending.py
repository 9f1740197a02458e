"""Changing plans, giving the unused rest back, payments that leave again: by hand-reckoned amounts."""

from __future__ import annotations

from datetime import date, timedelta

import pytest

from tests.contexts.payment.subscriptions.conftest import PAYER, Fan, deferred
from tests.factories.observed import observed
from tests.factories.settling import charged_back, held_by, usd, wallet_of
from tests.factories.subscriptions import FAMILY, FAMILY_YEARLY, PREMIUM, PREMIUM_YEARLY, START, utc
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.gateways.domain.port import ProviderState
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.subscriptions import service
from vibestream.contexts.payment.subscriptions.service import EndReason, InvoiceState, State, Step, WrongState
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import GiveBackReason
from vibestream.kernel.money import USD
from vibestream.platform.database import Tx

DAY = timedelta(days=1)
END = utc(2026, 12, 24, 12)
MIDDLE = START + 15 * DAY  # of 30 days
NOVEMBER, DECEMBER, JANUARY = date(2026, 11, 1), date(2026, 12, 1), date(2027, 1, 1)


async def test_a_better_plan_takes_effect_when_the_difference_is_paid(fan: Fan, tx: Tx):
    await fan.subscribes()
    fan.now = MIDDLE

    changed = await fan.changes_to(FAMILY)

    # Half of 16.99 is 8.495, to even 8.50 (849.5 -> 850); half of 10.99 is 5.495 -> 5.50 (549.5 -> 550): 3.00.
    assert changed.quote is not None
    assert (changed.quote.worth, changed.quote.credit, changed.quote.charge) == (usd(850), usd(550), usd(300))
    assert await fan.plan() == "premium"
    await fan.pays(changed.payment)
    found = await fan.subscription()
    assert (found.terms, found.period and found.period.end) == (FAMILY, END)
    assert await deferred(tx, NOVEMBER, DECEMBER) == [1_099, 300]


async def test_a_year_begins_anew_when_it_is_paid(fan: Fan, tx: Tx):
    await fan.subscribes()
    fan.now = MIDDLE

    changed = await fan.changes_to(PREMIUM_YEARLY)
    fan.now = MIDDLE + timedelta(hours=1)
    await fan.pays(changed.payment)

    found = await fan.subscription()
    assert (found.period and found.period.start, found.period and found.period.end) == (
        fan.now, utc(2027, 12, 9, 13),
    )  # fmt: skip
    assert changed.quote is not None
    assert changed.quote.charge == usd(10_440)
    assert sum(await deferred(tx, *(date(2026 + m // 12, m % 12 + 1, 1) for m in range(10, 24)))) == 1_099 + 10_440


async def test_a_lesser_plan_comes_with_the_next_period_and_can_be_dropped_until_then(fan: Fan, tx: Tx):
    await fan.subscribes(FAMILY)
    fan.now = MIDDLE

    planned = await fan.changes_to(PREMIUM)
    assert (planned.payment, planned.subscription.next_terms) == (None, PREMIUM)
    dropped = await fan.changes_to(FAMILY)
    assert (dropped.quote, dropped.subscription.next_terms) == (None, None)
    with pytest.raises(service.NothingChanges):
        await fan.changes_to(FAMILY)
    await fan.changes_to(PREMIUM)
    assert await fan.plan() == "family"

    await fan.at(END)
    payment = await fan.pays(await fan.due_payment())
    assert payment.amount == usd(1_099)
    assert (await fan.subscription()).terms == PREMIUM


async def test_a_change_nobody_paid_before_the_period_ended_is_void_and_its_money_the_payers(fan: Fan, tx: Tx):
    await fan.subscribes()
    fan.now = MIDDLE
    changed = await fan.changes_to(FAMILY)
    assert changed.payment is not None
    await observed(tx, changed.payment.payment_id)

    assert await fan.at(END) is Step.RENEW
    renewal = await fan.due_payment()
    await fan.pays(changed.payment)
    await fan.pays(renewal)

    assert (await fan.subscription()).terms == PREMIUM
    assert await wallet_of(tx, fan.user_id) == (300, 0)
    assert await deferred(tx, NOVEMBER, DECEMBER) == [1_099, 1_099]


async def test_a_change_that_failed_leaves_everything_as_it_was(fan: Fan, tx: Tx):
    found = await fan.subscribes()
    fan.now = MIDDLE
    changed = await fan.changes_to(FAMILY)

    await fan.fails_to_pay(changed.payment)

    assert await fan.subscription() == found
    lines = await service.invoices_of(tx, subscription_id=found.subscription_id)
    assert [line.invoice.state for line in lines] == [InvoiceState.VOID, InvoiceState.PAID]


async def test_a_difference_below_what_gateways_take_is_given_away(fan: Fan, tx: Tx):
    await fan.subscribes()
    fan.now = END - timedelta(hours=12)

    changed = await fan.changes_to(FAMILY)

    assert (changed.payment, changed.subscription.terms) == (None, FAMILY)
    assert await fan.plan() == "family"
    assert await deferred(tx, NOVEMBER) == [1_099]


async def test_only_what_is_active_and_goes_on_is_changed(fan: Fan, tx: Tx):
    with pytest.raises(service.SubscriptionMissing):
        await service.quote_change(tx, user_id=fan.user_id, terms=FAMILY, now=START)
    await fan.subscribes()
    with pytest.raises(service.NothingChanges):
        await service.quote_change(tx, user_id=fan.user_id, terms=PREMIUM, now=START)
    assert (await service.quote_change(tx, user_id=fan.user_id, terms=FAMILY, now=MIDDLE)).charge == usd(300)
    await service.cancel(tx, user_id=fan.user_id, now=START)
    with pytest.raises(WrongState):
        await fan.changes_to(FAMILY)


async def test_the_unused_rest_of_a_year_goes_back_the_latest_months_first(fan: Fan, tx: Tx):
    found = await fan.subscribes(PREMIUM_YEARLY)
    paid = found.method_of
    assert paid is not None
    fan.now = utc(2027, 5, 26, 0)  # 182.5 of 365 days

    given = await service.refund_unused(
        tx, subscription_id=found.subscription_id, requested_by=None, reason="left", now=fan.now
    )

    assert given == usd(5_495)
    # Twelve parts of 916 (ten) and 915 (two), from the end: 915 * 2 + 916 * 4 = 5494, and one cent of April.
    months = [date(2026 + (10 + n) // 12, (10 + n) % 12 + 1, 1) for n in range(12)]
    assert await deferred(tx, *months) == [916, 916, 916, 916, 916, 915, 0, 0, 0, 0, 0, 0]
    view = await checkout.payment(tx, payment_id=paid)
    assert view.refunding == usd(5_495)
    assert await wallet_of(tx, fan.user_id) == (0, 0)
    assert (await fan.subscription()).end_reason is EndReason.REFUNDED
    assert await fan.plan() == "free"


async def test_after_a_change_the_rest_goes_back_to_both_payments(fan: Fan, tx: Tx):
    first = await fan.subscribes(PREMIUM)
    fan.now = MIDDLE
    changed = await fan.changes_to(FAMILY_YEARLY)  # 169.90 less 5.50
    await fan.pays(changed.payment)
    assert first.method_of is not None
    assert changed.payment is not None

    given = await service.refund_unused(
        tx, subscription_id=first.subscription_id, requested_by=None, reason="left", now=fan.now
    )

    assert given == usd(16_990)
    assert (await checkout.payment(tx, payment_id=changed.payment.payment_id)).refunding == usd(16_440)
    assert (await checkout.payment(tx, payment_id=first.method_of)).refunding == usd(550)
    assert await deferred(tx, NOVEMBER) == [549]


async def test_what_a_closed_month_has_shared_comes_out_of_the_platforms_revenue(fan: Fan, tx: Tx):
    found = await fan.subscribes(PREMIUM)
    await service.close_revenue_month(tx, month=NOVEMBER, currency=USD, now=utc(2026, 12, 1))

    given = await service.refund_unused(
        tx, subscription_id=found.subscription_id, requested_by=None, reason="left", now=MIDDLE
    )

    assert given == usd(550)
    assert await deferred(tx, NOVEMBER) == [1_099]
    assert await held_by(tx, AccountKind.PLATFORM_REVENUE, "subscriptions") == -550


async def test_what_a_gateway_does_not_take_back_stays_in_the_wallet(fan: Fan, tx: Tx):
    found = await fan.subscribes(PREMIUM)
    assert found.method_of is not None
    await checkout.request_refund(
        tx, key="finance:1", payment_id=found.method_of, amount=usd(900), reason="test", requested_by=None,
        source=AccountName(AccountKind.PLATFORM_REVENUE, "subscriptions", USD),
    )  # fmt: skip

    await service.refund_unused(tx, subscription_id=found.subscription_id, requested_by=None, reason="left", now=MIDDLE)

    assert await wallet_of(tx, fan.user_id) == (550, 0)


async def test_only_what_was_paid_for_is_given_back(fan: Fan, tx: Tx):
    trial = await service.start_trial(tx, user_id=fan.user_id, terms=PREMIUM, currency=USD, now=START)

    with pytest.raises(WrongState):
        await service.refund_unused(tx, subscription_id=trial.subscription_id, requested_by=None, reason="x", now=START)


@pytest.mark.parametrize("reason", [GiveBackReason.DISPUTE_LOST, GiveBackReason.REFUND_UNASKED])
async def test_a_payment_that_left_again_is_taken_from_what_is_deferred_and_ends_it(
    fan: Fan, tx: Tx, reason: GiveBackReason
):
    found = await fan.subscribes(PREMIUM_YEARLY)
    paid = found.method_of
    assert paid is not None
    await service.close_revenue_month(tx, month=NOVEMBER, currency=USD, now=utc(2026, 12, 1))
    await charged_back(tx, key="back:1", amount=usd(10_990))

    for _ in range(2):
        await service.take_back(
            tx, key="dispute:1", payment_id=paid, amount=usd(10_990), gateway="stripe", reason=reason, now=MIDDLE
        )

    assert await held_by(tx, AccountKind.CHARGEBACK_LOSSES, "stripe") == -916  # November, which was shared
    assert await deferred(tx, NOVEMBER, DECEMBER, JANUARY) == [916, 0, 0]
    ended = await fan.subscription()
    assert (ended.state, ended.end_reason) == (State.ENDED, EndReason.REVERSED)
    assert await fan.plan() == "free"


async def test_a_part_that_left_again_leaves_the_subscription_alone(fan: Fan, tx: Tx):
    found = await fan.subscribes(PREMIUM)
    paid = found.method_of
    assert paid is not None
    await charged_back(tx, key="back:2", amount=usd(300))

    await service.take_back(
        tx, key="refund:2", payment_id=paid, amount=usd(300), gateway="stripe",
        reason=GiveBackReason.REFUND_UNASKED, now=START,
    )  # fmt: skip

    assert (await fan.subscription()).state is State.ACTIVE
    assert await deferred(tx, NOVEMBER) == [799]
    settled = await wallets.settlement(tx, payment_id=paid)
    assert settled is not None
    assert settled.left == usd(799)


async def test_cancelling_calls_off_a_change_under_way(fan: Fan, tx: Tx):
    await fan.subscribes()
    changed = await fan.changes_to(FAMILY)
    assert changed.payment is not None
    await service.cancel(tx, user_id=fan.user_id, now=START)

    assert (await checkout.payment(tx, payment_id=changed.payment.payment_id)).state is checkout.PaymentState.CANCELLED
    await service.cancel(tx, user_id=fan.user_id, now=START)
    await observed(tx, changed.payment.payment_id, state=ProviderState.OPEN)
    with pytest.raises(service.NothingDue):
        await service.pay(tx, user_id=fan.user_id, payer=PAYER, now=END - DAY)
