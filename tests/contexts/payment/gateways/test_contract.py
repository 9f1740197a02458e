"""What every gateway does behind the port, against the sandbox's stand-ins over real sockets."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.contexts.payment.gateways.conftest import Till
from vibestream.contexts.payment.gateways.domain.port import (
    BookLineKind,
    Capability,
    ChargeRequest,
    GatewayDeclined,
    GatewayName,
    MoveState,
    ProviderState,
    UnsupportedAmount,
)
from vibestream.kernel.ids import PaymentId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.kernel.time import utc_now


async def test_a_payment_is_opened_paid_and_known_by_our_id(till: Till):
    request = till.request("12.34", payer_email="payer@example.org")

    opened = await till.gateway.create_checkout(request)
    assert (opened.state, opened.amount, opened.payment_id) == (ProviderState.OPEN, request.amount, request.payment_id)
    assert (opened.captured.minor, opened.refunded.minor, opened.fee) == (0, 0, None)
    back = till.click(opened)
    assert back.startswith("http://localhost:1/back")

    paid = await till.gateway.retrieve(opened.payment_ref)
    assert paid is not None
    if till.name is GatewayName.PAYPAL:
        assert paid.state is ProviderState.AUTHORISED
        paid = await till.gateway.capture(paid.payment_ref, key=f"{request.key}:capture", amount=request.amount)
    assert (paid.state, paid.captured, paid.redirect_url) == (ProviderState.CAPTURED, request.amount, None)
    assert paid.payment_id == request.payment_id
    assert paid.fee is not None
    assert paid.fee.minor > 0
    assert (paid.method_fingerprint is None) == (till.name is GatewayName.COINBASE)


async def test_the_same_key_opens_one_payment_and_returns_it_as_it_stands_now(till: Till):
    request = till.request()
    opened = await till.gateway.create_checkout(request)
    assert await till.gateway.create_checkout(request) == opened

    till.click(opened)
    if till.name is GatewayName.PAYPAL:
        await till.gateway.capture(opened.payment_ref, key=f"{request.key}:capture", amount=request.amount)
    again = await till.gateway.create_checkout(request)

    assert (again.payment_ref, again.state) == (opened.payment_ref, ProviderState.CAPTURED)


async def test_two_captures_take_the_money_once(till: Till):
    request = till.request()
    opened = await till.gateway.create_checkout(request)
    till.click(opened)

    first = await till.gateway.capture(opened.payment_ref, key=f"{request.key}:capture:1", amount=request.amount)
    second = await till.gateway.capture(opened.payment_ref, key=f"{request.key}:capture:2", amount=request.amount)

    assert (first.captured, second.captured) == (request.amount, request.amount)
    ours = [line for line in till.booked("charge") if line["ours"] == str(request.payment_id)]
    assert len(ours) == 1


async def test_what_was_captured_is_given_back_in_parts_and_never_more_of_it(till: Till):
    paid = await till.paid("10.00")

    part = await till.gateway.refund(paid.payment_ref, key="refund:1", amount=till.amount("4.00"), reason="Too late")
    assert (part.amount, part.key, part.payment_ref) == (till.amount("4.00"), "refund:1", paid.payment_ref)
    assert part.state in (MoveState.SUCCEEDED, MoveState.PENDING)
    with pytest.raises(GatewayDeclined):
        await till.gateway.refund(paid.payment_ref, key="refund:2", amount=till.amount("6.01"), reason="Too much")
    await till.gateway.refund(paid.payment_ref, key="refund:3", amount=till.amount("6.00"), reason="The rest")
    till.sandbox.settle(till.name)

    now = await till.gateway.retrieve(paid.payment_ref)
    assert now is not None
    assert now.state is ProviderState.CAPTURED
    assert now.refunded == till.amount("10.00")
    assert sorted((one.key or "", one.amount.decimal, one.state) for one in now.refunds) == [
        ("refund:1", till.amount("4.00").decimal, MoveState.SUCCEEDED),
        ("refund:3", till.amount("6.00").decimal, MoveState.SUCCEEDED),
    ]


async def test_a_refund_that_is_asked_for_again_is_the_same_refund(till: Till):
    paid = await till.paid("10.00")

    first = await till.gateway.refund(paid.payment_ref, key="refund:a", amount=till.amount("3.00"), reason="Again")
    second = await till.gateway.refund(paid.payment_ref, key="refund:a", amount=till.amount("3.00"), reason="Again")

    assert first.refund_ref == second.refund_ref
    now = await till.gateway.retrieve(paid.payment_ref)
    assert now is not None
    assert len(now.refunds) == 1


async def test_a_payment_that_nobody_paid_is_given_up(till: Till):
    request = till.request()
    opened = await till.gateway.create_checkout(request)

    cancelled = await till.gateway.cancel(opened.payment_ref, key=f"{request.key}:cancel")
    again = await till.gateway.cancel(opened.payment_ref, key=f"{request.key}:cancel")

    assert (cancelled.state, cancelled.redirect_url, again.state) == (
        ProviderState.CANCELLED, None, ProviderState.CANCELLED,
    )  # fmt: skip


async def test_a_payment_that_was_captured_is_not_given_up_but_returned_as_it_is(till: Till):
    paid = await till.paid()

    assert await till.gateway.cancel(paid.payment_ref, key="cancel:late") == paid


@pytest.mark.parametrize(
    "ref", ["", "nothing", "cs_test_none", "pi_none", "capture:NONE", "../../v1/accounts", "a/b", "a?b=c", "a b", "ü"]
)
async def test_there_is_no_payment_where_there_is_none(till: Till, ref: str):
    assert await till.gateway.retrieve(ref) is None
    assert await till.gateway.retrieve_payout(ref) is None


async def test_nothing_is_captured_cancelled_or_given_back_of_a_payment_that_is_not_there(till: Till):
    ref = {"stripe": "cs_test_none", "paypal": "5O190127TN364715T", "coinbase": "68f7a946db0529ea9b6d3a12"}[till.name]

    for act in (
        till.gateway.capture(ref, key="k1", amount=till.amount("1.00")),
        till.gateway.cancel(ref, key="k2"),
        till.gateway.refund(ref, key="k3", amount=till.amount("1.00"), reason="None"),
    ):
        with pytest.raises(GatewayDeclined):
            await act


async def test_another_currency_than_the_payments_is_neither_captured_nor_given_back(till: Till):
    paid = await till.paid()
    other = Money(500, Currency.of("EUR"))

    error = UnsupportedAmount if till.name is GatewayName.COINBASE else GatewayDeclined
    with pytest.raises(error):
        await till.gateway.refund(paid.payment_ref, key="refund:eur", amount=other, reason="Confused")
    assert till.booked("refund") == [] or all(line["currency"] != "EUR" for line in till.booked("refund"))


@pytest.mark.parametrize("minor", [0, -100, 2**53 + 1])
async def test_nothing_less_than_nothing_and_too_much_are_refused_before_anybody_is_asked(till: Till, minor: int):
    currency = till.amount("1").currency
    request = till.request()
    odd = type(request)(
        **{name: getattr(request, name) for name in request.__dataclass_fields__} | {"amount": Money(minor, currency)}
    )

    with pytest.raises(UnsupportedAmount):
        await till.gateway.create_checkout(odd)


async def test_its_books_are_read_line_by_line(till: Till):
    begin = utc_now() - timedelta(minutes=1)
    paid = await till.paid("30.00")
    refund = await till.gateway.refund(paid.payment_ref, key="refund:b", amount=till.amount("10.00"), reason="Some")
    till.sandbox.settle(till.name)

    until = utc_now() + timedelta(minutes=1)
    lines = [line async for line in till.gateway.list_book(since=begin, until=until)]

    listed = [one for one in till.sandbox.book(till.name) if begin.timestamp() <= one["at"] < until.timestamp()]
    assert sorted(line.line_ref for line in lines) == sorted(one["line"] for one in listed)
    (charge,) = [line for line in lines if line.payment_id == paid.payment_id and line.kind is BookLineKind.CHARGE]
    assert (charge.amount, charge.fee) == (paid.captured, paid.fee)
    found = await till.gateway.retrieve(charge.object_ref)
    assert found is not None
    assert found.payment_ref in (paid.payment_ref, charge.object_ref)
    (given_back,) = [line for line in lines if line.object_ref == refund.refund_ref]
    assert (given_back.kind, given_back.amount) == (BookLineKind.REFUND, -till.amount("10.00"))
    before = [line async for line in till.gateway.list_book(since=begin - timedelta(days=60), until=begin)]
    assert charge.line_ref not in {line.line_ref for line in before}


async def test_who_cannot_charge_without_the_payer_or_pay_out_says_so_and_declines(till: Till):
    charge = ChargeRequest(
        payment_id=PaymentId(new_id()),
        key="charge:none",
        amount=till.amount("5.00"),
        description="Renewal",
        method_ref="none:none" if till.name is GatewayName.STRIPE else "NONE",
    )

    with pytest.raises(GatewayDeclined):
        await till.gateway.charge(charge)
    with pytest.raises(GatewayDeclined):
        await till.gateway.pay_out(till.payout(destination="acct_none" if till.name is GatewayName.STRIPE else ""))
    assert (Capability.PAYOUTS in till.gateway.capabilities) == (till.name is not GatewayName.COINBASE)
    assert Capability.PARTIAL_REFUNDS in till.gateway.capabilities
