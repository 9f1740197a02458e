"""Reading payouts: by their payee, and by finance."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind
from vibestream.contexts.payment.payouts.domain.destinations import Destination
from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutEvent, PayoutState, UnknownPayout
from vibestream.contexts.payment.payouts.domain.terms import BelowMinimum, NotPayable, Terms, divide
from vibestream.contexts.payment.payouts.domain.told import ToldEvent, told
from vibestream.contexts.payment.payouts.store import destinations as destination_store
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.contexts.payment.payouts.store import terms as terms_store
from vibestream.kernel.ids import PayoutId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

_KINDS = (
    AccountKind.ROYALTIES_PENDING,
    AccountKind.ROYALTIES_AVAILABLE,
    AccountKind.PAYOUT_IN_TRANSIT,
    AccountKind.PAYEE_DEBT,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Payable:
    """What a payee has of one currency, and whether it can be paid out."""

    currency: Currency
    pending: Money
    """Earned, and may still be corrected or disputed."""
    available: Money
    in_transit: Money
    debt: Money
    """What is taken first, as a positive amount."""
    minimum: Money | None
    """The least that is paid out to the current destination; None: it is not paid in this currency."""
    payable: Money
    """What could leave the balance now; zero when `obstacle` says why not."""
    fee: Money
    """What would be kept of it."""
    obstacle: str | None
    """None, or a stable word: `no_destination`, `destination_waits`, `address_changed`, `destination_unready`, `currency`, `below_minimum`."""


async def terms(tx: Tx) -> list[Terms]:
    """Return the terms of every method and currency that is paid out."""
    return await terms_store.list_terms(tx)


async def overview(tx: Tx, *, user_id: UserId, now: datetime) -> list[Payable]:
    """Return what a payee has of each currency in which they earn, by code."""
    balances: dict[Currency, dict[AccountKind, Money]] = {}
    for balance in await ledger.balances_of_person(tx, user_id=user_id, kinds=_KINDS):
        balances.setdefault(balance.name.currency, {})[balance.name.kind] = balance.available
    destination = await destination_store.load_destination(tx, user_id)
    known = {(one.method, one.currency): one for one in await terms_store.list_terms(tx)}
    return [
        _payable(currency, balances[currency], destination, known, now=now)
        for currency in sorted(balances, key=lambda one: one.code)
    ]


async def payout(tx: Tx, *, payout_id: PayoutId, user_id: UserId | None = None) -> Payout:
    """Return a payout: any for finance, or only one of a payee's own.

    Raises:
        UnknownPayout: there is none, or it is not theirs.
    """
    found = await store.load_payout(tx, payout_id, user_id=user_id)
    if found is None:
        raise UnknownPayout("There is no such payout.")
    return found


async def payouts(
    tx: Tx,
    *,
    user_id: UserId | None = None,
    states: Collection[PayoutState] | None = None,
    before: PayoutId | None = None,
    limit: int,
) -> list[Payout]:
    """Return up to `limit` payouts, the newest first.

    Args:
        tx: the caller's transaction.
        user_id: only this payee's; None: everybody's.
        states: only in these states; None: in any.
        before: only older than this one: the last one seen.
        limit: how many at most.
    """
    return await store.list_payouts(tx, user_id=user_id, states=states, before=before, limit=limit)


async def timeline(tx: Tx, *, payout_id: PayoutId) -> list[PayoutEvent]:
    """Return everything that happened to a payout, in order, each with the ledger transaction that it posted. For finance."""
    return await store.list_events(tx, payout_id)


async def story(tx: Tx, *, payout_id: PayoutId, user_id: UserId) -> list[ToldEvent]:
    """Return what a payee may know of what happened to one of their payouts, in order.

    Raises:
        UnknownPayout: there is none, or it is not theirs.
    """
    found = await payout(tx, payout_id=payout_id, user_id=user_id)
    return [said for event in await store.list_events(tx, found.payout_id) for said in told(event)]


def _payable(
    currency: Currency,
    balances: dict[AccountKind, Money],
    destination: Destination | None,
    known: dict[tuple[GatewayName, Currency], Terms],
    *,
    now: datetime,
) -> Payable:
    zero = Money.zero(currency)
    available = balances.get(AccountKind.ROYALTIES_AVAILABLE, zero)
    debt = -balances.get(AccountKind.PAYEE_DEBT, zero)
    found = known.get((destination.method, currency)) if destination else None
    obstacle, gross, fee = _obstacle(destination, found, now=now), zero, zero
    if obstacle is None and found is not None:
        try:
            amounts = divide(available=available, debt=debt, asked=None, terms=found)
            gross, fee = amounts.gross, amounts.fee
        except BelowMinimum:
            obstacle = "below_minimum"
    return Payable(
        currency=currency,
        pending=balances.get(AccountKind.ROYALTIES_PENDING, zero),
        available=available,
        in_transit=balances.get(AccountKind.PAYOUT_IN_TRANSIT, zero),
        debt=debt,
        minimum=found.minimum if found else None,
        payable=gross,
        fee=fee,
        obstacle=obstacle,
    )


def _obstacle(destination: Destination | None, found: Terms | None, *, now: datetime) -> str | None:
    if destination is None:
        return "no_destination"
    try:
        destination.check_usable(now)
    except NotPayable as refusal:
        return refusal.reason
    return None if found else "currency"
