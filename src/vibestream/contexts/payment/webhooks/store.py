"""The inbox."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.payment.gateways.domain.port import GatewayName, ObjectKind
from vibestream.contexts.payment.webhooks.domain import InboxState, Received
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of an insert."""

    webhook_id: UUID
    to_process: bool
    """It is new, or had failed and is received again."""
    is_new: bool


async def keep(tx: Tx, received: Received, *, body: bytes) -> Kept:
    """Write an event, or count one more delivery of it; one that had failed is received again."""
    kept = await tx.one(
        Kept,
        """
        INSERT INTO payment.webhook AS kept (webhook_id, gateway, event_ref, type, kind, object_ref, sent_at,
            received_at, body, state, changed_at)
        VALUES (%(id)s, %(gateway)s, %(event)s, %(type)s, %(kind)s, %(object)s, %(sent)s, %(now)s, %(body)s, %(state)s,
            %(now)s)
        ON CONFLICT (gateway, event_ref) DO UPDATE SET
            deliveries = kept.deliveries + 1,
            attempts = CASE WHEN kept.state = 'failed' THEN 0 ELSE kept.attempts END,
            changed_at = CASE WHEN kept.state = 'failed' THEN excluded.changed_at ELSE kept.changed_at END,
            state = CASE WHEN kept.state = 'failed' THEN excluded.state ELSE kept.state END
        -- In the row that is returned, changed_at is this delivery's only when it was written, or received again, by it.
        RETURNING webhook_id, state = 'received' AND changed_at = %(now)s AS to_process, deliveries = 1 AS is_new
        """,
        {
            "id": received.webhook_id,
            "gateway": received.gateway.value,
            "event": received.event_ref,
            "type": received.type,
            "kind": received.kind.value,
            "object": received.object_ref,
            "sent": received.sent_at,
            "now": received.received_at,
            "body": body,
            "state": received.state.value,
        },
    )
    assert kept is not None  # noqa: S101 - both arms of the statement return the row
    return kept


async def bind(tx: Tx, *, gateway: GatewayName, transmission: str, body: bytes, now: datetime) -> bool:
    """Bind a transmission to the first body that came with it, and say whether this is that body."""
    body_hash = hashlib.sha256(body).digest()
    bound = await tx.execute(
        """
        INSERT INTO payment.webhook_proof (gateway, proof, body_hash, received_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
        [gateway.value, transmission[:300], body_hash, now],
    )
    if bound:
        return True
    first = await tx.value(
        "SELECT body_hash FROM payment.webhook_proof WHERE gateway = %s AND proof = %s",
        [gateway.value, transmission[:300]],
    )
    return bool(first == body_hash)


async def begin(tx: Tx, webhook_id: UUID, *, now: datetime) -> Received | None:
    """Note an attempt at an event that is not settled, and return it; None when there is nothing to do."""
    return await tx.one(
        _received,
        """
        UPDATE payment.webhook SET state = 'processing', attempts = attempts + 1, changed_at = %s
        WHERE webhook_id = %s AND state IN ('received', 'processing')
        RETURNING webhook_id, gateway, event_ref, type, kind, object_ref, sent_at, received_at, state, deliveries,
            attempts, error, changed_at
        """,
        [now, webhook_id],
    )


async def settle(tx: Tx, webhook_id: UUID, *, state: InboxState, error: str | None, now: datetime) -> bool:
    """Write how an attempt ended, and say whether the event was still being processed."""
    return bool(
        await tx.execute(
            """
            UPDATE payment.webhook SET state = %s, error = %s, changed_at = %s
            WHERE webhook_id = %s AND state IN ('received', 'processing')
            """,
            [state.value, error, now, webhook_id],
        )
    )


async def try_again(tx: Tx, webhook_id: UUID, *, now: datetime) -> bool:
    """Receive a failed event again, and say whether it was one."""
    return bool(
        await tx.execute(
            """
            UPDATE payment.webhook SET state = 'received', attempts = 0, changed_at = %s
            WHERE webhook_id = %s AND state = 'failed'
            """,
            [now, webhook_id],
        )
    )


async def list_stuck(tx: Tx, *, changed_before: datetime, limit: int) -> list[Received]:
    """Return unsettled events of which nothing was heard since an instant, the longest first."""
    return await tx.all(
        _received,
        """
        SELECT webhook_id, gateway, event_ref, type, kind, object_ref, sent_at, received_at, state, deliveries,
            attempts, error, changed_at
        FROM payment.webhook
        WHERE state IN ('received', 'processing') AND changed_at < %s
        ORDER BY changed_at LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        [changed_before, limit],
    )


