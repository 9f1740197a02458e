"""Quoting, carrying out and reversing exchanges, and the reserves that they go through."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.exchange.domain.quotes import (
    DAY,
    Exchange,
    Policy,
    Quote,
    QuoteExpired,
    quoted,
    require_pair,
    require_within_limit,
)
from vibestream.contexts.payment.exchange.service import points
from vibestream.contexts.payment.exchange.service.rates import current_rate
from vibestream.contexts.payment.exchange.store import quotes as store
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import (
    AccountKind,
    AccountName,
    InsufficientFunds,
    Leg,
    Posted,
    Posting,
)
from vibestream.kernel.errors import Conflict, InvalidInput, Missing
from vibestream.kernel.ids import AccountId, TransactionId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


class UnknownQuote(Missing):
    """There is no such quote, or it was made to somebody else."""

    code: ClassVar[str] = "exchange.unknown_quote"


class ReserveTooSmall(Conflict):
    """The platform has less of the currency to give than was asked for."""

    code: ClassVar[str] = "exchange.reserve_too_small"


class InvalidSource(InvalidInput):
    """A reserve is funded from liquidity, revenue or suspense: never from what belongs to a person or is meant for one."""

    code: ClassVar[str] = "exchange.invalid_source"


_SOURCES: Final = frozenset({AccountKind.LIQUIDITY, AccountKind.PLATFORM_REVENUE, AccountKind.SUSPENSE})


async def quote(tx: Tx, *, user_id: UserId, sell: Money, buy: Currency, policy: Policy, now: datetime) -> Quote:
    """Offer a person an amount of a currency for an amount of another one; the offer stands until `expires_at`.

    Nothing is moved or held by it. Points are sold for US dollars only, and never bought.

    Raises:
        NotExchangeable, RateUnavailable: there is no way, or no rate, from one to the other.
        AmountTooSmall, AmountTooLarge, RedemptionTooSmall, RedemptionLimit: not this amount.
        ReserveTooSmall: the platform has not that much to give.
    """
    require_pair(sell.currency, buy)
    rate = await current_rate(tx, one=sell.currency, other=buy, now=now)
    offer = quoted(quote_id=new_id(), user_id=user_id, sell=sell, buy=buy, rate=rate, policy=policy, now=now)
    if offer.is_redemption:
        await _require_within_limit(tx, offer, policy, now)
    else:
        reserve = await ledger.open_account(tx, name=reserve_of(buy))
        if (await ledger.balance_of(tx, account_id=reserve)).available < offer.buy:
            raise ReserveTooSmall(f"There is not that much {buy.code} to exchange now.")
    await store.insert_quote(tx, offer)
    return offer


async def quote_of_person(tx: Tx, *, quote_id: UUID, user_id: UserId) -> tuple[Quote, Exchange | None]:
    """Return a quote that was made to a person, and what became of it when it was carried out.

    Raises:
        UnknownQuote: there is none.
    """
    found = await store.load_quote(tx, quote_id, user_id=user_id)
    if found is None:
        raise UnknownQuote("There is no such quote.")
    return found, await store.load_exchange(tx, found)


async def execute(tx: Tx, *, quote_id: UUID, user_id: UserId, policy: Policy, now: datetime) -> Exchange:
    """Carry out a quote at exactly what it offered, once: repeating it, at any time, returns the first exchange.

    Money for money goes through the platform's reserves, points for money through `redeemed` and `points_liability`; either
    is one transaction of two balanced halves, with the rate in its details.

    Raises:
        UnknownQuote: there is none, or it was made to somebody else.
        QuoteExpired: its time is over.
        InsufficientFunds: the person has less than they would give.
        ReserveTooSmall, PointsUncovered: the platform has less than it would give.
        RedemptionLimit: too many points within a day.
    """
    await store.lock_person(tx, user_id)
    offer, done = await quote_of_person(tx, quote_id=quote_id, user_id=user_id)
    if done is not None:
        return done
    if now >= offer.expires_at:
        raise QuoteExpired("The quote's time is over. Ask for a new one.")
    if offer.is_redemption:
        await _require_within_limit(tx, offer, policy, now)
        await points.ensure_covered(tx, amount=offer.buy, policy=policy, now=now)
    exchange = Exchange(offer, await _post(tx, offer), now)
    await store.insert_exchange(tx, exchange)
    return exchange


async def reverse(tx: Tx, *, quote_id: UUID, reason: str) -> Posted:
    """Undo an exchange by its mirror image, once, at the rate at which it was made.

    Raises:
        UnknownQuote: there is none, or it was not carried out.
        InsufficientFunds: the person has spent what they got, or the reserve what it got.
        KeyReused: it was reversed before for another reason.
    """
    found = await store.load_quote(tx, quote_id, user_id=None)
    if found is None:
        raise UnknownQuote("There is no such quote.")
    await store.lock_person(tx, found.user_id)
    done = await store.load_exchange(tx, found)
    if done is None:
        raise UnknownQuote("The quote was not carried out.")
    return await ledger.reverse(
        tx, transaction_id=done.transaction_id, key=f"exchange:{quote_id}:reversal", reason=reason
    )


async def fund_reserve(tx: Tx, *, key: str, source: AccountName, amount: Money, reason: str) -> Posted:
    """Move an amount from an account of the platform into the reserve of its currency; out of it when negative.

    Raises:
        InvalidSource: the account is not the platform's to give from.
        InsufficientFunds: the reserve has less than is taken out of it.
        KeyReused: the key stands for another amount, source or reason.
        InvalidPosting: the amount is zero.
        AccountCurrencyMismatch: the source is in another currency.
    """
    if source.kind not in _SOURCES:
        raise InvalidSource("A reserve is funded from liquidity, revenue or suspense.")
    given, reserve = await ledger.open_accounts(tx, names=[source, reserve_of(amount.currency)])
    return await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=f"exchange_reserve:{key}",
            kind="reserve_funding",
            legs=(Leg(given, -amount), Leg(reserve, amount)),
            details={"reason": reason},
        ),
    )


def reserve_of(currency: Currency) -> AccountName:
    """Return the name of what the platform has of a currency to exchange with."""
    return AccountName(AccountKind.EXCHANGE_RESERVE, "", currency)


async def _post(tx: Tx, offer: Quote) -> TransactionId:
    through = (
        (points.REDEEMED, points.SET_ASIDE)
        if offer.is_redemption
        else (reserve_of(offer.sell.currency), reserve_of(offer.buy.currency))
    )
    given, got, taken, paid = await ledger.open_accounts(
        tx,
        names=[
            ledger.wallet(user_id=offer.user_id, currency=offer.sell.currency),
            ledger.wallet(user_id=offer.user_id, currency=offer.buy.currency),
            *through,
        ],
    )
    legs = (Leg(given, -offer.sell), Leg(taken, offer.sell), Leg(paid, -offer.buy), Leg(got, offer.buy))
    try:
        return (await ledger.post(tx, posting=_posting(offer, legs))).transaction_id
    except InsufficientFunds as refused:
        raise _refusal(refused, offer, paid) from None


def _posting(offer: Quote, legs: tuple[Leg, ...]) -> Posting:
    rate = offer.rate
    return Posting(
        transaction_id=TransactionId(new_id()),
        key=f"exchange:{offer.quote_id}",
        kind="redemption" if offer.is_redemption else "exchange",
        legs=legs,
        details={
            "quote_id": str(offer.quote_id),
            "rate": f"{rate.decimal} {rate.base.code}/{rate.quote.code}",
            "rate_id": str(rate.rate_id),
            "rate_source": rate.source,
            "spread_bp": str(rate.spread_bp),
        },
    )


def _refusal(refused: InsufficientFunds, offer: Quote, paid: AccountId) -> InsufficientFunds | ReserveTooSmall:
    if refused.account_id == paid:
        return ReserveTooSmall(f"There is not that much {offer.buy.currency.code} to exchange now.")
    return refused


async def _require_within_limit(tx: Tx, offer: Quote, policy: Policy, now: datetime) -> None:
    redeemed = await store.redeemed_since(tx, offer.user_id, now - DAY)
    require_within_limit(asked=offer.sell, redeemed=redeemed, policy=policy)
