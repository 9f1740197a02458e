"""Two at once: captures, refunds, cancellations, payouts. Money moves once, and nobody is told a lie."""

from __future__ import annotations

import asyncio

import pytest

from tests.contexts.payment.gateways.conftest import Till
from vibestream.contexts.payment.gateways.domain.port import (
    GatewayDeclined,
    GatewayName,
    OutcomeUnknown,
    ProviderPayment,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.guard import Guarded

BOTH = pytest.mark.parametrize("till", [GatewayName.STRIPE, GatewayName.PAYPAL], indirect=True)


@BOTH
@pytest.mark.parametrize("same_key", [True, False])
async def test_two_captures_at_once_take_the_money_once(till: Till, same_key: bool):
    request = till.request("10.00", separate_capture=till.name is GatewayName.STRIPE)
    opened = await till.gateway.create_checkout(request)
    till.click(opened)
    keys = [f"{request.key}:capture", f"{request.key}:capture{'' if same_key else ':2'}"]

    ends = await asyncio.gather(
        *(till.gateway.capture(opened.payment_ref, key=key, amount=request.amount) for key in keys),
        return_exceptions=True,
    )

    captured = [end for end in ends if isinstance(end, ProviderPayment)]
    assert captured
    assert all(isinstance(end, ProviderPayment | OutcomeUnknown) for end in ends)
    assert {(one.state, one.captured) for one in captured} == {(ProviderState.CAPTURED, request.amount)}
    assert len([line for line in till.booked("charge") if line["ours"] == str(request.payment_id)]) == 1


async def test_two_refunds_at_once_never_give_back_more_than_was_captured(till: Till):
    paid = await till.paid("10.00")

    ends = await asyncio.gather(
        *(
            till.gateway.refund(
                paid.payment_ref, key=f"r{n}:{paid.payment_id}", amount=till.amount("6.00"), reason="Twice"
            )
            for n in range(2)
        ),
        return_exceptions=True,
    )
    till.sandbox.settle(till.name)

    assert [isinstance(end, ProviderRefund) for end in ends].count(True) == 1
    assert [isinstance(end, GatewayDeclined) for end in ends].count(True) == 1
    now = await till.gateway.retrieve(paid.payment_ref)
    assert now is not None
    assert (now.refunded, len(now.refunds)) == (till.amount("6.00"), 1)


async def test_the_same_refund_at_once_is_one_refund(till: Till):
    paid = await till.paid("10.00")
    guarded = Guarded(till.gateway)

    ends = await asyncio.gather(
        *(
            guarded.refund(paid.payment_ref, key=f"r:{paid.payment_id}", amount=till.amount("4.00"), reason="Same")
            for _ in range(4)
        ),
        return_exceptions=True,
    )
    till.sandbox.settle(till.name)

    made = {end.refund_ref for end in ends if isinstance(end, ProviderRefund)}
    assert len(made) == 1
    assert all(isinstance(end, ProviderRefund | OutcomeUnknown) for end in ends)
    now = await till.gateway.retrieve(paid.payment_ref)
    assert now is not None
    assert (now.refunded, len(now.refunds)) == (till.amount("4.00"), 1)


async def test_a_payment_that_is_paid_while_it_is_given_up_is_one_or_the_other(till: Till):
    request = till.request("10.00")
    opened = await till.gateway.create_checkout(request)

    cancelled, clicked = await asyncio.gather(
        till.gateway.cancel(opened.payment_ref, key=f"{request.key}:cancel"),
        asyncio.to_thread(till.click, opened),
        return_exceptions=True,
    )

    assert isinstance(cancelled, ProviderPayment)
    now = await till.gateway.retrieve(opened.payment_ref)
    assert now is not None
    if till.name is GatewayName.PAYPAL:
        assert now.captured.minor == 0  # only our capture would take it
    elif now.state is ProviderState.CAPTURED:
        assert not isinstance(clicked, BaseException)
        assert cancelled.state is not ProviderState.CANCELLED
    else:
        assert (cancelled.state, now.state) == (ProviderState.CANCELLED, ProviderState.CANCELLED)


@BOTH
async def test_the_same_payout_at_once_is_sent_once(till: Till, destination: str):
    asked, guarded = till.payout("20.00", destination=destination), Guarded(till.gateway)
    before = len(till.booked("payout"))

    ends = await asyncio.gather(*(guarded.pay_out(asked) for _ in range(4)), return_exceptions=True)
    sent = await guarded.pay_out(asked)
    await guarded.retrieve_payout(sent.payout_ref)

    assert all(not isinstance(end, GatewayDeclined) for end in ends), ends
    assert len(till.booked("payout")) == before + 1
