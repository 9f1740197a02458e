"""Taking note that something about a payment has changed at its gateway, and looking for what nobody told us."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

import structlog

from vibestream.contexts.payment.checkout.domain import commands as c
from vibestream.contexts.payment.checkout.domain.acting import may_ask_again
from vibestream.contexts.payment.checkout.domain.views import PaymentView
from vibestream.contexts.payment.checkout.service.driving import drive, work
from vibestream.contexts.payment.checkout.service.recording import carry_out, lock
from vibestream.contexts.payment.checkout.store import keys, streams, views
from vibestream.contexts.payment.gateways.service import GatewayName, Gateways, ProviderPayment
from vibestream.kernel.ids import PaymentId
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer, job
from vibestream.platform.runtime import Runtime

_PUT_OFF: Final = timedelta(minutes=10)
"""Should the job that looks at a due payment die, the next one comes after this time."""
_log = structlog.get_logger()


async def note_changed(tx: Tx, *, gateway: GatewayName, payment_ref: str) -> None:
    """Have a payment fetched from its gateway, once the transaction has committed, and what is new applied.

    Takes any id that the gateway's webhooks and books speak of a payment by, also of one that is not known here (yet).
    Told as often as one likes, in any order: what is applied is how the payment stands, not what a note says.
    """
    await defer(tx, apply_change, gateway=gateway.value, payment_ref=payment_ref)


@job("payment.apply_change", queue="payments", attempts=20)
async def apply_change(runtime: Runtime, *, gateway: str, payment_ref: str) -> None:
    """Fetch a payment from its gateway and apply what is new."""
    await apply(runtime, gateway=GatewayName(gateway), payment_ref=payment_ref)


async def apply(
    runtime: Runtime, *, gateway: GatewayName, payment_ref: str, clock: Callable[[], datetime] = utc_now
) -> None:
    """Fetch a payment from its gateway now, apply what is new, and do what has to be done about it then.

    Raises:
        GatewayUnavailable: it could not be fetched; nothing was applied.
    """
    seen = await runtime.part(Gateways).get(gateway).retrieve(payment_ref)
    if seen is None:
        _log.warning("checkout.gateway_knows_no_such_payment", gateway=gateway, payment_ref=payment_ref)
        return

    async def record(tx: Tx) -> PaymentId | None:
        return await _record(tx, gateway=gateway, seen=seen, payment_ref=payment_ref, now=clock())

    payment_id = await runtime.database.run(record)
    if payment_id is not None:
        # The payment's own object is fetched as well: what a note speaks of may be another one of the same payment.
        await work(runtime, payment_id=payment_id, look_first=True, clock=clock)


async def _record(
    tx: Tx, *, gateway: GatewayName, seen: ProviderPayment, payment_ref: str, now: datetime
) -> PaymentId | None:
    """Record what was seen, and return whose payment it is; None when it is none of ours.

    One that stands here by another reference is left to the look at that: a gateway may have several ids for one payment,
    and money that is seen twice is not there twice.
    """
    payment_id = seen.payment_id or await _owner(tx, gateway, seen.payment_ref, payment_ref)
    if payment_id is None or await views.load_view(tx, payment_id, user_id=None) is None:
        _log.warning("checkout.payment_of_nobody", gateway=gateway, payment_ref=payment_ref)
        return None
    locked = await lock(tx, payment_id=payment_id)
    attempt = locked.payment.attempt
    elsewhere = attempt is None or attempt.gateway is not gateway
    # A charge whose key is too old to ask with again is found out by the gateway's own object alone.
    orphan = attempt is not None and locked.payment.payment_ref is None and not may_ask_again(attempt, now=now)
    if elsewhere or orphan or locked.payment.payment_ref == seen.payment_ref:
        await carry_out(tx, c.Observe(gateway=gateway, seen=seen), locked=locked, now=now)
    return payment_id


async def _owner(tx: Tx, gateway: GatewayName, *payment_refs: str) -> PaymentId | None:
    for payment_ref in payment_refs:
        found = await keys.find_ref(tx, gateway=gateway, payment_ref=payment_ref)
        if found is not None:
            return found
    return None


async def list_unfinished(
    tx: Tx, *, gateway: GatewayName | None = None, quiet_since: datetime, limit: int
) -> list[PaymentView]:
    """Return payments about which something is open and nothing was recorded since an instant, the longest quiet first.

    Open is: waiting for the payer or the gateway, unknown, a refund under way, a dispute undecided, a fee not named yet.

    Args:
        tx: the caller's transaction.
        gateway: only those that stand there; None: all.
        quiet_since: nothing was recorded about them since then.
        limit: how many at most.
    """
    return await views.list_unfinished(tx, gateway=gateway, changed_before=quiet_since, limit=limit)


async def unknown_since(tx: Tx) -> datetime | None:
    """Return since when the oldest payment of unknown outcome has said nothing new; None when there is none."""
    return await views.unknown_since(tx)


async def drive_due(tx: Tx, *, now: datetime, most: int) -> int:
    """Have every payment looked at whose time has come, up to so many, and return how many those are.

    This is what finds payments whose job, process or webhook was lost.
    """
    due = await streams.take_due(tx, now=now, until=now + _PUT_OFF, most=most)
    for payment_id in due:
        await defer(tx, drive, payment_id=str(UUID(str(payment_id))), look_first=True)
    return len(due)
