"""Paying, refunding and disputing through each gateway, over real sockets, by checkout's own jobs."""

from __future__ import annotations

import asyncio
import functools
from datetime import timedelta
from typing import Any

import pytest

from tests.contexts.payment.checkout.conftest import Shop
from vibestream.contexts.payment.checkout import service
from vibestream.contexts.payment.checkout.service import (
    InvalidPayment,
    NotCancellable,
    PaymentKeyReused,
    PaymentState,
    RefundExceedsPayment,
    UnknownPayment,
)
from vibestream.contexts.payment.events import PaymentRefunded
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger.service import AccountKind, InsufficientFunds
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.money import Money

S = PaymentState


async def test_a_top_up_is_opened_confirmed_captured_and_announced(shop: Shop):
    view = await shop.start("10.00")
    assert (view.state, view.redirect_url) == (S.CREATED, None)
    assert await shop.run_jobs() == 1
    view = await shop.view(view.payment_id)
    assert (view.state, view.gateway) == (S.PENDING, shop.name)
    back = shop.click(view)
    assert back.startswith(f"https://testserver/wallet?payment={view.payment_id}")
    await shop.note(view)

    paid = await shop.view(view.payment_id)
    assert (paid.state, paid.captured, paid.redirect_url) == (S.CAPTURED, shop.amount("10.00"), None)
    assert await shop.escrow(paid) == shop.amount("10.00")
    assert await shop.events() == [("payment_captured", str(view.payment_id))]
    fee = paid.fee
    assert fee is not None
    assert await shop.clearing() == fee - shop.amount("10.00")
    assert await shop.violations() == {}


async def test_told_again_and_again_nothing_happens_again(shop: Shop):
    view = await shop.paid()
    before = await shop.types(view.payment_id)
    for _ in range(3):
        await shop.note(view)
        await shop.look(view.payment_id)
    await asyncio.gather(*(shop.note(view) for _ in range(4)))
    assert await shop.types(view.payment_id) == before
    assert await shop.violations() == {}


async def test_the_same_key_is_the_same_payment_and_another_body_is_refused(shop: Shop):
    key, user_id = f"test:{new_id()}", UserId(new_id())
    first = await shop.start("10.00", key=key, user_id=user_id)
    again = await asyncio.gather(*(shop.start("10.00", key=key, user_id=user_id) for _ in range(3)))
    assert {one.payment_id for one in again} == {first.payment_id}
    asked: dict[str, Any] = {"text": "10.00", "key": key, "user_id": user_id}
    for other in ({"text": "10.01"}, {"user_id": UserId(new_id())}, {"gateway": None}, {"description": "Other"}):
        with pytest.raises(PaymentKeyReused):
            await shop.start(**asked | other)
    assert await shop.run_jobs() == 1


async def test_started_at_once_under_one_key_there_is_one_payment(stripe: Shop):
    key, user_id = f"test:{new_id()}", UserId(new_id())
    views = await asyncio.gather(*(stripe.start("10.00", key=key, user_id=user_id) for _ in range(5)))
    assert len({view.payment_id for view in views}) == 1
    assert await stripe.run_jobs() == 1


@pytest.mark.parametrize("minor", [0, -1, 2**53 + 1])
async def test_impossible_amounts_are_refused_and_leave_nothing(stripe: Shop, minor: int):
    key = f"test:{new_id()}"
    with pytest.raises(InvalidPayment):
        await stripe.start(key=key, amount=Money(minor, stripe.currency))
    assert await stripe.run_jobs() == 0
    assert (await stripe.start(key=key)).state is S.CREATED


async def test_a_payment_is_refunded_in_parts_and_never_beyond(shop: Shop):
    view = await shop.paid("10.00")
    await shop.settle(view)
    await shop.refund(view, "4.00")
    assert (await shop.wallet(view), await shop.escrow(view)) == (shop.amount("6.00"), shop.amount("4.00"))
    with pytest.raises(RefundExceedsPayment):
        await shop.refund(view, "6.01")
    await shop.run_jobs()
    shop.sandbox.settle(shop.name)
    await shop.look(view.payment_id)
    assert (await shop.view(view.payment_id)).state is S.PARTIALLY_REFUNDED
    await shop.refund(view, "6.00")
    await shop.run_jobs()
    shop.sandbox.settle(shop.name)
    await shop.look(view.payment_id)

    done = await shop.view(view.payment_id)
    assert (done.state, done.refunded, done.refunding) == (S.REFUNDED, shop.amount("10.00"), shop.amount("0"))
    assert (await shop.wallet(view), await shop.escrow(view)) == (shop.amount("0"), shop.amount("0"))
    assert await shop.violations() == {}


