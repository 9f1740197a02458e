"""Deferred revenue: what arrives is spread over months, what is given back is taken from them, a month is closed once."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar, Final

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.subscriptions.domain.calendar import month_of, next_month
from vibestream.contexts.payment.subscriptions.domain.invoices import InvoiceId
from vibestream.contexts.payment.subscriptions.domain.spreading import spread, take_latest
from vibestream.contexts.payment.subscriptions.store import family
from vibestream.contexts.payment.subscriptions.store import revenue as store
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.ids import PaymentId, UserId
from vibestream.kernel.money import Currency, Money, allocate
from vibestream.kernel.time import Period
from vibestream.platform.database import Tx

KEPT: Final = "subscriptions"
"""The source of the platform's revenue that pays for giving back what a closed month has shared already."""


class NotAMonth(InvalidInput):
    """A month is named by its first day."""

    code: ClassVar[str] = "subscriptions.not_a_month"


@dataclass(frozen=True, slots=True, kw_only=True)
class SubscriberRevenue:
    """What one listener's subscription brought in for a month."""

    user_id: UserId
    gross: Money
    fees: Money
    """What gateways kept of it, as far as they have said by now; never more than the gross."""


async def revenue_of_month(tx: Tx, *, month: date, currency: Currency) -> list[SubscriberRevenue]:
    """Return what each listener's subscription brought in for a month, by user; the gross sums to the deferred revenue.

    The sum is what the account `deferred_revenue:<YYYY-MM>` holds, or held when the month was closed. A shared
    subscription counts in equal parts for its owner and everybody who shared it at some time of that month. A payment's
    fee is spread over months as the payment was. All splits are by largest remainder.

    Args:
        tx: the caller's transaction.
        month: its first day.
        currency: of the revenue.

    Raises:
        NotAMonth: not the first day of a month.
    """
    _require_month(month)
    parts = await store.list_of_month(tx, month=month, currency=currency)
    fees = await _fees(tx, {part.payment_id for part in parts}, month=month, currency=currency)
    sharing = await family.members_in_month(
        tx, subscription_ids={part.subscription_id for part in parts}, start=month, end=next_month(month)
    )
    gross: defaultdict[UserId, int] = defaultdict(int)
    kept: defaultdict[UserId, int] = defaultdict(int)
    for part in parts:
        listeners = [part.user_id, *sharing.get(part.subscription_id, [])]
        equal = [1] * len(listeners)
        fee = Money(min(fees.get(part.payment_id, 0), part.minor), currency)
        shares = allocate(Money(part.minor, currency), equal)
        for listener, share, fee_share in zip(listeners, shares, allocate(fee, equal), strict=True):
            gross[listener] += share.minor
            kept[listener] += fee_share.minor
    return [
        SubscriberRevenue(user_id=one, gross=Money(gross[one], currency), fees=Money(kept[one], currency))
        for one in sorted(gross)
        if gross[one]
    ]


async def close_revenue_month(tx: Tx, *, month: date, currency: Currency, now: datetime) -> list[SubscriberRevenue]:
    """Close a month's deferred revenue for good, and return it as `revenue_of_month` does.

    Call it in the transaction that moves the account's balance on. Waits for whoever is adding to the month; afterwards
    what would have been earned in it is earned in the next open one, and what is given back of it comes out of
    `platform_revenue:subscriptions`, so that those who were heard keep their share. Closing again changes nothing.
    """
    _require_month(month)
    await store.close_month(tx, month=month, currency=currency, at=now)
    return await revenue_of_month(tx, month=month, currency=currency)


def deferred_account(*, month: date, currency: Currency) -> AccountName:
    """Return the name of the account of a month's deferred revenue."""
    return AccountName(AccountKind.DEFERRED_REVENUE, f"{month:%Y-%m}", currency)


async def spread_over_open(tx: Tx, *, amount: Money, covers: Period, anchor: datetime) -> dict[date, Money]:
    """Return what each month earns of an amount, none of them closed, and keep them from being closed meanwhile."""
    first = month_of(covers.start)
    while True:
        parts = spread(amount, covers=covers, anchor=anchor, not_before=first)
        closed = await _closed(tx, parts, currency=amount.currency)
        if not closed:
            return parts
        first = next_month(max(closed))


async def take_from_open(tx: Tx, *, invoice_id: InvoiceId, amount: Money) -> tuple[dict[date, Money], Money]:
    """Return what is taken of each open month's part of an invoice, the latest first, and what these do not have."""
    months = await store.months_of_invoice(tx, invoice_id=invoice_id, currency=amount.currency)
    closed = await _closed(tx, months, currency=amount.currency)
    return take_latest(amount, deferred={month: part for month, part in months.items() if month not in closed})


async def _closed(tx: Tx, months: Mapping[date, Money], *, currency: Currency) -> set[date]:
    """Return the closed ones of months, and keep the others open until the transaction ends.

    A month whose account does not hold what its rows say was closed too, by somebody who did not tell us.
    """
    closed = await store.share_months(tx, months=months, currency=currency)
    for month in sorted(set(months) - closed):
        account = await ledger.open_account(tx, name=deferred_account(month=month, currency=currency))
        held = (await ledger.balance_of(tx, account_id=account)).posted.minor
        if held != await store.total_of_month(tx, month=month, currency=currency):
            closed.add(month)
    return closed


async def _fees(tx: Tx, payment_ids: set[PaymentId], *, month: date, currency: Currency) -> dict[PaymentId, int]:
    """Return what gateways kept of each payment for a month, in minor units."""
    fees: dict[PaymentId, int] = {}
    for payment_id, months in (await store.list_of_payments(tx, payment_ids=payment_ids)).items():
        fee = (await checkout.payment(tx, payment_id=payment_id)).fee
        if fee is not None and fee.currency == currency and fee.minor > 0:
            parts = allocate(fee, [minor for _, minor in months])
            fees[payment_id] = sum(part.minor for (one, _), part in zip(months, parts, strict=True) if one == month)
    return fees


def _require_month(month: date) -> None:
    if month.day != 1:
        raise NotAMonth("A month is named by its first day.")


def legs_of(parts: Mapping[date, Money]) -> Sequence[tuple[AccountName, Money]]:
    """Return parts of months as legs on their accounts."""
    return [(deferred_account(month=month, currency=part.currency), part) for month, part in sorted(parts.items())]
