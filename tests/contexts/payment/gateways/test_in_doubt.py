"""A gateway that answers late, in HTML, in half, or with a 500: nothing is guessed, and the same key does it once."""

from __future__ import annotations

from typing import Any

import pytest

from tests.contexts.payment.gateways.conftest import Charges, Till
from vibestream.contexts.payment.gateways.domain.port import (
    GatewayName,
    GatewayUnavailable,
    OutcomeUnknown,
    ProviderPayment,
    ProviderState,
)
from vibestream.contexts.payment.gateways.gateway.guard import Guarded

AFTER_EFFECT: list[tuple[str, dict[str, Any]]] = [
    ("timeout_after_effect", {"seconds": 0}),
    ("truncated", {}),
    ("html", {"effect": True}),
    ("error_500", {"effect": True}),
]
WITHOUT_EFFECT: list[tuple[str, dict[str, Any]]] = [("html", {}), ("error_500", {})]
EVERY = AFTER_EFFECT + WITHOUT_EFFECT


def ids(faults: list[tuple[str, dict[str, Any]]]) -> list[str]:
    return [kind + ("_after_effect" if options.get("effect") else "") for kind, options in faults]


@pytest.mark.parametrize(("kind", "options"), EVERY, ids=ids(EVERY))
async def test_opening_a_payment_in_doubt_and_asking_again_opens_one_that_can_be_paid(till: Till, kind, options):
    request = till.request()
    till.sandbox.fault(till.name, kind, on="create", **options)
    with pytest.raises(OutcomeUnknown):
        await till.gateway.create_checkout(request)

    opened = await till.gateway.create_checkout(request)
    assert (opened.state, opened.amount, opened.payment_id) == (ProviderState.OPEN, request.amount, request.payment_id)
    assert (await till.gateway.create_checkout(request)).payment_ref == opened.payment_ref
    till.click(opened)


@pytest.mark.parametrize(("kind", "options"), EVERY, ids=ids(EVERY))
async def test_a_refund_in_doubt_and_asked_for_again_gives_the_money_back_once(till: Till, kind, options):
    paid = await till.paid("10.00")
    till.sandbox.settle(till.name)
    before = len(till.booked("refund"))
    till.sandbox.fault(till.name, kind, on="refund", **options)

    async def refund() -> object:
        return await till.gateway.refund(
            paid.payment_ref, key=f"refund:{paid.payment_id}", amount=till.amount("4.00"), reason="Doubt"
        )

    with pytest.raises(OutcomeUnknown):
        await refund()
    await refund()
    till.sandbox.settle(till.name)

    now = await till.gateway.retrieve(paid.payment_ref)
    assert now is not None
    assert (now.refunded, len(now.refunds)) == (till.amount("4.00"), 1)
    assert len(till.booked("refund")) == before + 1


@pytest.mark.parametrize(("kind", "options"), EVERY, ids=ids(EVERY))
@pytest.mark.parametrize("till", [GatewayName.STRIPE, GatewayName.PAYPAL], indirect=True)
async def test_a_capture_in_doubt_and_asked_for_again_takes_the_money_once(till: Till, kind, options):
    asked = till.request("10.00", separate_capture=till.name is GatewayName.STRIPE)
    opened = await till.gateway.create_checkout(asked)
    till.click(opened)
    till.sandbox.fault(till.name, kind, on="capture", **options)

    async def capture() -> ProviderPayment:
        return await till.gateway.capture(opened.payment_ref, key=f"{asked.key}:capture", amount=asked.amount)

    with pytest.raises(OutcomeUnknown):
        await capture()
    captured = await capture()

    assert (captured.state, captured.captured) == (ProviderState.CAPTURED, asked.amount)
    assert len([line for line in till.booked("charge") if line["ours"] == str(asked.payment_id)]) == 1


@pytest.mark.parametrize(("kind", "options"), EVERY, ids=ids(EVERY))
@pytest.mark.parametrize("till", [GatewayName.STRIPE, GatewayName.PAYPAL], indirect=True)
async def test_a_payout_in_doubt_and_asked_for_again_pays_once(till: Till, kind, options, destination: str):
    asked = till.payout("20.00", destination=destination)
    before = len(till.booked("payout"))
    till.sandbox.fault(till.name, kind, on="payout", **options)
    with pytest.raises(OutcomeUnknown):
        await till.gateway.pay_out(asked)

    sent = await till.gateway.pay_out(asked)
    again = await till.gateway.pay_out(asked)

    assert (sent.amount, again.payout_ref) == (asked.amount, sent.payout_ref)
    assert (await till.gateway.retrieve_payout(sent.payout_ref)) is not None
    assert len(till.booked("payout")) == before + 1