async def test_two_refunds_at_once_give_back_what_there_is(shop: Shop):
    view = await shop.paid("10.00")
    await shop.settle(view)
    results = await asyncio.gather(*(shop.refund(view, "7.00") for _ in range(3)), return_exceptions=True)
    assert sum(isinstance(one, RefundExceedsPayment) for one in results) == 2
    assert await shop.wallet(view) == shop.amount("3.00")
    await asyncio.gather(*(shop.look(view.payment_id) for _ in range(3)))
    await shop.run_jobs()
    shop.sandbox.settle(shop.name)
    await shop.look(view.payment_id)
    now = await shop.at_gateway(view)
    assert [one.amount for one in now.refunds] == [shop.amount("7.00")]
    assert await shop.violations() == {}


async def test_a_refund_with_one_key_is_one_refund(stripe: Shop):
    view = await stripe.paid("10.00")
    await stripe.settle(view)
    key = f"test:{new_id()}"
    refunds = {await stripe.refund(view, "4.00", key=key) for _ in range(3)}
    assert len(refunds) == 1
    with pytest.raises(PaymentKeyReused):
        await stripe.refund(view, "5.00", key=key)
    assert await stripe.wallet(view) == stripe.amount("6.00")


async def test_a_source_that_has_less_refuses_and_nothing_is_asked(stripe: Shop):
    view = await stripe.paid("10.00")
    with pytest.raises(InsufficientFunds):
        await stripe.refund(view, "4.00")
    assert "refund_asked" not in await stripe.types(view.payment_id)
    assert await stripe.escrow(view) == stripe.amount("10.00")


async def test_money_that_has_not_left_the_escrow_is_held_there_for_its_refund(shop: Shop):
    view = await shop.paid("10.00")
    await shop.refund(view, "10.00", source=service.escrow(payment_id=view.payment_id, currency=shop.currency))
    with pytest.raises(InsufficientFunds):
        await shop.settle(view)
    await shop.run_jobs()
    shop.sandbox.settle(shop.name)
    await shop.look(view.payment_id)
    assert (await shop.view(view.payment_id)).state is S.REFUNDED
    assert await shop.escrow(view) == shop.amount("0")
    assert await shop.violations() == {}


async def test_a_payer_who_calls_off_has_not_paid(shop: Shop):
    view = await shop.opened()
    with pytest.raises(UnknownPayment):
        await shop.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=UserId(new_id())))
    await shop.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))
    assert (await shop.view(view.payment_id)).redirect_url is None
    await shop.run_jobs()
    after = await shop.view(view.payment_id)
    assert (after.state, after.reason) == (S.CANCELLED, "cancelled")
    assert await shop.events() == [("payment_abandoned", str(view.payment_id))]
    assert await shop.violations() == {}


async def test_calling_off_too_late_is_refused(shop: Shop):
    view = await shop.paid()
    with pytest.raises(NotCancellable):
        await shop.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))


async def test_calling_off_what_was_just_paid_takes_the_money_in(stripe: Shop):
    view = await stripe.opened()
    stripe.click(view)
    await stripe.do(lambda tx: service.cancel(tx, payment_id=view.payment_id, user_id=view.user_id))
    await stripe.run_jobs()
    assert (await stripe.view(view.payment_id)).state is S.CAPTURED


async def test_the_announcement_of_a_refund_names_who_asked_for_it(stripe: Shop):
    view, eva = await stripe.paid("10.00"), UserId(new_id())
    await stripe.settle(view)
    await stripe.refund(view, "3.00", requested_by=eva)
    await stripe.run_jobs()
    said = await stripe.do(
        lambda tx: tx.values(
            "SELECT data->>'requested_by' FROM platform.outbox WHERE type = %s", [PaymentRefunded.type]
        )
    )
    assert said == [str(eva)]


async def test_a_refund_made_at_the_gateway_is_noticed(shop: Shop):
    view = await shop.paid("10.00")
    shop.sandbox.refund(shop.name, **shop.there(view), amount="3.00" if shop.name is GatewayName.COINBASE else 300)
    await shop.note(view)
    await shop.note(view)
    seen = await shop.view(view.payment_id)
    assert (seen.state, seen.refunded) == (S.PARTIALLY_REFUNDED, shop.amount("3.00"))
    assert await shop.holds(AccountKind.CHARGEBACK_LOSSES, shop.name) == shop.amount("-3.00")
    assert (await shop.events())[-1] == ("payment_refunded", str(view.payment_id))
    assert await shop.violations() == {}


