"""One step of a payout: its posting, its new state, its event, and who is told, in one transaction."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any, Final

import structlog

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Outcome
from vibestream.contexts.payment.gateways.service import ProviderPayout
from vibestream.contexts.payment.payouts.domain.announcing import announced_by
from vibestream.contexts.payment.payouts.domain.payouts import Payout, PayoutEvent, PayoutState, Step, steps_of
from vibestream.contexts.payment.payouts.domain.told import told
from vibestream.contexts.payment.payouts.service import books
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.kernel.ids import TransactionId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx
from vibestream.platform.events.outbox import publish
from vibestream.platform.live import announce

_OUTCOMES: Final = {PayoutState.PAID: Outcome.PAID_OUT, PayoutState.RETURNED: Outcome.RETURNED}
_log = structlog.get_logger()


async def take_step(
    tx: Tx, *, payout: Payout, step: Step, actor: UserId | None, now: datetime, **changes: Any
) -> Payout:
    """Do a step of a locked payout and return how it stands then.

    Args:
        tx: the caller's transaction.
        payout: as it was locked in it.
        step: what is to happen.
        actor: who does it; None: the product or the gateway.
        now: when.
        changes: further fields of the payout that change with it.

    Raises:
        InsufficientFunds: a payee has less by now than the step takes.
    """
    transaction_id = await books.move(tx, payout=payout, books=step.books)
    after = replace(
        payout, state=step.state, failure=step.failure, version=payout.version + 1, changed_at=now, **changes
    )
    await store.save_payout(tx, after)
    await write_event(tx, payout=after, kind=step.kind, actor=actor, note=step.note, transaction_id=transaction_id)
    for event in announced_by(payout, after, step=step, actor=actor, transaction_id=transaction_id):
        await publish(tx, event)
    if step.state in _OUTCOMES and step.state is not payout.state:
        await fraud.note_outcome(tx, subject_ref=str(payout.payout_id), outcome=_OUTCOMES[step.state], at=now)
    return after


async def write_event(
    tx: Tx,
    *,
    payout: Payout,
    kind: str,
    actor: UserId | None,
    note: str = "",
    transaction_id: TransactionId | None = None,
) -> None:
    """Write what happened to a payout under its version, and tell the payee's open pages."""
    event = PayoutEvent(
        version=payout.version,
        at=payout.changed_at,
        kind=kind,
        state=payout.state,
        actor=actor,
        note=note,
        transaction_id=transaction_id,
    )
    await store.insert_event(tx, payout.payout_id, event)
    for said in told(event):  # of a check or a review the payee's pages hear nothing
        data = {"payout_id": payout.payout_id, "state": said.state.value}
        await announce(tx, topic=f"user:{payout.user_id}", kind="payout.changed", data=data)


async def apply_seen(tx: Tx, *, payout: Payout, seen: ProviderPayout, now: datetime) -> Payout:
    """Do what follows for a locked payout from how its gateway has it; nothing when that is known already.

    A second payout of the gateway's that claims to be this one is written down and moves nothing: reconciliation lists it.
    """
    if payout.payout_ref not in {None, seen.payout_ref}:
        if payout.failure != "second_ref":
            note = f"The gateway has {seen.payout_ref} beside {payout.payout_ref}."
            step = Step(kind="second_ref", state=payout.state, failure="second_ref", note=note)
            return await take_step(tx, payout=payout, step=step, actor=None, now=now)
        return payout
    steps = steps_of(payout, seen)
    for step in steps:
        payout = await take_step(tx, payout=payout, step=step, actor=None, now=now, payout_ref=seen.payout_ref)
    if steps:
        _log.info("payouts.settled", payout_id=str(payout.payout_id), state=payout.state.value)
    known = seen.fee is not None and payout.payout_ref is not None and seen.fee != payout.provider_fee
    return await _take_fee(tx, payout=payout, fee=seen.fee, now=now) if known and seen.fee is not None else payout


async def _take_fee(tx: Tx, *, payout: Payout, fee: Money, now: datetime) -> Payout:
    if fee.currency != payout.gross.currency:
        _log.warning("payouts.fee_in_another_currency", payout_id=str(payout.payout_id), fee=str(fee))
        return payout  # reconciliation lists it
    before = payout.provider_fee or Money.zero(fee.currency)
    transaction_id = await books.post_fee(tx, payout=payout, added=fee - before)
    after = replace(payout, provider_fee=fee, version=payout.version + 1, changed_at=now)
    await store.save_payout(tx, after)
    note = f"The gateway keeps {fee}."
    await write_event(tx, payout=after, kind="fee_known", actor=None, note=note, transaction_id=transaction_id)
    return after
