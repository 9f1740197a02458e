"""Exchanges: at exactly what was quoted, once, and never of what is not there."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta

import psycopg
import pytest

from tests.factories.exchange import (
    NOW,
    POLICY,
    executed,
    in_wallet,
    make_earner,
    make_rate,
    make_reserve,
    posted,
    quoted,
    violations,
)
from tests.factories.payment import as_owner, make_liquidity, make_wallet, transfer
from vibestream.contexts.payment.exchange import service
from vibestream.contexts.payment.exchange.service import (
    AmountTooSmall,
    Exchange,
    InvalidRate,
    InvalidSource,
    NotExchangeable,
    Quote,
    QuoteExpired,
    RateBackdated,
    RateExists,
    RateUnavailable,
    ReserveTooSmall,
    UnknownQuote,
)
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, InsufficientFunds, KeyReused, post
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import EUR, USD, VIBE, Currency, Money
from vibestream.platform.database import Database, Tx

JPY = Currency.of("JPY")
LATER = NOW + timedelta(seconds=59)


@pytest.fixture
async def ana(database: Database) -> UserId:
    """Somebody with 100 euros, in a world with a rate of 1.25 dollars (1 % kept) and 200 dollars to give."""
    async with database.begin() as tx:
        await make_rate(tx, EUR, USD, "1.25")
        await make_reserve(tx, Money(200_00, USD))
        return (await make_wallet(tx, 100_00, currency=EUR)).user_id


async def test_an_exchange_is_two_balanced_halves_with_its_rate(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(40_00, EUR), USD)
        assert (offer.buy, offer.expires_at) == (Money(49_50, USD), NOW + timedelta(seconds=60))
        assert await in_wallet(tx, ana, EUR) == 100_00, "a quote moves nothing"
        done = await executed(tx, offer)
        found = await ledger.transaction(tx, transaction_id=done.transaction_id)
        assert (await in_wallet(tx, ana, EUR), await in_wallet(tx, ana, USD)) == (60_00, 49_50)
        assert await posted(tx, AccountKind.EXCHANGE_RESERVE, EUR) == 40_00
        assert await posted(tx, AccountKind.EXCHANGE_RESERVE, USD) == 150_50
    assert (found.kind, found.key) == ("exchange", f"exchange:{offer.quote_id}")
    assert found.details == {
        "quote_id": str(offer.quote_id), "rate": "1.25 EUR/USD", "rate_id": str(offer.rate.rate_id),
        "rate_source": "test", "spread_bp": "100",
    }  # fmt: skip
    assert [(str(leg.account), leg.amount.minor) for leg in found.legs] == [
        (f"wallet:{ana}:EUR", -40_00), ("exchange_reserve:EUR", 40_00), ("exchange_reserve:USD", -49_50), (f"wallet:{ana}:USD", 49_50),
    ]  # fmt: skip
    assert await violations(database) == {}


async def test_the_same_pair_goes_the_other_way_round(database: Database, ana: UserId):
    async with database.begin() as tx:
        there = await executed(tx, await quoted(tx, ana, Money(40_00, EUR), USD))
        back = await executed(tx, await quoted(tx, ana, there.quote.buy, EUR))
    assert back.quote.buy == Money(39_20, EUR), "4950 / 1.25 * 0.99 = 3920.4, down"
    assert await violations(database) == {}


async def test_a_quote_is_carried_out_once_and_answers_the_same_for_ever(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(10_00, EUR), USD)
        first = await executed(tx, offer)
    async with database.begin() as tx:
        assert await executed(tx, offer) == first
        assert await executed(tx, offer, now=NOW + timedelta(days=400)) == first
        assert await service.quote_of_person(tx, quote_id=offer.quote_id, user_id=ana) == (offer, first)
        assert await in_wallet(tx, ana, EUR) == 90_00


async def test_of_many_at_once_one_carries_it_out(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(10_00, EUR), USD)

    async def attempt() -> Exchange:
        return await database.run(lambda tx: executed(tx, offer))

    assert len({one.transaction_id for one in await asyncio.gather(*(attempt() for _ in range(6)))}) == 1
    async with database.begin() as tx:
        assert await in_wallet(tx, ana, EUR) == 90_00
    assert await violations(database) == {}


async def test_a_new_rate_changes_no_quote_that_stands(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(10_00, EUR), USD)
        await make_rate(tx, EUR, USD, "0.5", now=NOW + timedelta(seconds=1))
        done = await executed(tx, offer)
        assert done.quote.buy == Money(12_37, USD)
        later = await quoted(tx, ana, Money(10_00, EUR), USD, now=NOW + timedelta(seconds=2))
        assert later.buy == Money(4_95, USD)


Attempt = Callable[[Tx, UserId], Awaitable[object]]
REFUSED: dict[str, tuple[Attempt, type[Exception]]] = {
    "the same currency": (lambda tx, ana: quoted(tx, ana, Money(1, EUR), EUR), NotExchangeable),
    "points are not bought": (lambda tx, ana: quoted(tx, ana, Money(100, EUR), VIBE), NotExchangeable),
    "points for euros": (lambda tx, ana: quoted(tx, ana, Money(10_000_000, VIBE), EUR), NotExchangeable),
    "a pair without a rate": (lambda tx, ana: quoted(tx, ana, Money(100, EUR), JPY), RateUnavailable),
    "before the rate": (lambda tx, ana: quoted(tx, ana, Money(100, EUR), USD, now=NOW - timedelta(1)), RateUnavailable),
    "worth nothing": (lambda tx, ana: quoted(tx, ana, Money(0, EUR), USD), AmountTooSmall),
    "negative": (lambda tx, ana: quoted(tx, ana, Money(-100, EUR), USD), AmountTooSmall),
    "more than the reserve": (lambda tx, ana: quoted(tx, ana, Money(162_00, EUR), USD), ReserveTooSmall),
}


@pytest.mark.parametrize("what", REFUSED)
async def test_no_quote_is_made_of(database: Database, ana: UserId, what: str):
    attempt, error = REFUSED[what]
    async with database.begin() as tx:
        with pytest.raises(error):
            await attempt(tx, ana)
        assert await tx.value("SELECT count(*) FROM payment.exchange_quote") == 0


async def test_a_rate_that_has_ended_is_not_taken_nor_the_one_before_it(database: Database, ana: UserId):
    async with database.begin() as tx:
        await make_rate(
            tx, EUR, USD, "1.3", effective_from=NOW + timedelta(hours=1), effective_until=NOW + timedelta(hours=2)
        )
        at = {hours: NOW + timedelta(hours=hours) for hours in (0, 1, 2)}
        assert (await quoted(tx, ana, Money(10_00, EUR), USD, now=at[0])).rate.decimal == "1.25"
        assert (await quoted(tx, ana, Money(10_00, EUR), USD, now=at[1])).rate.decimal == "1.3"
        with pytest.raises(RateUnavailable):
            await quoted(tx, ana, Money(10_00, EUR), USD, now=at[2])
        assert [rate.decimal for rate in await service.rates_now(tx, now=at[1])] == ["1.3"]
        assert await service.rates_now(tx, now=at[2]) == []
        assert [rate.decimal for rate in await service.rate_history(tx, limit=9)] == ["1.3", "1.25"]


async def test_an_expired_quote_is_refused_at_its_last_instant(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(10_00, EUR), USD)
        with pytest.raises(QuoteExpired):
            await executed(tx, offer, now=offer.expires_at)
        assert (await executed(tx, offer, now=LATER)).executed_at == LATER


async def test_a_quote_is_of_whom_it_was_made_to(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(10_00, EUR), USD)
        for who, which in ((UserId(new_id()), offer.quote_id), (ana, new_id())):
            with pytest.raises(UnknownQuote):
                await service.execute(tx, quote_id=which, user_id=who, policy=POLICY, now=NOW)
            with pytest.raises(UnknownQuote):
                await service.quote_of_person(tx, quote_id=which, user_id=who)


async def test_who_has_spent_it_meanwhile_cannot_exchange_it(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(60_00, EUR), USD)
        wallet = await ledger.open_account(tx, name=ledger.wallet(user_id=ana, currency=EUR))
        await post(tx, posting=transfer(wallet, await make_liquidity(tx, EUR), Money(50_00, EUR)))
        with pytest.raises(InsufficientFunds):
            await executed(tx, offer)
        assert await tx.value("SELECT count(*) FROM payment.exchange") == 0


async def test_a_reserve_that_was_emptied_meanwhile_gives_nothing(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(60_00, EUR), USD)
        await make_reserve(tx, Money(-150_00, USD))
        with pytest.raises(ReserveTooSmall):
            await executed(tx, offer)
        await make_reserve(tx, Money(24_25, USD))
        assert (await executed(tx, offer)).quote.buy == Money(74_25, USD)
        assert await posted(tx, AccountKind.EXCHANGE_RESERVE, USD) == 0


async def test_many_at_once_never_take_more_than_the_reserve_has(database: Database, ana: UserId):
    async with database.begin() as tx:
        people = [(await make_wallet(tx, 40_00, currency=EUR)).user_id for _ in range(6)]
        offers = [await quoted(tx, person, Money(40_00, EUR), USD) for person in people]

    async def take(offer: Quote) -> Exchange:
        return await database.run(lambda tx: executed(tx, offer))

    results = await asyncio.gather(*map(take, offers), return_exceptions=True)

    assert sum(isinstance(one, Exchange) for one in results) == 4, "200.00 has 49.50 four times"
    assert sum(isinstance(one, ReserveTooSmall) for one in results) == 2
    assert await violations(database) == {}


async def test_an_exchange_is_undone_at_its_own_rate_once(database: Database, ana: UserId):
    async with database.begin() as tx:
        done = await executed(tx, await quoted(tx, ana, Money(40_00, EUR), USD))
        await make_rate(tx, EUR, USD, "2", now=LATER)
        first = await service.reverse(tx, quote_id=done.quote.quote_id, reason="wrong rate")
        again = await service.reverse(tx, quote_id=done.quote.quote_id, reason="wrong rate")
        assert (again.transaction_id, again.replayed) == (first.transaction_id, True)
        with pytest.raises(KeyReused):
            await service.reverse(tx, quote_id=done.quote.quote_id, reason="another")
        assert (await in_wallet(tx, ana, EUR), await in_wallet(tx, ana, USD)) == (100_00, 0)
        assert await posted(tx, AccountKind.EXCHANGE_RESERVE, USD) == 200_00
        assert await executed(tx, done.quote) == done, "it was carried out, and is not again"
    assert await violations(database) == {}


async def test_what_was_not_carried_out_or_is_spent_is_not_undone(database: Database, ana: UserId):
    async with database.begin() as tx:
        offer = await quoted(tx, ana, Money(40_00, EUR), USD)
        for unknown in (offer.quote_id, new_id()):
            with pytest.raises(UnknownQuote):
                await service.reverse(tx, quote_id=unknown, reason="x")
        await executed(tx, offer)
        wallet = await ledger.open_account(tx, name=ledger.wallet(user_id=ana, currency=USD))
        await post(tx, posting=transfer(wallet, await make_liquidity(tx, USD), Money(1, USD)))
        with pytest.raises(InsufficientFunds):
            await service.reverse(tx, quote_id=offer.quote_id, reason="x")


async def test_a_reserve_is_funded_once_per_key_and_never_from_what_is_somebodys(database: Database, ana: UserId):
    source = AccountName(AccountKind.LIQUIDITY, "", JPY)
    async with database.begin() as tx:
        for _ in range(2):
            await service.fund_reserve(tx, key="k", source=source, amount=Money(500, JPY), reason="start")
        assert await posted(tx, AccountKind.EXCHANGE_RESERVE, JPY) == 500
        with pytest.raises(KeyReused):
            await service.fund_reserve(tx, key="k", source=source, amount=Money(501, JPY), reason="start")
        with pytest.raises(InsufficientFunds):
            await service.fund_reserve(tx, key="out", source=source, amount=Money(-501, JPY), reason="too much")
        for kind in set(AccountKind) - {AccountKind.LIQUIDITY, AccountKind.PLATFORM_REVENUE, AccountKind.SUSPENSE}:
            with pytest.raises(InvalidSource):
                await service.fund_reserve(
                    tx, key="x", source=AccountName(kind, str(ana), EUR), amount=Money(1, EUR), reason="theft"
                )


async def test_rates_begin_now_or_later_one_at_a_time_and_say_where_they_come_from(tx: Tx):
    await make_rate(tx, EUR, JPY, "160.5")
    with pytest.raises(RateExists):
        await make_rate(tx, EUR, JPY, "161")
    with pytest.raises(RateBackdated):
        await make_rate(tx, EUR, JPY, "161", effective_from=NOW - timedelta(microseconds=1))
    with pytest.raises(InvalidRate):
        await make_rate(tx, JPY, EUR, "0.006")
    with pytest.raises(Exception, match="too short"):
        await make_rate(tx, EUR, JPY, "161", source=" ", effective_from=LATER)
    assert (await service.current_rate(tx, one=JPY, other=EUR, now=NOW)).decimal == "160.5"


@pytest.mark.parametrize("table", ["exchange_rate", "exchange_quote", "exchange"])
async def test_the_application_changes_no_rate_quote_or_exchange(tx: Tx, table: str):
    allowed = await tx.values(
        "SELECT privilege FROM unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'TRIGGER']) AS p (privilege) "
        "WHERE has_any_column_privilege(%(table)s::regclass, CASE WHEN privilege IN ('SELECT', 'INSERT', 'UPDATE') "
        "THEN privilege ELSE 'SELECT' END) AND has_table_privilege(%(table)s::regclass, privilege)",
        {"table": f"payment.{table}"},
    )
    assert allowed == ["SELECT", "INSERT"]


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE payment.exchange_rate SET spread_bp = 0",
        "DELETE FROM payment.exchange",
        "TRUNCATE payment.exchange_quote CASCADE",
    ],
)
async def test_even_their_owner_changes_none(database: Database, owner_dsn: str, ana: UserId, statement: str):
    async with database.begin() as tx:
        await executed(tx, await quoted(tx, ana, Money(10_00, EUR), USD))
    with pytest.raises(psycopg.errors.RestrictViolation):
        await as_owner(owner_dsn, statement)


async def test_points_of_a_pool_are_no_money_of_anybody(database: Database):
    async with database.begin() as tx:
        ana = await make_earner(tx, vibe=2_000_000)
        with pytest.raises(RateUnavailable):
            await quoted(tx, ana, Money(1_000_000, VIBE), USD)
