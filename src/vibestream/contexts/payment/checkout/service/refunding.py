"""Giving back some or all of a payment."""

from __future__ import annotations

import hashlib
import json
from typing import Final

from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.books import escrow
from vibestream.contexts.payment.checkout.domain.errors import InvalidPayment, PaymentKeyReused
from vibestream.contexts.payment.checkout.domain.states import Purpose
from vibestream.contexts.payment.checkout.domain.views import PaymentView
from vibestream.contexts.payment.checkout.service.driving import go_on
from vibestream.contexts.payment.checkout.service.recording import carry_out, lock
from vibestream.contexts.payment.checkout.store import keys
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.kernel.ids import PaymentId, RefundId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx

_LONGEST_REASON: Final = 200


async def request_refund(
    tx: Tx,
    *,
    key: str,
    payment_id: PaymentId,
    amount: Money,
    reason: str,
    requested_by: UserId | None,
    source: AccountName,
    fraud: bool = False,
) -> RefundId:
    """Give some of a payment back to its payer, once per key, and return the refund.

    The amount is taken from `source` now, into the payment's escrow; a job then asks the gateway. When the refund comes to
    nothing, now or later, the source has it again. In the escrow it is held, so that nobody takes it from there meanwhile.

    Args:
        tx: the caller's transaction.
        key: the caller's idempotency key, 1 to 300 characters, kept for ever.
        payment_id: which payment.
        amount: more than nothing, at most what is left of the payment, in its currency.
        reason: for the gateway and for people, 1 to 200 characters.
        requested_by: who wants it; None: the platform itself.
        source: the account that got the payment's money and gives it back, in the payment's currency.
        fraud: somebody else has paid with the payer's money; fraud learns from it, and knows the card or account again.

    Raises:
        UnknownPayment: there is none.
        NotRefundable: its money has not come, or is disputed.
        RefundExceedsPayment: more than is left, counting refunds under way.
        InsufficientFunds: the source has less.
        InvalidPayment: nothing or less, another currency, or no reason.
        PaymentKeyReused: the key stands for another request.
    """
    if not 1 <= len(reason) <= _LONGEST_REASON or not reason.isprintable():
        raise InvalidPayment(f"Say in 1 to {_LONGEST_REASON} characters on one line why.")
    now, refund_id = utc_now(), RefundId(new_id())
    locked = await lock(tx, payment_id=payment_id)
    asked = hashlib.sha256(json.dumps([str(payment_id), str(amount), reason, str(source), fraud]).encode()).digest()
    command = c.AskRefund(
        refund_id=refund_id, amount=amount, reason=reason, requested_by=requested_by, source=source, fraud=fraud
    )
    async with tx.savepoint():  # a refusal leaves the key free
        claimed = await keys.claim_request(
            tx, key=key, request_hash=asked, payment_id=payment_id, refund_id=refund_id, at=now
        )
        if not claimed.new:
            if claimed.request_hash != asked or claimed.refund_id is None:
                raise PaymentKeyReused(key=key)
            return claimed.refund_id
        await carry_out(tx, command, locked=locked, now=now)
    await go_on(tx, payment_id=payment_id)
    return refund_id


def bearer_of(view: PaymentView, *, who: str | None) -> AccountName:
    """Return the account that bears a refund which finance asks for.

    Args:
        view: the payment.
        who: `wallet`, the payer's; `escrow`, the payment's own while its money stands there; `platform`, as a loss at its
            gateway; None: the wallet for a top-up, else the escrow.
    """
    currency = view.amount.currency
    match who or ("wallet" if view.purpose is Purpose.WALLET_TOP_UP else "escrow"):
        case "wallet":
            return ledger.wallet(user_id=view.user_id, currency=currency)
        case "platform":
            at = view.gateway.value if view.gateway is not None else ""
            return AccountName(AccountKind.CHARGEBACK_LOSSES, at, currency)
        case _:
            return escrow(payment_id=view.payment_id, currency=currency)
