"""Asking for a payout: by its payee, or by the monthly run."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Decision, Facts, Verdict
from vibestream.contexts.payment.payouts.domain.destinations import Destination
from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutState
from vibestream.contexts.payment.payouts.domain.terms import Amounts, NotPayable, Terms, divide
from vibestream.contexts.payment.payouts.service import books
from vibestream.contexts.payment.payouts.service.sending import start_when_approved
from vibestream.contexts.payment.payouts.service.stepping import write_event
from vibestream.contexts.payment.payouts.store import destinations as destination_store
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


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where a request came from, as far as it is known: for the risk check."""

    network: str | None = None
    device: str | None = None
    country: str | None = None
    account_created_at: datetime | None = None


async def request_payout(
    tx: Tx,
    *,
    key: str,
    user_id: UserId,
    currency: Currency,
    amount: Money | None = None,
    requested_by: UserId | None,
    origin: Origin | None = None,
    signals: Mapping[str, float | str] | None = None,
    payout_id: PayoutId | None = None,
    now: datetime,
) -> Payout:
    """Set money of a payee aside to be sent to their destination, once per key, and return the payout.

    What they owe is taken first. A payout that the risk check allows and that is not above the limit is approved and sent
    at once; another waits for finance; one that the check blocks is rejected and moves nothing.

    Args:
        tx: the caller's transaction.
        key: what asks for it, 1 to 200 characters, kept for ever.
        user_id: the payee.
        currency: of which balance.
        amount: what is to leave their balance; None: all of it.
        requested_by: who asks; None: the monthly run.
        origin: where the request came from.
        signals: what outside parties say of it, asked before the transaction began.
        payout_id: what they were told that it is called; None: a new one.
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
    ours = payout_id or PayoutId(new_id())
    facts = _facts(ours, destination, amounts.gross, origin=origin or Origin(), now=now)
    decision = await fraud.assess(tx, facts=facts, signals=signals, now=now)
    payout = _payout(ours, destination, amounts, terms, decision, requested_by=requested_by, now=now)
    return await _begin(tx, payout, amounts=amounts, request_key=key, decision=decision)


async def foreseen(tx: Tx, *, payout_id: PayoutId, user_id: UserId, currency: Currency, now: datetime) -> Facts | None:
    """Return what fraud would be told of a payout of all that a payee has; None when there is nothing to pay, or nowhere."""
    destination = await destination_store.load_destination(tx, user_id)
    has, debt = await books.available(tx, user_id=user_id, currency=currency)
    if destination is None or has.minor <= 0 or has.minor <= debt.minor:
        return None
    return _facts(payout_id, destination, has - debt, origin=Origin(), now=now)


async def _begin(tx: Tx, payout: Payout, *, amounts: Amounts, request_key: str, decision: Decision) -> Payout:
    await store.insert_payout(tx, payout, request_key=request_key)
    note = ", ".join(reason.code for reason in decision.reasons)
    if payout.state is PayoutState.REJECTED:
        await write_event(tx, payout=payout, kind="blocked", actor=payout.requested_by, note=note)
        return payout
    await books.settle_debt(tx, payout=payout, owed=amounts.owed)
    transaction_id = await books.set_aside(tx, payout=payout)
    await write_event(
        tx, payout=payout, kind="requested", actor=payout.requested_by, note=note, transaction_id=transaction_id
    )
    return await start_when_approved(tx, payout=payout, now=payout.changed_at)


def _facts(payout_id: PayoutId, destination: Destination, amount: Money, *, origin: Origin, now: datetime) -> Facts:
    _, at, domain = destination.address.partition("@")
    return Facts(
        kind="payout",
        user_id=destination.user_id,
        amount=amount,
        purpose="payout",
        subject=str(payout_id),
        gateway=destination.method.value,
        method_fingerprint=hashlib.sha256(f"{destination.method}:{destination.address}".encode()).hexdigest(),
        network=origin.network,
        device=origin.device,
        country=origin.country,
        email_domain=domain if at else None,
        account_created_at=origin.account_created_at,
        destination_changed_at=destination.set_at,
        at=now,
    )


def _payout(
    payout_id: PayoutId,
    destination: Destination,
    amounts: Amounts,
    terms: Terms,
    decision: Decision,
    *,
    requested_by: UserId | None,
    now: datetime,
) -> Payout:
    blocked = decision.verdict is Verdict.BLOCK
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
        decision_id=decision.decision_id,
        approvals_needed=terms.needs_approvals(amounts.gross, doubtful=decision.verdict is Verdict.STEP_UP),
        under_review=decision.verdict is Verdict.REVIEW,
        state=PayoutState.REJECTED if blocked else PayoutState.REQUESTED,
        payout_ref=None,
        first_sent_at=None,
        provider_fee=None,
        failure="risk" if blocked else None,
        version=FIRST_VERSION,
        changed_at=now,
    )


def _same(earlier: Payout, *, user_id: UserId, currency: Currency, amount: Money | None) -> Payout:
    same = earlier.user_id == user_id and earlier.gross.currency == currency and amount in {None, earlier.gross}
    if not same:
        raise RequestKeyReused("The same key asked for another payout before.")
    return earlier