@pytest.mark.parametrize("ending", ["won", "lost"])
async def test_a_dispute_is_posted_when_it_opens_and_when_it_is_decided(any_shop, ending: str):
    for shop in map(any_shop, (GatewayName.STRIPE, GatewayName.PAYPAL)):
        view = await shop.paid("10.00")
        dispute = shop.sandbox.dispute(shop.name, **shop.there(view))
        await shop.note(view)
        assert (await shop.view(view.payment_id)).state is S.DISPUTED
        assert await shop.holds(AccountKind.DISPUTES, shop.name) == shop.amount("-10.00")
        shop.sandbox.dispute(shop.name, dispute=dispute.get("id") or dispute["dispute_id"], outcome=ending)
        await shop.note(view)
        after = (await shop.view(view.payment_id)).state
        assert after is (S.CAPTURED if ending == "won" else S.DISPUTED)
        assert await shop.holds(AccountKind.DISPUTES, shop.name) == shop.amount("0")
        losses = shop.amount("0" if ending == "won" else "-10.00")
        assert await shop.holds(AccountKind.CHARGEBACK_LOSSES, shop.name) == losses
        assert await shop.violations() == {}


async def test_what_a_gateway_does_not_answer_for_goes_to_the_next_one(any_shop, gateways):
    stripe = any_shop(GatewayName.STRIPE)
    gateways.fault("stripe", "rate_limited", times=1, on="create")
    view = await stripe.opened()
    assert (view.state, view.gateway) == (S.PENDING, GatewayName.PAYPAL)
    stripe.click(view)
    await stripe.note(view)
    assert (await stripe.view(view.payment_id)).state is S.CAPTURED
    assert await stripe.violations() == {}


async def test_an_answer_that_is_lost_leads_to_no_other_gateway(shop: Shop):
    shop.sandbox.fault(shop.name, "timeout_after_effect", on="create", seconds=0)
    view = await shop.opened()
    assert (view.state, view.gateway) == (S.UNKNOWN, shop.name)
    await shop.look(view.payment_id)
    view = await shop.view(view.payment_id)
    assert (view.state, view.gateway) == (S.PENDING, shop.name)
    shop.click(view)
    await shop.look(view.payment_id)
    assert (await shop.view(view.payment_id)).state is S.CAPTURED
    assert await shop.violations() == {}


async def test_the_janitor_finds_what_nobody_told(shop: Shop):
    view = await shop.opened()
    shop.click(view)
    assert await shop.do(lambda tx: service.drive_due(tx, now=shop.clock(), most=10)) == 0
    later = shop.clock() + timedelta(minutes=1)
    assert await shop.do(lambda tx: service.drive_due(tx, now=later, most=10)) == 1
    assert await shop.do(lambda tx: service.drive_due(tx, now=later, most=10)) == 0
    await shop.run_jobs()
    assert (await shop.view(view.payment_id)).state is S.CAPTURED


async def test_unfinished_payments_are_listed_the_longest_quiet_first(stripe: Shop):
    first, second = await stripe.opened(), await stripe.opened()
    done = await stripe.paid()
    assert done.fee is not None
    listed = await stripe.do(
        lambda tx: service.list_unfinished(tx, quiet_since=stripe.clock() + timedelta(seconds=1), limit=10)
    )
    assert [one.payment_id for one in listed] == [first.payment_id, second.payment_id]
    for gateway, quiet in ((GatewayName.PAYPAL, timedelta(seconds=1)), (GatewayName.STRIPE, timedelta(hours=-1))):
        quietly = functools.partial(service.list_unfinished, gateway=gateway, limit=10)
        assert await stripe.do(functools.partial(quietly, quiet_since=stripe.clock() + quiet)) == []


async def test_a_fee_that_comes_late_is_posted_when_it_is_known(any_shop):
    shop = any_shop(GatewayName.STRIPE)
    shop.sandbox.fault("stripe", "late_fee")
    view = await shop.paid("10.00")
    assert view.fee is None
    assert await shop.clearing() == shop.amount("-10.00")
    shop.sandbox.settle("stripe")
    await shop.note(view)
    fee = (await shop.view(view.payment_id)).fee
    assert fee is not None
    assert await shop.holds(AccountKind.GATEWAY_FEES, "stripe") == -fee
    assert await shop.violations() == {}


async def test_a_note_about_nobodys_payment_changes_nothing(shop: Shop):
    view = await shop.opened()
    for ref in ("pi_nothing", f"{view.payment_ref}x"):
        await shop.do(functools.partial(service.note_changed, gateway=shop.name, payment_ref=ref))
    await shop.run_jobs()
    await shop.do(lambda tx: service.note_changed(tx, gateway=shop.name, payment_ref=view.payment_ref or ""))
    await shop.run_jobs()
    assert (await shop.types(view.payment_id))[-1] == "opened"


async def test_driving_what_does_not_exist_does_nothing(stripe: Shop):
    nothing = PaymentId(new_id())

    await stripe.look(nothing)

    with pytest.raises(service.UnknownPayment):
        await stripe.do(lambda tx: service.payment(tx, payment_id=nothing))
