"""Sending payouts: the key is stored first, the gateway asked outside any transaction, and what it said applied.

Killed between any two of these, a payout is taken up again where it stands, under the same key.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.payment.gateways.service import (
    GatewayDeclined,
    GatewayName,
    Gateways,
    OutcomeUnknown,
    PayoutRequest,
    ProviderPayout,
)
from vibestream.contexts.payment.payouts.domain.payouts import Books, Payout, PayoutState, Step, may_ask
from vibestream.contexts.payment.payouts.service.stepping import apply_seen, take_step
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.kernel.ids import PayoutId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

APPROVE: Final = "approve"
_ATTEMPTS: Final = 8
_NOTE: Final = "VibeStream royalties"
_log = structlog.get_logger()


async def start_when_approved(tx: Tx, *, payout: Payout, now: datetime) -> Payout:
    """Approve a requested payout and have it sent, when nobody has to agree to it any more; return how it stands."""
    agreed = await store.count_votes(tx, payout.payout_id, purpose=APPROVE)
    if payout.state is not PayoutState.REQUESTED or payout.under_review or agreed < payout.approvals_needed:
        return payout
    step = Step(kind="approved", state=PayoutState.APPROVED)
    approved = await take_step(tx, payout=payout, step=step, actor=None, now=now)
    await ask_later(tx, payout=approved)
    return approved


async def ask_later(tx: Tx, *, payout: Payout) -> None:
    """Have the gateway asked to send a payout, after whatever is being done about it now."""
    await defer(tx, send_payout, payout_id=str(payout.payout_id), lock=lock_name(payout.payout_id))


def lock_name(payout_id: PayoutId) -> str:
    """Return what jobs about a payout hold, so that they take turns."""
    return f"payout:{payout_id}"


async def note_changed(tx: Tx, *, gateway: GatewayName, payout_ref: str) -> None:
    """Have a payout read anew at its gateway, and what is new applied. Needs no payout of ours to be known by this id."""
    payout_id = await store.find_by_ref(tx, method=gateway, payout_ref=payout_ref)
    lock = lock_name(payout_id) if payout_id else f"payout:{gateway.value}:{payout_ref}"
    await defer(tx, refresh_payout, gateway=gateway.value, payout_ref=payout_ref, lock=lock)


@job("payment.send_payout", attempts=_ATTEMPTS)
async def send_payout(runtime: Runtime, *, payout_id: str) -> None:
    """Ask the gateway to send an approved payout, or one of which nobody knows whether it was; again under the same key.

    Raises:
        OutcomeUnknown, GatewayUnavailable: to be tried again, by this job and then by the poller.
    """
    ours = PayoutId(UUID(payout_id))
    async with runtime.database.begin() as tx:
        request = await _begin_asking(tx, ours, now=utc_now())
    if request is None:
        return
    gateway, asked = request
    try:
        seen = await runtime.part(Gateways).get(gateway).pay_out(asked)
    except GatewayDeclined as declined:
        async with runtime.database.begin() as tx:
            await _note_declined(tx, ours, reason=declined.reason, now=utc_now())
        return
    except OutcomeUnknown:
        async with runtime.database.begin() as tx:
            await _note_unknown(tx, ours, now=utc_now())
        raise
    async with runtime.database.begin() as tx:
        await _apply(tx, ours, seen=seen, gateway=gateway, now=utc_now())


@job("payment.refresh_payout", attempts=_ATTEMPTS)
async def refresh_payout(runtime: Runtime, *, gateway: str, payout_ref: str) -> None:
    """Read a payout at its gateway and apply what is new. One that is not ours is left alone.

    Raises:
        GatewayUnavailable: to be tried again, by this job and then by the poller.
    """
    name = GatewayName(gateway)
    seen = await runtime.part(Gateways).get(name).retrieve_payout(payout_ref)
    if seen is None:
        _log.warning("payouts.missing_at_gateway", gateway=gateway, payout_ref=payout_ref)
        return
    async with runtime.database.begin() as tx:
        ours = seen.payout_id or await store.find_by_ref(tx, method=name, payout_ref=seen.payout_ref)
        if ours is None:
            _log.info("payouts.not_ours", gateway=gateway, payout_ref=payout_ref)
            return
        await _apply(tx, ours, seen=seen, gateway=name, now=utc_now())


async def _apply(tx: Tx, ours: PayoutId, *, seen: ProviderPayout, gateway: GatewayName, now: datetime) -> None:
    payout = await store.lock_payout(tx, ours)
    if payout is None or payout.method is not gateway:
        _log.warning("payouts.not_ours", gateway=gateway.value, payout_ref=seen.payout_ref)
        return
    await apply_seen(tx, payout=payout, seen=seen, now=now)


async def _begin_asking(tx: Tx, ours: PayoutId, *, now: datetime) -> tuple[GatewayName, PayoutRequest] | None:
    payout = await store.lock_payout(tx, ours)
    if payout is None or not may_ask(payout, now=now):
        return None
    state = PayoutState.UNKNOWN if payout.state is PayoutState.UNKNOWN else PayoutState.SENDING
    step = Step(kind="asked", state=state, failure=payout.failure)
    first = payout.first_sent_at or now
    await take_step(tx, payout=payout, step=step, actor=None, now=now, first_sent_at=first)
    asked = PayoutRequest(
        payout_id=ours, key=payout.gateway_key, amount=payout.net, destination=payout.address, note=_NOTE
    )
    return payout.method, asked


async def _note_declined(tx: Tx, ours: PayoutId, *, reason: str, now: datetime) -> None:
    payout = await store.lock_payout(tx, ours)
    if payout is None or payout.state not in {PayoutState.SENDING, PayoutState.UNKNOWN}:
        return  # a webhook was faster
    step = Step(kind="declined", state=PayoutState.FAILED, books=Books.BACK, failure=reason[:200], note=reason)
    await take_step(tx, payout=payout, step=step, actor=None, now=now)


async def _note_unknown(tx: Tx, ours: PayoutId, *, now: datetime) -> None:
    payout = await store.lock_payout(tx, ours)
    if payout is None or payout.state is not PayoutState.SENDING:
        return
    step = Step(kind="no_answer", state=PayoutState.UNKNOWN, failure="no_answer")
    await take_step(tx, payout=payout, step=step, actor=None, now=now)
