"""What only some gateways can: authorise, charge without the payer, pay out, dispute."""

from __future__ import annotations

import pytest

from tests.contexts.payment.gateways.conftest import Charges, Till, onboarded, recipient_request
from vibestream.contexts.payment.gateways.domain.port import (
    DisputeState,
    GatewayDeclined,
    GatewayName,
    GatewayUnavailable,
    MoveState,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.stripe import StripeGateway

BOTH = pytest.mark.parametrize("till", [GatewayName.STRIPE, GatewayName.PAYPAL], indirect=True)


async def test_stripe_authorises_and_captures_less_later(stripe: Till):
    request = stripe.request("10.00", separate_capture=True)
    opened = await stripe.gateway.create_checkout(request)
    stripe.click(opened)
    held = await stripe.gateway.retrieve(opened.payment_ref)
    assert held is not None
    assert (held.state, held.captured.minor, held.fee) == (ProviderState.AUTHORISED, 0, None)

    captured = await stripe.gateway.capture(opened.payment_ref, key=f"{request.key}:c", amount=stripe.amount("6.00"))

    assert (captured.state, captured.amount, captured.captured, captured.refunded) == (
        ProviderState.CAPTURED, stripe.amount("10.00"), stripe.amount("6.00"), stripe.amount("0"),
    )  # fmt: skip


async def test_stripe_lets_go_of_what_it_authorised(stripe: Till):
    request = stripe.request("10.00", separate_capture=True)
    opened = await stripe.gateway.create_checkout(request)
    stripe.click(opened)

    let_go = await stripe.gateway.cancel(opened.payment_ref, key=f"{request.key}:x")

    assert (let_go.state, let_go.captured.minor, let_go.refunded.minor) == (ProviderState.CANCELLED, 0, 0)
    with pytest.raises(GatewayDeclined):
        await stripe.gateway.capture(opened.payment_ref, key=f"{request.key}:y", amount=stripe.amount("10.00"))


async def test_more_than_was_authorised_is_not_captured(stripe: Till):
    request = stripe.request("10.00", separate_capture=True)
    opened = await stripe.gateway.create_checkout(request)
    stripe.click(opened)

    with pytest.raises(GatewayDeclined) as refused:
        await stripe.gateway.capture(opened.payment_ref, key=f"{request.key}:c", amount=stripe.amount("10.01"))
    assert refused.value.reason == "amount_too_large"


async def test_a_declined_card_leaves_stripes_page_open_for_another_one(stripe: Till):
    opened = await stripe.gateway.create_checkout(stripe.request())

    with pytest.raises(Exception, match="402"):
        stripe.click(opened, card="4000000000000002")
    after = await stripe.gateway.retrieve(opened.payment_ref)
    assert after is not None
    assert (after.state, after.captured.minor) == (ProviderState.OPEN, 0)

    stripe.click(opened)
    now = await stripe.gateway.retrieve(opened.payment_ref)
    assert now is not None
    assert now.state is ProviderState.CAPTURED


async def test_stripe_is_asked_to_have_the_payer_authenticated(stripe: Till):
    opened = await stripe.gateway.create_checkout(stripe.request(step_up=True))

    back = stripe.click(opened)

    assert back.startswith("http://localhost:1/back")
    now = await stripe.gateway.retrieve(opened.payment_ref)
    assert now is not None
    assert now.state is ProviderState.CAPTURED
    assert now.risk["risk_level"] == "normal"


async def test_stripes_intent_and_session_are_one_payment(stripe: Till):
    paid = await stripe.paid("10.00")
    (line,) = [one for one in stripe.booked("charge") if one["ours"] == str(paid.payment_id)]

    by_intent = await stripe.gateway.retrieve(line["object"])

    assert line["object"].startswith("pi_")
    assert by_intent == paid


async def test_paypal_captures_the_whole_of_what_was_approved_or_nothing(paypal: Till):
    request = paypal.request("10.00")
    opened = await paypal.gateway.create_checkout(request)
    with pytest.raises(GatewayDeclined):
        await paypal.gateway.capture(opened.payment_ref, key=f"{request.key}:early", amount=request.amount)
    paypal.click(opened)

    with pytest.raises(GatewayDeclined) as refused:
        await paypal.gateway.capture(opened.payment_ref, key=f"{request.key}:part", amount=paypal.amount("6.00"))
    assert refused.value.reason == "amount_mismatch"
    assert (
        await paypal.gateway.capture(opened.payment_ref, key=f"{request.key}:all", amount=request.amount)
    ).captured == request.amount


async def test_paypals_declined_payer_has_paid_nothing(paypal: Till):
    request = paypal.request("10.00")
    opened = await paypal.gateway.create_checkout(request)
    paypal.click(opened, email="declined@example.org")

    with pytest.raises(GatewayDeclined) as refused:
        await paypal.gateway.capture(opened.payment_ref, key=f"{request.key}:c", amount=request.amount)

    assert refused.value.reason == "INSTRUMENT_DECLINED"
    assert [line for line in paypal.booked("charge") if line["ours"] == str(request.payment_id)] == []


async def test_paypals_review_is_processing_until_it_ends(paypal: Till):
    request = paypal.request("10.00")
    opened = await paypal.gateway.create_checkout(request)
    paypal.click(opened, email="pending@example.org")

    waiting = await paypal.gateway.capture(opened.payment_ref, key=f"{request.key}:c", amount=request.amount)
    assert (waiting.state, waiting.captured.minor) == (ProviderState.PROCESSING, 0)
    assert (await paypal.gateway.capture(opened.payment_ref, key=f"{request.key}:d", amount=request.amount)) == waiting
    paypal.sandbox.settle("paypal")

    now = await paypal.gateway.retrieve(opened.payment_ref)
    assert now is not None
    assert (now.state, now.captured) == (ProviderState.CAPTURED, request.amount)


async def test_paypal_does_not_reserve_money(paypal: Till):
    with pytest.raises(GatewayDeclined):
        await paypal.gateway.create_checkout(paypal.request(separate_capture=True))


async def test_a_token_of_paypals_that_was_revoked_is_replaced_at_once(paypal: Till):
    opened = await paypal.gateway.create_checkout(paypal.request())
    paypal.sandbox.control("paypal/settle", {"tokens": "forget"})

    assert await paypal.gateway.retrieve(opened.payment_ref) == opened


@BOTH
async def test_a_stored_method_is_charged_without_its_payer(till: Till, charge_of: Charges):
    charge = charge_of("9.99")

    charged = await till.gateway.charge(charge)
    again = await till.gateway.charge(charge)

    assert (charged.state, charged.captured, charged.payment_id) == (
        ProviderState.CAPTURED, charge.amount, charge.payment_id,
    )  # fmt: skip
    assert again.payment_ref == charged.payment_ref
    assert await till.gateway.retrieve(charged.payment_ref) == charged


async def test_a_stored_card_that_is_declined_says_why(stripe: Till):
    opened = await stripe.gateway.create_checkout(stripe.request(keep_method=True))
    stripe.click(opened, card="4000002760003184")
    kept = await stripe.gateway.retrieve(opened.payment_ref)
    assert kept is not None
    assert kept.method_ref is not None
    charge = stripe.charge(kept.method_ref, "5.00")

    with pytest.raises(GatewayDeclined) as refused:
        await stripe.gateway.charge(charge)
    with pytest.raises(GatewayDeclined) as again:
        await stripe.gateway.charge(charge)

    assert (refused.value.reason, again.value.reason) == ("authentication_required", "authentication_required")


async def test_nobody_elses_method_is_charged(till: Till):
    for odd in ("", "cus_1", "cus_1:pm_1", "a/b:c", "../x", "cus_1:pm_1?x=1"):
        with pytest.raises(GatewayDeclined):
            await till.gateway.charge(till.charge(odd, "5.00"))


@BOTH
@pytest.mark.parametrize(("outcome", "state"), [("won", DisputeState.WON), ("lost", DisputeState.LOST)])
async def test_a_dispute_is_seen_open_and_then_decided(till: Till, outcome: str, state: DisputeState):
    paid = await till.paid("25.00")
    (line,) = [one for one in till.booked("charge") if one["ours"] == str(paid.payment_id)]
    which = {"payment_intent": line["object"]} if till.name is GatewayName.STRIPE else {"order": line["object"]}
    opened = till.sandbox.dispute(till.name, **which)
    now = await till.gateway.retrieve(paid.payment_ref)
    assert now is not None
    (dispute,) = now.disputes
    assert (dispute.state, dispute.amount, dispute.payment_ref) == (
        DisputeState.OPEN, till.amount("25.00"), paid.payment_ref,
    )  # fmt: skip
    assert dispute.dispute_ref == opened.get("id", opened.get("dispute_id"))

    till.sandbox.dispute(till.name, dispute=dispute.dispute_ref, outcome=outcome)

    after = await till.gateway.retrieve(paid.payment_ref)
    assert after is not None
    assert [one.state for one in after.disputes] == [state]


async def test_a_refund_that_fails_after_it_succeeded_is_seen_to_have_failed(stripe: Till):
    paid = await stripe.paid("10.00", card="4000000000005126")
    made = await stripe.gateway.refund(paid.payment_ref, key="r", amount=paid.amount, reason="Fails later")
    stripe.sandbox.settle("stripe")

    now = await stripe.gateway.retrieve(paid.payment_ref)

    assert now is not None
    assert [(one.refund_ref, one.state) for one in now.refunds] == [(made.refund_ref, MoveState.FAILED)]
    assert now.refunded.minor == 0


@BOTH
async def test_a_payout_goes_out_once_and_is_known_by_our_id(till: Till, destination: str):
    asked = till.payout("20.00", destination=destination)

    sent = await till.gateway.pay_out(asked)
    again = await till.gateway.pay_out(asked)
    now = await till.gateway.retrieve_payout(sent.payout_ref)

    assert now is not None
    assert (now.state, now.amount, now.payout_id) == (MoveState.SUCCEEDED, asked.amount, asked.payout_id)
    assert again.payout_ref == sent.payout_ref


@BOTH
async def test_a_payout_that_our_balance_does_not_cover_is_declined_by_that_name(till: Till, destination: str):
    till.sandbox.fault(till.name, "insufficient_balance", on="payout")

    with pytest.raises(GatewayDeclined) as refused:
        await till.gateway.pay_out(till.payout("20.00", destination=destination))

    assert refused.value.reason == "insufficient_balance"


@pytest.mark.parametrize(
    ("receiver", "state", "failure"),
    [
        ("unclaimed@example.org", MoveState.PENDING, None),
        ("held@example.org", MoveState.PENDING, None),
        ("returned@example.org", MoveState.RETURNED, "RECEIVER_REFUSED"),
        ("blocked@example.org", MoveState.FAILED, "REGULATORY_BLOCKED"),
        ("failed@example.org", MoveState.FAILED, "RECEIVER_ACCOUNT_LOCKED"),
    ],
)
async def test_paypals_payout_ends_as_its_item_says(paypal: Till, receiver: str, state: MoveState, failure: str | None):
    sent = await paypal.gateway.pay_out(paypal.payout("20.00", destination=receiver))

    now = await paypal.gateway.retrieve_payout(sent.payout_ref)

    assert now is not None
    assert (now.state, now.failure) == (state, failure)


async def test_money_that_nobody_claimed_comes_back_after_thirty_days(paypal: Till):
    sent = await paypal.gateway.pay_out(paypal.payout("20.00", destination="unclaimed@example.org"))
    await paypal.gateway.retrieve_payout(sent.payout_ref)
    paypal.sandbox.advance(30 * 86_400 + 60)

    now = await paypal.gateway.retrieve_payout(sent.payout_ref)

    assert now is not None
    assert now.state is MoveState.RETURNED


async def test_a_transfer_is_taken_back_in_part_and_whole(stripe: Till):
    assert isinstance(stripe.gateway, StripeGateway)
    payouts = stripe.gateway.payouts
    account = await onboarded(stripe)
    sent = await payouts.pay_out(stripe.payout("20.00", destination=account))

    part = await payouts.take_back(sent.payout_ref, key="back:1", amount=stripe.amount("5.00"))
    same = await payouts.take_back(sent.payout_ref, key="back:1", amount=stripe.amount("5.00"))
    assert (part.state, part.failure, same) == (MoveState.SUCCEEDED, "partly_reversed", part)
    with pytest.raises(GatewayDeclined):
        await payouts.take_back(sent.payout_ref, key="back:2", amount=stripe.amount("15.01"))
    whole = await payouts.take_back(sent.payout_ref, key="back:3", amount=stripe.amount("15.00"))

    assert whole.state is MoveState.RETURNED


async def test_a_recipient_is_ready_after_its_owner_was_on_stripes_page(stripe: Till):
    assert isinstance(stripe.gateway, StripeGateway)
    payouts, request = stripe.gateway.payouts, recipient_request()
    opened = await payouts.open_recipient(request)
    assert (opened.ready, opened.payee) == (False, request.payee)
    assert (await payouts.open_recipient(request)).account_ref == opened.account_ref
    with pytest.raises(GatewayDeclined):
        await payouts.pay_out(stripe.payout(destination=opened.account_ref))

    page = await payouts.onboarding_url(
        opened.account_ref, return_url="http://localhost:1/onboarded", refresh_url="http://localhost:1/again"
    )
    stripe.sandbox.click(page, "done")

    now = await payouts.recipient(opened.account_ref)
    assert now is not None
    assert (now.ready, now.status) == (True, "active")
    assert await payouts.recipient("acct_none") is None
    assert await payouts.recipient("../x") is None


async def test_a_key_that_is_refused_makes_a_gateway_unavailable_and_not_a_payment_failed(stripe: Till):
    wrong = StripeGateway(key="sk_test_wrong", webhook_secret="whsec_x", base=f"{stripe.sandbox.address}/stripe")

    with pytest.raises(GatewayUnavailable):
        await wrong.create_checkout(stripe.request())
    with pytest.raises(GatewayUnavailable):
        await wrong.retrieve("cs_test_x")
    await wrong.close()
