"""Keys: of those who want something from us, and those that gateways are asked with. None is ever forgotten."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.contexts.payment.checkout.domain.states import Act
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.kernel.ids import PaymentId, RefundId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Claimed:
    """What a key stands for."""

    payment_id: PaymentId
    refund_id: RefundId | None
    request_hash: bytes
    new: bool
    """It was claimed now."""


async def claim_request(
    tx: Tx, *, key: str, request_hash: bytes, payment_id: PaymentId, refund_id: RefundId | None, at: datetime
) -> Claimed:
    """Have a key stand for a request unless it stands for one, and return what it stands for.

    Of two sessions with one key, the second waits until the first has committed.
    """
    added = await tx.execute(
        """
        INSERT INTO payment.payment_request (key, request_hash, payment_id, refund_id, at)
        VALUES (%s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING
        """,
        [key, request_hash, payment_id, refund_id, at],
    )
    if added:
        return Claimed(payment_id=payment_id, refund_id=refund_id, request_hash=request_hash, new=True)
    found = await tx.one(
        _claimed, "SELECT payment_id, refund_id, request_hash FROM payment.payment_request WHERE key = %s", [key]
    )
    assert found is not None  # noqa: S101 - it is there, and rows of this table are never deleted
    return found


async def store_attempt(
    tx: Tx, *, key: str, payment_id: PaymentId, gateway: GatewayName, act: Act, request_hash: bytes, at: datetime
) -> bool | None:
    """Keep the key of what a gateway is about to be asked.

    Returns True when it is new, False when it was kept for the same before, None when it stands for something else.
    """
    added = await tx.execute(
        """
        INSERT INTO payment.payment_attempt (key, payment_id, gateway, act, request_hash, at)
        VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (key) DO NOTHING
        """,
        [key, payment_id, gateway, act, request_hash, at],
    )
    if added:
        return True
    same = await tx.value(
        """
        SELECT payment_id = %s AND gateway = %s AND act = %s AND request_hash = %s
        FROM payment.payment_attempt WHERE key = %s
        """,
        [payment_id, gateway, act, request_hash, key],
    )
    return False if same else None


async def store_ref(tx: Tx, *, gateway: GatewayName, payment_ref: str, payment_id: PaymentId) -> PaymentId:
    """Keep whose payment a gateway's is, and return whose it is: another's when it was kept for that before."""
    await tx.execute(
        """
        INSERT INTO payment.payment_ref (gateway, payment_ref, payment_id) VALUES (%s, %s, %s)
        ON CONFLICT (gateway, payment_ref) DO NOTHING
        """,
        [gateway, payment_ref, payment_id],
    )
    found = await find_ref(tx, gateway=gateway, payment_ref=payment_ref)
    assert found is not None  # noqa: S101 - it was stored in this transaction or before
    return found


async def find_ref(tx: Tx, *, gateway: GatewayName, payment_ref: str) -> PaymentId | None:
    """Return whose payment a gateway's is, None when nobody knows."""
    found: PaymentId | None = await tx.value(
        "SELECT payment_id FROM payment.payment_ref WHERE gateway = %s AND payment_ref = %s", [gateway, payment_ref]
    )
    return found


def _claimed(*, payment_id: PaymentId, refund_id: RefundId | None, request_hash: bytes) -> Claimed:
    return Claimed(payment_id=payment_id, refund_id=refund_id, request_hash=request_hash, new=False)
