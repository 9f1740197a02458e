"""Topping up within bounds, and having back what is still there."""

from __future__ import annotations

import pytest

from tests.factories.observed import observed, observed_captured
from tests.factories.settling import AT, usd, wallet_of
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import NotRefundable
from vibestream.contexts.payment.gateways.domain.port import (
    DisputeState,
    MoveState,
    ProviderDispute,
    ProviderRefund,
    ProviderState,
)
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.top_ups import service
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.kernel.ids import PaymentId, UserId, new_id
from vibestream.kernel.money import USD, VIBE, Currency, Money
from vibestream.platform.database import Tx


async def topped_up(tx: Tx, fan: UserId, minor: int = 1_000) -> PaymentId:
    view = await service.start(tx, key=str(new_id()), user_id=fan, amount=usd(minor), return_to="/wallet", now=AT)
    captured = await observed_captured(tx, view.payment_id, at=AT)
    await wallets.settle_into_wallet(tx, captured=captured)
    return view.payment_id


async def spent(tx: Tx, fan: UserId, minor: int) -> None:
    into = [(AccountName(AccountKind.PLATFORM_REVENUE, "test", USD), usd(minor))]
    await wallets.spend(
        tx, key=f"spent:{new_id()}", user_id=fan, amount=usd(minor), kind="test", into=into, details={}, at=AT
    )


async def refunded(tx: Tx, payment_id: PaymentId, fan: UserId, minor: int | None = None) -> None:
    await service.refund(
        tx, payment_id=payment_id, user_id=fan, amount=None if minor is None else usd(minor), reason="x",
        requested_by=fan,
    )  # fmt: skip


@pytest.mark.parametrize(
    "amount",
    [usd(499), usd(0), usd(-500), usd(50_001), usd(2**53 + 1), Money(500, VIBE), Money(500, Currency.of("JPY"))],
    ids=str,
)
async def test_what_is_out_of_bounds_starts_no_payment(tx: Tx, amount: Money):
    fan = UserId(new_id())

    with pytest.raises(service.TopUpOutOfBounds):
        await service.start(tx, key=str(new_id()), user_id=fan, amount=amount, return_to="/wallet", now=AT)

    assert await checkout.payments(tx, user_id=fan, limit=5) == []


async def test_a_form_that_is_sent_twice_starts_one_payment_and_another_persons_key_is_nothing_to_it(tx: Tx):
    fan, other, key = UserId(new_id()), UserId(new_id()), str(new_id())
    asked = [
        await service.start(tx, key=key, user_id=one, amount=usd(500), return_to="/wallet", now=AT)
        for one in (fan, fan, other)
    ]
    with pytest.raises(checkout.PaymentKeyReused):
        await service.start(tx, key=key, user_id=fan, amount=usd(501), return_to="/wallet", now=AT)

    assert asked[0].payment_id == asked[1].payment_id != asked[2].payment_id
    assert len(await checkout.payments(tx, user_id=fan, limit=5)) == 1


async def test_bounds_are_told_by_currency(tx: Tx):
    assert [one.minimum.currency.code for one in await service.bounds(tx, now=AT)] == ["EUR", "GBP", "USD", "USDC"]


async def test_all_that_is_there_goes_back_and_not_twice(tx: Tx):
    fan = UserId(new_id())
    payment_id = await topped_up(tx, fan)
    await spent(tx, fan, 300)
    assert await service.refundable(tx, payment_id=payment_id, user_id=fan) == usd(700)

    await refunded(tx, payment_id, fan)

    assert await wallet_of(tx, fan) == (0, 0)
    assert (await checkout.payment(tx, payment_id=payment_id)).refunding == usd(700)
    await topped_up(tx, fan, 5_000)
    assert await service.refundable(tx, payment_id=payment_id, user_id=fan) == usd(300)
    with pytest.raises(service.NothingToRefund):
        await refunded(tx, payment_id, fan, 301)
    with pytest.raises(service.NothingToRefund):
        await refunded(tx, payment_id, fan, -1)


async def test_a_refund_that_came_to_nothing_is_in_the_wallet_again(tx: Tx):
    fan = UserId(new_id())
    payment_id = await topped_up(tx, fan)
    await refunded(tx, payment_id, fan, 400)
    payment = await observed(tx, payment_id, state=ProviderState.CAPTURED)
    [asked] = payment.refunds.values()
    seen = ProviderRefund(refund_ref="re_1", payment_ref="ref", amount=usd(400), state=MoveState.FAILED, key=asked.key)

    await observed(tx, payment_id, state=ProviderState.CAPTURED, refunds=(seen,))

    assert await wallet_of(tx, fan) == (1_000, 0)
    assert await service.refundable(tx, payment_id=payment_id, user_id=fan) == usd(1_000)


async def test_only_ones_own_top_up_is_refunded(tx: Tx):
    fan = UserId(new_id())
    payment_id = await topped_up(tx, fan)

    for wrong in ((payment_id, UserId(new_id())), (PaymentId(new_id()), fan)):
        with pytest.raises(service.TopUpMissing):
            await refunded(tx, *wrong)


async def test_a_disputed_one_is_not_refunded(tx: Tx):
    fan = UserId(new_id())
    payment_id = await topped_up(tx, fan)
    dispute = ProviderDispute(
        dispute_ref="dp_1", payment_ref="ref", amount=usd(1_000), fee=None, state=DisputeState.OPEN, reason="fraud"
    )
    await observed(tx, payment_id, state=ProviderState.CAPTURED, disputes=(dispute,))

    with pytest.raises(NotRefundable):
        await refunded(tx, payment_id, fan)
