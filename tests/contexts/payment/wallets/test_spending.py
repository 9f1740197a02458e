"""The spending order: the wallet of the same currency first, a gateway only if asked, points never."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.factories.payment import make_wallet
from tests.factories.settling import AT, held_by, usd, wallet_of
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, InsufficientFunds
from vibestream.contexts.payment.wallets import service
from vibestream.contexts.payment.wallets.service import NotMoney, SpendingPlan, WalletTooLow, plan_spending
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Currency, CurrencyMismatch, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx


@pytest.mark.parametrize(
    ("price", "available", "rest", "wallet", "gateway"),
    [
        (500, 500, False, 500, 0),
        (500, 700, True, 500, 0),
        (500, 200, True, 200, 300),
        (500, 0, True, 0, 500),
        (500, 480, True, 450, 50),  # 20 is less than a gateway takes: it takes 50, the wallet keeps 30
        (50, 49, True, 0, 50),
    ],
)
def test_the_wallet_pays_first_and_a_gateway_the_rest(
    price: int, available: int, rest: bool, wallet: int, gateway: int
):
    plan = plan_spending(usd(price), available=usd(available), rest_by_gateway=rest, least_charge=usd(50))

    assert plan == SpendingPlan(usd(wallet), usd(gateway))


def test_without_being_asked_a_gateway_pays_nothing():
    with pytest.raises(WalletTooLow) as refused:
        plan_spending(usd(500), available=usd(499), rest_by_gateway=False, least_charge=usd(50))

    assert refused.value.facts() == {"price": "5.00", "available": "4.99", "currency": "USD"}


def test_a_price_below_what_gateways_take_is_for_the_wallet_alone():
    with pytest.raises(WalletTooLow):
        plan_spending(usd(49), available=usd(48), rest_by_gateway=True, least_charge=usd(50))


def test_points_pay_for_nothing_that_is_priced_in_money():
    with pytest.raises(NotMoney):
        plan_spending(Money(5, VIBE), available=Money(9, VIBE), rest_by_gateway=True, least_charge=Money(1, VIBE))
    with pytest.raises(CurrencyMismatch):
        plan_spending(usd(5), available=Money(9_000_000, VIBE), rest_by_gateway=True, least_charge=usd(50))
    with pytest.raises(CurrencyMismatch):
        plan_spending(usd(5), available=Money(500, EUR), rest_by_gateway=True, least_charge=usd(50))


@given(price=st.integers(50, 10**9), available=st.integers(0, 10**9), least=st.integers(1, 50))
def test_the_two_parts_are_the_price_and_neither_pays_what_it_cannot(price: int, available: int, least: int):
    plan = plan_spending(usd(price), available=usd(available), rest_by_gateway=True, least_charge=usd(least))

    assert plan.from_wallet + plan.from_gateway == usd(price)
    assert 0 <= plan.from_wallet.minor <= available
    assert plan.from_gateway.minor == 0 or plan.from_gateway.minor >= least


@pytest.mark.parametrize(
    ("code", "price", "available", "wallet", "gateway"),
    [
        ("USDC", 5_000_000, 1_234_567, 1_230_000, 3_770_000),  # a gateway takes cents of USDC
        ("KWD", 5_000, 1_234, 1_230, 3_770),
        ("JPY", 500, 123, 123, 377),
        ("USDC", 5_000_001, 1_234_567, 1_230_001, 3_770_000),
    ],
)
def test_a_gateway_is_asked_for_what_it_can_express(code: str, price: int, available: int, wallet: int, gateway: int):
    of = Currency.of(code)
    plan = plan_spending(
        Money(price, of), available=Money(available, of), rest_by_gateway=True, least_charge=Money(1, of)
    )

    assert (plan.from_wallet.minor, plan.from_gateway.minor) == (wallet, gateway)


async def test_spending_moves_the_price_once_however_often_it_is_asked(tx: Tx):
    fan = (await make_wallet(tx, 900, currency=USD)).user_id
    into = [
        (AccountName(AccountKind.PLATFORM_REVENUE, "test", USD), usd(100)),
        (AccountName(AccountKind.PLATFORM_REVENUE, "other", USD), usd(0)),
        (AccountName(AccountKind.ROYALTIES_PENDING, str(new_id()), USD), usd(400)),
    ]

    for _ in range(2):
        await service.spend(tx, key="buy:1", user_id=fan, amount=usd(500), kind="test", into=into, details={}, at=AT)

    assert await wallet_of(tx, fan) == (400, 0)
    assert await held_by(tx, AccountKind.PLATFORM_REVENUE, "test") == 100
    assert await held_by(tx, AccountKind.PLATFORM_REVENUE, "other") == 0


async def test_what_is_held_is_not_spent_and_shows(tx: Tx):
    fan = (await make_wallet(tx, 900, currency=USD)).user_id
    hold_id = await service.reserve(
        tx, key="h:1", user_id=fan, amount=usd(500), expires_at=utc_now() + timedelta(hours=1), reason="tip"
    )

    with pytest.raises(InsufficientFunds):
        await service.spend(
            tx,
            key="buy:2",
            user_id=fan,
            amount=usd(401),
            kind="test",
            into=[(AccountName(AccountKind.PLATFORM_REVENUE, "test", USD), usd(401))],
            details={},
            at=AT,
        )

    assert [(one.hold_id, one.amount, one.reason) for one in await service.holds_of(tx, user_id=fan)] == [
        (hold_id, usd(500), "tip")
    ]
    assert await service.holds_of(tx, user_id=UserId(new_id())) == []
    await service.release(tx, hold_id=hold_id)
    await service.release(tx, hold_id=hold_id)
    assert await wallet_of(tx, fan) == (900, 0)
    assert await service.holds_of(tx, user_id=fan) == []
