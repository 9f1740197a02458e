"""Asking for a payout: by its payee, or by the monthly run."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.payouts.domain.destinations import Destination
from vibestream.contexts.payment.payouts.domain.origin import Origin
from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutState
from vibestream.contexts.payment.payouts.domain.terms import Amounts, NotPayable, Terms, divide
from vibestream.contexts.payment.payouts.service import books
from vibestream.contexts.payment.payouts.service.screening import screen_later, told_to_fraud
from vibestream.contexts.payment.payouts.service.stepping import write_event
from vibestream.contexts.payment.payouts.store import destinations as destination_store
from vibestream.contexts.payment.payouts.store import origins as origin_store
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.contexts.payment.payouts.store import terms as terms_store
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import PayoutId, UserId, new_id
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

FIRST_VERSION = 1


class RequestKeyReused(Conflict):
    """The key asked for another payout before."""

    code: ClassVar[str] = "payouts.key_reused"


async def request_payout(
    tx: Tx,
    *,
    key: str,
    user_id: UserId,
    currency: Currency,
    amount: Money | None = None,
    requested_by: UserId | None,
    origin: Origin | None = None,
    now: datetime,
) -> Payout:
    """Set money of a payee aside to be sent to their destination, once per key, and return the payout.

    What they owe is taken first. A job then has the risk check look at it (`screen`): one that the check allows and that
    is not above the limit is approved and sent; another waits for finance; one that it blocks gives its money back.

    Args:
        tx: the caller's transaction.
        key: what asks for it, 1 to 200 characters, kept for ever.
        user_id: the payee.
        currency: of which balance.
        amount: what is to leave their balance; None: all of it.
        requested_by: who asks; None: the monthly run.
        origin: where the request came from.
        now: when.

    Raises:
        NotPayable: there is no destination, it cannot be used yet, or it is not paid in this currency.
        BelowMinimum, AboveAvailable: the amount.
        RequestKeyReused: the key asked for another one.
        InsufficientFunds: the payee's balance fell meanwhile.
    """
    destination = await destination_store.lock_destination(tx, user_id)
    earlier = await store.load_by_key(tx, key)
    if earlier is not None:
        return _same(earlier, user_id=user_id, currency=currency, amount=amount)
    if destination is None:
        raise NotPayable("There is nowhere to send money to yet.", reason="no_destination")
    destination.check_usable(now)
    terms = await terms_store.load_terms(tx, method=destination.method, currency=currency)
    if terms is None:
        message = f"{destination.method.value.capitalize()} does not pay out {currency.code} here."
        raise NotPayable(message, reason="currency")
    has, debt = await books.available(tx, user_id=user_id, currency=currency)
    amounts = divide(available=has, debt=debt, asked=amount, terms=terms)
    payout = _payout(destination, amounts, terms, requested_by=requested_by, now=now)
    came_from = origin or Origin()
    # What fraud could not be told is refused here, and not found out by a job.
    told_to_fraud(payout, destination=destination, origin=came_from)
    await store.insert_payout(tx, payout, request_key=key)
    await origin_store.insert_origin(tx, payout.payout_id, came_from)
    await books.settle_debt(tx, payout=payout, owed=amounts.owed)
    transaction_id = await books.set_aside(tx, payout=payout)
    await write_event(tx, payout=payout, kind="requested", actor=requested_by, transaction_id=transaction_id)
    await screen_later(tx, payout_id=payout.payout_id)
    return payout


def _payout(
    destination: Destination, amounts: Amounts, terms: Terms, *, requested_by: UserId | None, now: datetime
) -> Payout:
    payout_id = PayoutId(new_id())
    return Payout(
        payout_id=payout_id,
        user_id=destination.user_id,
        gross=amounts.gross,
        fee=amounts.fee,
        method=destination.method,
        destination_id=destination.destination_id,
        address=destination.address,
        gateway_key=f"payout:{payout_id}",
        requested_by=requested_by,
        requested_at=now,
        decision_id=None,
        approvals_needed=terms.needs_approvals(amounts.gross),
        under_review=False,
        state=PayoutState.SCREENING,
        payout_ref=None,
        first_sent_at=None,
        provider_fee=None,
        failure=None,
        version=FIRST_VERSION,
        changed_at=now,
    )


def _same(earlier: Payout, *, user_id: UserId, currency: Currency, amount: Money | None) -> Payout:
    same = earlier.user_id == user_id and earlier.gross.currency == currency and amount in {None, earlier.gross}
    if not same:
        raise RequestKeyReused("The same key asked for another payout before.")
    return earlier
