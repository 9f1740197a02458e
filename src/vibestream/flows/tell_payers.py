"""Whoever pays is told by mail: receipts, refunds, what failed, what is due and what is about to end."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from vibestream.contexts.payment.events import (
    PaymentCaptured,
    PaymentRefunded,
    RenewalDue,
    RenewalFailed,
    TrialEnding,
)
from vibestream.contexts.user.accounts import service as accounts
from vibestream.contexts.user.accounts.service import MoneyNotice
from vibestream.kernel.events import Event
from vibestream.kernel.ids import UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.events.subscriptions import Poison, Subscription
from vibestream.platform.jobs import defer


async def mail_receipt(tx: Tx, event: PaymentCaptured) -> None:
    """Send the receipt of a payment."""
    await _mail(tx, event, MoneyNotice.RECEIPT, event.user_id, event.amount, what=event.purpose)


async def mail_refund(tx: Tx, event: PaymentRefunded) -> None:
    """Say that a payment, or some of it, went back."""
    await _mail(tx, event, MoneyNotice.REFUND, event.user_id, event.amount, what=event.purpose)


async def mail_failure(tx: Tx, event: RenewalFailed) -> None:
    """Say that a renewal failed and when it is tried again, or that the subscription has ended by it."""
    notice = MoneyNotice.RENEWAL_FAILED if event.next_try_at else MoneyNotice.SUBSCRIPTION_UNPAID
    await _mail(tx, event, notice, event.user_id, event.amount, what=event.plan, when=event.next_try_at)


async def mail_due(tx: Tx, event: RenewalDue) -> None:
    """Ask the owner of a subscription to pay for its next period."""
    await _mail(tx, event, MoneyNotice.RENEWAL_DUE, event.user_id, event.amount, what=event.plan, when=event.period_end)


async def mail_trial(tx: Tx, event: TrialEnding) -> None:
    """Say that a trial is about to end, and what going on costs."""
    await _mail(tx, event, MoneyNotice.TRIAL_ENDS, event.user_id, event.amount, what=event.plan, when=event.ends_at)


async def _mail(
    tx: Tx,
    event: Event,
    notice: MoneyNotice,
    user_id: UserId,
    amount: Money,
    *,
    what: str,
    when: datetime | None = None,
) -> None:
    await defer(
        tx,
        accounts.mail_money_notice,
        mail_id=str(event.event_id),  # told again, it is the same message
        user_id=str(user_id),
        notice=notice.value,
        amount=str(amount),
        what=what,
        when=(when or event.occurred_at).isoformat(),
    )


SUBSCRIPTIONS: Final[tuple[Subscription[Any], ...]] = (
    Subscription(event=PaymentCaptured, consumer="tell_payers", handle=mail_receipt, poison=Poison.SKIP),
    Subscription(event=PaymentRefunded, consumer="tell_payers", handle=mail_refund, poison=Poison.SKIP),
    Subscription(event=RenewalFailed, consumer="tell_payers", handle=mail_failure, poison=Poison.SKIP),
    Subscription(event=RenewalDue, consumer="tell_payers", handle=mail_due, poison=Poison.SKIP),
    Subscription(event=TrialEnding, consumer="tell_payers", handle=mail_trial, poison=Poison.SKIP),
)
