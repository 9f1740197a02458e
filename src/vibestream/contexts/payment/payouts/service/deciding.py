"""What people decide about payouts: finance agrees or refuses, the payee thinks better of it, a review ends."""

from __future__ import annotations

from datetime import datetime
from typing import Final

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.payouts.domain.payouts import (
    NOT_SENT,
    Books,
    Payout,
    PayoutState,
    Step,
    UnknownPayout,
    WrongState,
    check_voter,
    may_ask,
)
from vibestream.contexts.payment.payouts.service.sending import APPROVE, start_when_approved
from vibestream.contexts.payment.payouts.service.stepping import take_step
from vibestream.contexts.payment.payouts.store import origins
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.kernel.ids import PayoutId, UserId
from vibestream.platform.database import Tx

TO_DECLARE_NOT_SENT: Final = 2
"""Different people of finance who have to say that a payout never reached its gateway, before its money is given back."""


async def approve(tx: Tx, *, payout_id: PayoutId, approver: UserId, now: datetime) -> Payout:
    """Agree to a payout; when enough different people have, it is sent. Agreeing twice is agreeing once.

    Raises:
        UnknownPayout: there is none.
        WrongState: nobody has to agree to it any more.
        OwnPayout: the approver is its payee, or asked for it.
    """
    payout = await _locked(tx, payout_id)
    _in_state(payout, PayoutState.REQUESTED)
    check_voter(payout, voter=approver)
    if not await store.insert_vote(tx, payout, purpose=APPROVE, voter=approver, at=now):
        return payout
    step = Step(kind="agreed", state=payout.state, failure=payout.failure)
    agreed = await take_step(tx, payout=payout, step=step, actor=approver, now=now)
    return await start_when_approved(tx, payout=agreed, now=now)


async def reject(tx: Tx, *, payout_id: PayoutId, by: UserId, reason: str, now: datetime) -> Payout:
    """Refuse a payout that waits for agreement; its money is the payee's again.

    Args:
        tx: the caller's transaction.
        payout_id: which.
        by: who of finance refuses.
        reason: in words that the payee may read, up to 200 characters.
        now: when.

    Raises:
        UnknownPayout: there is none.
        WrongState: it has gone on.
    """
    payout = await _locked(tx, payout_id)
    return await _give_back(tx, payout, kind="rejected", actor=by, note=reason, now=now)


async def cancel(tx: Tx, *, payout_id: PayoutId, user_id: UserId, now: datetime) -> Payout:
    """Take one's own request back while it waits for agreement.

    Raises:
        UnknownPayout: there is none of this payee.
        WrongState: it has gone on.
    """
    payout = await _locked(tx, payout_id)
    if payout.user_id != user_id:
        raise UnknownPayout("There is no such payout.")
    return await _give_back(tx, payout, kind="cancelled", actor=user_id, note="", now=now)


async def note_reviewed(tx: Tx, *, payout_id: PayoutId, released: bool, now: datetime) -> None:
    """Go on with a payout that waited for the risk review, or give its money back. Being told again changes nothing."""
    payout = await store.lock_payout(tx, payout_id)
    if payout is None or payout.state is not PayoutState.REQUESTED or not payout.under_review:
        return
    if not released:
        await _give_back(tx, payout, kind="refused_in_review", actor=None, note="", now=now)
        return
    step = Step(kind="released", state=PayoutState.REQUESTED)
    reviewed = await take_step(tx, payout=payout, step=step, actor=None, now=now, under_review=False)
    await start_when_approved(tx, payout=reviewed, now=now)


async def declare_not_sent(tx: Tx, *, payout_id: PayoutId, by: UserId, now: datetime) -> Payout:
    """Say that a payout of unknown outcome never reached its gateway; the second different person gives its money back.

    Only once the gateway has forgotten our key, so that asking again could pay twice. Should it turn up after all, it is
    taken back from the payee, or carried forward as their debt.

    Raises:
        UnknownPayout: there is none.
        WrongState: it is not unknown, or can still be asked about.
        OwnPayout: they are its payee, or asked for it.
    """
    payout = await _locked(tx, payout_id)
    if not may_declare_not_sent(payout, now=now):
        raise WrongState(state=payout.state)
    check_voter(payout, voter=by)
    if not await store.insert_vote(tx, payout, purpose=NOT_SENT, voter=by, at=now):
        return payout
    if await store.count_votes(tx, payout_id, purpose=NOT_SENT) < TO_DECLARE_NOT_SENT:
        step = Step(kind="said_not_sent", state=payout.state, failure=payout.failure)
    else:
        step = Step(kind="said_not_sent", state=PayoutState.FAILED, books=Books.BACK, failure=NOT_SENT)
    return await take_step(tx, payout=payout, step=step, actor=by, now=now)


def may_declare_not_sent(payout: Payout, *, now: datetime) -> bool:
    """Say whether `declare_not_sent` is open: nobody knows what became of it, and its gateway cannot be asked any more."""
    unsure = payout.state in {PayoutState.SENDING, PayoutState.UNKNOWN} and not payout.payout_ref
    return unsure and not may_ask(payout, now=now)


async def _give_back(tx: Tx, payout: Payout, *, kind: str, actor: UserId | None, note: str, now: datetime) -> Payout:
    _in_state(payout, PayoutState.SCREENING, PayoutState.REQUESTED)
    await origins.forget_origin(tx, payout.payout_id)
    await fraud.withdraw_review(tx, subject_ref=str(payout.payout_id), now=now)
    step = Step(kind=kind, state=PayoutState.REJECTED, books=Books.BACK, failure=kind, note=note)
    return await take_step(tx, payout=payout, step=step, actor=actor, now=now)


async def _locked(tx: Tx, payout_id: PayoutId) -> Payout:
    payout = await store.lock_payout(tx, payout_id)
    if payout is None:
        raise UnknownPayout("There is no such payout.")
    return payout


def _in_state(payout: Payout, *states: PayoutState) -> None:
    if payout.state not in states:
        raise WrongState(state=payout.state)