async def load(tx: Tx, webhook_id: UUID) -> tuple[Received, bytes | None] | None:
    """Return an event and its body."""
    return await tx.one(
        _with_body,
        """
        SELECT webhook_id, gateway, event_ref, type, kind, object_ref, sent_at, received_at, state, deliveries,
            attempts, error, changed_at, body
        FROM payment.webhook WHERE webhook_id = %s
        """,
        [webhook_id],
    )


async def list_received(
    tx: Tx,
    *,
    gateway: GatewayName | None,
    states: Collection[InboxState] | None,
    object_ref: str | None,
    before: UUID | None,
    limit: int,
) -> list[Received]:
    """Return events, the newest first."""
    return await tx.all(
        _received,
        """
        SELECT webhook_id, gateway, event_ref, type, kind, object_ref, sent_at, received_at, state, deliveries,
            attempts, error, changed_at
        FROM payment.webhook
        WHERE (%(gateway)s::text IS NULL OR gateway = %(gateway)s)
            AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
            AND (%(object)s::text IS NULL OR object_ref = %(object)s)
            AND (%(before)s::uuid IS NULL OR webhook_id < %(before)s)
        ORDER BY webhook_id DESC LIMIT %(limit)s
        """,
        {
            "gateway": gateway.value if gateway else None,
            "states": None if states is None else [state.value for state in states],
            "object": object_ref,
            "before": before,
            "limit": limit,
        },
    )


async def forget_bodies(tx: Tx, *, before: datetime, most: int) -> int:
    """Empty settled events that arrived before an instant of their bodies, up to so many, and return how many."""
    return await tx.execute(
        """
        UPDATE payment.webhook SET body = NULL WHERE webhook_id IN (
            SELECT webhook_id FROM payment.webhook
            WHERE received_at < %s AND body IS NOT NULL AND state IN ('done', 'failed')
            ORDER BY received_at LIMIT %s
        )
        """,
        [before, most],
    )


async def forget_rows(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete events that are done and arrived before an instant, up to so many, and return how many.

    What failed is kept until somebody has seen to it.
    """
    return await tx.execute(
        """
        DELETE FROM payment.webhook WHERE webhook_id IN (
            SELECT webhook_id FROM payment.webhook WHERE received_at < %s AND state = 'done'
            ORDER BY received_at LIMIT %s
        )
        """,
        [before, most],
    )


async def forget_proofs(tx: Tx, *, before: datetime, most: int) -> int:
    """Delete signatures that arrived before an instant, up to so many, and return how many."""
    return await tx.execute(
        """
        DELETE FROM payment.webhook_proof WHERE (gateway, proof) IN (
            SELECT gateway, proof FROM payment.webhook_proof WHERE received_at < %s ORDER BY received_at LIMIT %s
        )
        """,
        [before, most],
    )


async def records_of(_tx: Tx, _user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return nothing: what gateways wrote is about payments and payouts, which tell their own."""
    return []


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Drop what gateways wrote about a person's payments, refunds, disputes and payouts; that they wrote stays."""
    await tx.execute(
        r"""
        WITH theirs AS (
            SELECT payment_id::text AS ref FROM payment.payment WHERE user_id = %(user_id)s
            UNION SELECT payment_ref FROM payment.payment_ref JOIN payment.payment USING (payment_id)
                WHERE user_id = %(user_id)s
            UNION SELECT found.value FROM payment.payment_event JOIN payment.payment USING (payment_id),
                jsonb_each_text(data) AS found WHERE user_id = %(user_id)s AND found.key LIKE '%%\_ref'
            UNION SELECT payout_id::text FROM payment.payout WHERE user_id = %(user_id)s
            UNION SELECT payout_ref FROM payment.payout WHERE user_id = %(user_id)s
            UNION SELECT account_ref FROM payment.payee_account WHERE user_id = %(user_id)s)
        UPDATE payment.webhook SET body = NULL WHERE body IS NOT NULL AND EXISTS (
            SELECT FROM theirs WHERE length(ref) > 5
                AND (ref = object_ref OR position(convert_to(ref, 'UTF8') IN body) > 0))
        """,
        {"user_id": user_id},
    )


def _received(*, gateway: str, kind: str, state: str, **same: Any) -> Received:
    return Received(gateway=GatewayName(gateway), kind=ObjectKind(kind), state=InboxState(state), **same)


def _with_body(*, body: bytes | None, **row: Any) -> tuple[Received, bytes | None]:
    return _received(**row), body


async def count_failed(tx: Tx) -> int:
    """Return how many webhooks were received and could not be processed so far."""
    return int(await tx.value("SELECT count(*) FROM payment.webhook WHERE state = 'failed'"))