@pytest.mark.parametrize("till", [GatewayName.STRIPE, GatewayName.PAYPAL], indirect=True)
async def test_a_charge_without_its_payer_in_doubt_and_asked_for_again_charges_once(till: Till, charge_of: Charges):
    for kind, options in EVERY:
        charge = charge_of("7.00")
        till.sandbox.fault(till.name, kind, on="create", **options)
        with pytest.raises(OutcomeUnknown):
            await till.gateway.charge(charge)
        charged = await till.gateway.charge(charge)

        assert (charged.state, charged.captured) == (ProviderState.CAPTURED, charge.amount), kind
        ours = [line for line in till.booked("charge") if line["ours"] == str(charge.payment_id)]
        assert len(ours) == 1, kind


@pytest.mark.parametrize("kind", ["html", "error_500", "truncated", "timeout_after_effect", "rate_limited"])
async def test_reading_in_vain_leaves_nothing_in_doubt(till: Till, kind: str):
    opened = await till.gateway.create_checkout(till.request())
    till.sandbox.fault(till.name, kind, on="read", **({"seconds": 0} if "timeout" in kind else {}))

    with pytest.raises(GatewayUnavailable):
        await till.gateway.retrieve(opened.payment_ref)
    assert await till.gateway.retrieve(opened.payment_ref) == opened


async def test_too_many_requests_change_nothing(till: Till):
    request = till.request()
    till.sandbox.fault(till.name, "rate_limited", on="create")

    with pytest.raises(GatewayUnavailable):
        await till.gateway.create_checkout(request)
    assert (await till.gateway.create_checkout(request)).state is ProviderState.OPEN


async def test_behind_its_guard_a_single_failure_is_not_even_seen(till: Till):
    guarded = Guarded(till.gateway)
    request = till.request()
    till.sandbox.fault(till.name, "timeout_after_effect", on="create", seconds=0)
    opened = await guarded.create_checkout(request)
    till.click(opened)
    if till.name is GatewayName.PAYPAL:
        till.sandbox.fault(till.name, "error_500", on="capture", effect=True)
        await guarded.capture(opened.payment_ref, key=f"{request.key}:capture", amount=request.amount)
    till.sandbox.fault(till.name, "html", on="refund", effect=True)

    refund = await guarded.refund(
        opened.payment_ref, key="refund:guarded", amount=till.amount("2.00"), reason="Guarded"
    )

    assert refund.amount == till.amount("2.00")
    now = await guarded.retrieve(opened.payment_ref)
    assert now is not None
    assert len(now.refunds) == 1
    assert till.sandbox.faults_left(till.name) == []


async def test_a_key_that_was_used_for_something_else_leaves_in_doubt_what_is_asked_for_now(till: Till):
    guarded = Guarded(till.gateway)
    first = till.request("10.00")
    await guarded.create_checkout(first)
    other = till.request("99.00")
    reused = type(other)(**{name: getattr(other, name) for name in other.__dataclass_fields__} | {"key": first.key})

    with pytest.raises(OutcomeUnknown):
        await guarded.create_checkout(reused)

    paid = await till.paid("10.00")
    await guarded.refund(paid.payment_ref, key="refund:reused", amount=till.amount("1.00"), reason="First")
    with pytest.raises(OutcomeUnknown):
        await guarded.refund(paid.payment_ref, key="refund:reused", amount=till.amount("9.00"), reason="Second")


async def test_what_is_paid_after_calling_it_off_failed_is_let_go_of(stripe: Till):
    """Closing Stripe's page and letting go of the money are two requests: under one key the second is refused for good."""
    request = stripe.request("10.00", separate_capture=True)
    opened = await stripe.gateway.create_checkout(request)
    stripe.sandbox.fault(stripe.name, "error_500", on="cancel")
    with pytest.raises(OutcomeUnknown):
        await stripe.gateway.cancel(opened.payment_ref, key=f"{request.key}:cancel")
    stripe.click(opened)

    let_go = await stripe.gateway.cancel(opened.payment_ref, key=f"{request.key}:cancel")

    assert (let_go.state, let_go.captured.minor) == (ProviderState.CANCELLED, 0)
