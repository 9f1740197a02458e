"""A tip goes back: asked for, by the gateway itself, or by a lost dispute; and back again when that was won after all."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import ClassVar

from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.payment.checkout.service import NotRefundable, RefundExceedsPayment
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName
from vibestream.contexts.payment.tips import store
from vibestream.contexts.payment.tips.domain import Tip, TipState, give_back
from vibestream.contexts.payment.tips.service.settling import pending_of
from vibestream.contexts.payment.wallets import service as wallets
from vibestream.contexts.payment.wallets.service import Drawn, GiveBackReason
from vibestream.kernel.errors import Conflict, Missing
from vibestream.kernel.ids import PaymentId, TipId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx


class TipMissing(Missing):
    """There is no such tip."""

    code: ClassVar[str] = "tips.missing"


class NotReturnable(Conflict):
    """The tip was never paid, or all of it went back."""

    code: ClassVar[str] = "tips.not_returnable"


async def refund(tx: Tx, *, tip_id: TipId, requested_by: UserId | None, reason: str, now: datetime) -> Money:
    """Give what is left of a tip back to its fan, and return how much that is.

    Artist and platform give back what each had gained of it; what the artist does not have any more is carried forward
    against them. It goes to the fan's wallet, and from there back to the payment as far as that paid for it; what the
    gateway does not take back stays in the wallet.

    Args:
        tx: the caller's transaction.
        tip_id: which.
        requested_by: who decided; None: the platform itself.
        reason: for the gateway and for people, 1 to 200 characters.
        now: the instant.

    Raises:
        TipMissing: there is none.
        NotReturnable: it was never paid, or all of it went back.
    """
    tip = await store.lock_tip(tx, tip_id=tip_id)
    if tip is None:
        raise TipMissing("There is no such tip.")
    if tip.state is not TipState.PAID:
        raise NotReturnable("Nothing of this tip can be given back.")
    wallet = ledger.wallet(user_id=tip.from_user, currency=tip.amount.currency)
    given = tip.left
    details = {"tip_id": str(tip_id), "reason": "refund_asked"}
    await _draw(tx, tip, given, into=wallet, key=f"tip:{tip_id}:refund", details=details, at=now)
    await store.save_returned(tx, tip_id=tip_id, returned=tip.amount.minor)
    if tip.payment_id is not None:
        paid = min(given, (await _left_of(tx, tip.payment_id, tip)))
        try:
            await checkout.request_refund(
                tx,
                key=f"tip:{tip_id}:refund",
                payment_id=tip.payment_id,
                amount=paid,
                reason=reason,
                requested_by=requested_by,
                source=wallet,
            )
        except (NotRefundable, RefundExceedsPayment):
            return given  # it is the fan's all the same, in their wallet
    return given


async def take_back(
    tx: Tx, *, key: str, payment_id: PaymentId, amount: Money, gateway: str, reason: GiveBackReason, now: datetime
) -> None:
    """Take a tip's payment that left again from those who had gained by it, once per key.

    It goes to `chargeback_losses:<gateway>`, where checkout has put the whole.
    """
    tip = await store.lock_of_payment(tx, payment_id=payment_id)
    asked = await wallets.begin_return(tx, key=key, payment_id=payment_id, amount=amount, reason=reason, at=now)
    if tip is None or asked is None:
        return
    counted = min(asked.counted, tip.left)
    drawn = await _draw(
        tx,
        tip,
        counted,
        into=AccountName(AccountKind.CHARGEBACK_LOSSES, gateway, amount.currency),
        key=f"{key}:taken_back",
        details={"tip_id": str(tip.tip_id), "payment_id": str(payment_id), "reason": reason.value},
        at=now,
    )
    await store.save_returned(tx, tip_id=tip.tip_id, returned=(tip.returned + counted).minor)
    await wallets.finish_return(tx, asked=asked, drawn=drawn)


async def restore(tx: Tx, *, payment_id: PaymentId, amount: Money, now: datetime) -> None:
    """Give back to artist and platform what a dispute took that was lost and has been won after all."""
    tip = await store.lock_of_payment(tx, payment_id=payment_id)
    restored = await wallets.restore(tx, payment_id=payment_id, amount=amount, at=now)
    if tip is not None and restored is not None:
        returned = max(Money.zero(amount.currency), tip.returned - restored)
        await store.save_returned(tx, tip_id=tip.tip_id, returned=returned.minor)


async def _draw(
    tx: Tx, tip: Tip, amount: Money, *, into: AccountName, key: str, details: Mapping[str, str], at: datetime
) -> Drawn:
    currency = amount.currency
    artist, platform = give_back(tip, amount)
    return await wallets.draw(
        tx,
        key=key,
        kind="tip_return",
        amount=artist,
        sources=[pending_of(tip), AccountName(AccountKind.ROYALTIES_AVAILABLE, str(tip.payee), currency)],
        into=into,
        details=details,
        at=at,
        debt=AccountName(AccountKind.PAYEE_DEBT, str(tip.payee), currency),
        others=[(AccountName(AccountKind.PLATFORM_REVENUE, "tips", currency), platform)],
    )


async def _left_of(tx: Tx, payment_id: PaymentId, tip: Tip) -> Money:
    settled = await wallets.settlement(tx, payment_id=payment_id)
    return tip.amount - tip.from_wallet if settled is None else settled.left
