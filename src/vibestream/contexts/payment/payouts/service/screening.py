"""The risk check of a payout: outside parties are asked outside any transaction, then it is decided in one.

Killed between any two of these, a payout still waits to be checked, and the check begins anew: nothing was sent, and
nothing decided by halves.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.payment.fraud import service as fraud
from vibestream.contexts.payment.fraud.service import Decision, Facts, Verdict
from vibestream.contexts.payment.fraud.service.signals import Signals
from vibestream.contexts.payment.payouts.domain.destinations import Destination
from vibestream.contexts.payment.payouts.domain.origin import Origin
from vibestream.contexts.payment.payouts.domain.payouts import (
    Books,
    Payout,
    PayoutState,
    Step,
    approvals_after,
)
from vibestream.contexts.payment.payouts.service.sending import lock_name, start_when_approved
from vibestream.contexts.payment.payouts.service.stepping import take_step
from vibestream.contexts.payment.payouts.store import destinations as destination_store
from vibestream.contexts.payment.payouts.store import origins as origin_store
from vibestream.contexts.payment.payouts.store import payouts as store
from vibestream.kernel.ids import PayoutId, UserId, unix_ms_of
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

_ATTEMPTS: Final = 8
_MS: Final = 1000


async def screen_later(tx: Tx, *, payout_id: PayoutId) -> None:
    """Have a payout checked, once the transaction has committed."""
    await defer(tx, screen_payout, payout_id=str(payout_id), lock=lock_name(payout_id))


@job("payment.screen_payout", attempts=_ATTEMPTS)
async def screen_payout(runtime: Runtime, *, payout_id: str) -> None:
    """Ask outside parties about a payout that waits to be checked, decide, and go on. Nothing is done about any other.

    Outside parties have 150 ms in all; what they do not say is missing, and stops nothing.
    """
    ours = PayoutId(UUID(payout_id))
    facts = await runtime.database.run(lambda tx: facts_of(tx, payout_id=ours))
    if facts is None:
        return
    signals = await runtime.part(Signals).gather(facts=facts)
    await runtime.database.run(lambda tx: screen(tx, payout_id=ours, signals=signals, now=utc_now()))


async def screen(tx: Tx, *, payout_id: PayoutId, signals: Mapping[str, float | str], now: datetime) -> Payout | None:
    """Decide about a payout that waits to be checked, and return how it stands then; None when there is none that waits.

    One that the check allows and that is not above the limit is approved; another waits for people; one that is blocked
    is rejected, and its money is the payee's again.

    Args:
        tx: the caller's transaction.
        payout_id: which.
        signals: what outside parties say of it, asked before the transaction began.
        now: when.
    """
    payout = await store.lock_payout(tx, payout_id)
    if payout is None or payout.state is not PayoutState.SCREENING:
        return None  # somebody else has checked it, or its payee thought better of it
    decision = await fraud.assess(tx, facts=await _facts(tx, payout), signals=signals, now=now)
    await origin_store.forget_origin(tx, payout_id)
    return await _decided(tx, payout, decision, now=now)


async def facts_of(tx: Tx, *, payout_id: PayoutId) -> Facts | None:
    """Return what fraud and outside parties are told of a payout that waits to be checked; None when it does not."""
    payout = await store.load_payout(tx, payout_id, user_id=None)
    if payout is None or payout.state is not PayoutState.SCREENING:
        return None
    return await _facts(tx, payout)


def told_to_fraud(payout: Payout, *, destination: Destination, origin: Origin) -> Facts:
    """Return what fraud is told of a payout.

    Raises:
        UnusableFacts: a text about where the request came from is longer than fraud takes.
    """
    _, at, domain = payout.address.partition("@")
    return Facts(
        kind="payout",
        user_id=payout.user_id,
        amount=payout.gross,
        purpose="payout",
        subject=str(payout.payout_id),
        gateway=payout.method.value,
        method_fingerprint=hashlib.sha256(f"{payout.method}:{payout.address}".encode()).hexdigest(),
        network=origin.network,
        device=origin.device,
        country=origin.country,
        email_domain=domain if at else None,
        account_created_at=_made_at(payout.user_id),
        destination_changed_at=destination.set_at,
        at=payout.requested_at,
    )


async def _facts(tx: Tx, payout: Payout) -> Facts:
    destination = await destination_store.load_one(tx, payout.destination_id)
    assert destination is not None  # noqa: S101 - a foreign key says so
    origin = await origin_store.load_origin(tx, payout.payout_id)
    return told_to_fraud(payout, destination=destination, origin=origin or Origin())


async def _decided(tx: Tx, payout: Payout, decision: Decision, *, now: datetime) -> Payout:
    note = ", ".join(reason.code for reason in decision.reasons)
    if decision.verdict is Verdict.BLOCK:
        step = Step(kind="blocked", state=PayoutState.REJECTED, books=Books.BACK, failure="risk", note=note)
        return await take_step(tx, payout=payout, step=step, actor=None, now=now, decision_id=decision.decision_id)
    step = Step(kind="screened", state=PayoutState.REQUESTED, note=note)
    doubtful = decision.verdict is Verdict.STEP_UP
    checked = await take_step(
        tx,
        payout=payout,
        step=step,
        actor=None,
        now=now,
        decision_id=decision.decision_id,
        approvals_needed=approvals_after(payout, doubtful=doubtful),
        under_review=decision.verdict is Verdict.REVIEW,
    )
    return await start_when_approved(tx, payout=checked, now=now)


def _made_at(user_id: UserId) -> datetime:
    """Return when an account was made: its id begins with that."""
    seconds, ms = divmod(unix_ms_of(user_id), _MS)
    return datetime.fromtimestamp(seconds, UTC).replace(microsecond=ms * _MS)
