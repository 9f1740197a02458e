"""Streams: locking one, reading it, adding to it together with the line that it is listed as."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from vibestream.contexts.payment.checkout.domain.events import Happened
from vibestream.contexts.payment.checkout.domain.views import PaymentView
from vibestream.contexts.payment.checkout.store import codec, personal
from vibestream.contexts.payment.checkout.store.views import row_of
from vibestream.kernel.ids import PaymentId, TransactionId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """One event of a stream as it is stored."""

    payment_id: PaymentId
    version: int
    at: datetime
    event: Happened
    transaction_ids: tuple[TransactionId, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class New:
    """One event to add, and the transactions that were posted for it."""

    event: Happened
    transaction_ids: Sequence[TransactionId]


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """What is known of a stream beside its events."""

    looks: int
    busy_until: datetime | None


async def lock_payment(tx: Tx, payment_id: PaymentId) -> Head | None:
    """Wait for everybody else who adds to the stream, and return its head; None when there is no such payment."""
    return await tx.one(
        Head, "SELECT looks, busy_until FROM payment.payment WHERE payment_id = %s FOR NO KEY UPDATE", [payment_id]
    )


async def load_stream(tx: Tx, payment_id: PaymentId) -> list[Recorded]:
    """Return a payment's events in order; none when there is no such payment."""
    found = await tx.all(
        _recorded,
        """
        SELECT payment_id, version, type, data::text AS data, at, transaction_ids
        FROM payment.payment_event WHERE payment_id = %s ORDER BY version
        """,
        [payment_id],
    )
    return await _opened(tx, found)


async def list_payments(tx: Tx, *, after: PaymentId | None, most: int, lock: bool) -> list[PaymentId]:
    """Return the ids of so many payments at most, those after an id; with `lock`, nobody adds to them meanwhile."""
    ids: list[PaymentId] = await tx.values(
        """
        SELECT payment_id FROM payment.payment
        WHERE %(after)s::uuid IS NULL OR payment_id > %(after)s ORDER BY payment_id LIMIT %(most)s
        """,
        {"after": after, "most": most},
    )
    if lock:
        await tx.execute(
            "SELECT FROM payment.payment WHERE payment_id = ANY(%s) ORDER BY payment_id FOR NO KEY UPDATE", [ids]
        )
    return ids


async def load_streams(tx: Tx, payment_ids: Sequence[PaymentId]) -> list[Recorded]:
    """Return the whole streams of payments, by id and version."""
    found = await tx.all(
        _recorded,
        """
        SELECT payment_id, version, type, data::text AS data, at, transaction_ids
        FROM payment.payment_event WHERE payment_id = ANY(%s) ORDER BY payment_id, version
        """,
        [list(payment_ids)],
    )
    return await _opened(tx, found)


async def create_payment(
    tx: Tx,
    *,
    payment_id: PaymentId,
    user_id: UserId,
    new: Sequence[New],
    at: datetime,
    view: PaymentView,
    look_at: datetime | None,
) -> None:
    """Begin a stream with its first events, and list it; what is personal of the payer is kept under their key."""
    new = [replace(one, event=await personal.sealed(tx, payment_id, one.event)) for one in new]
    await tx.execute(
        """
        WITH head AS (
            INSERT INTO payment.payment (payment_id, user_id, version, look_at)
            VALUES (%(payment_id)s, %(user_id)s, %(version)s, %(look_at)s) RETURNING payment_id
        ), listed AS (
            INSERT INTO payment.payment_view
            SELECT view.* FROM head, jsonb_populate_record(NULL::payment.payment_view, %(view)s::jsonb) AS view
        )
        INSERT INTO payment.payment_event (payment_id, version, type, data, at, transaction_ids)
        SELECT head.payment_id, event.number, event.type, event.data::jsonb, %(at)s, event.transactions::uuid[]
        FROM head, unnest(%(types)s::text[], %(data)s::text[], %(transactions)s::text[])
            WITH ORDINALITY AS event (type, data, transactions, number)
        """,
        {
            "payment_id": payment_id,
            "user_id": user_id,
            "version": len(new),
            "look_at": look_at,
            "at": at,
            "view": row_of(view),
            **_columns(new),
        },
    )


async def append(
    tx: Tx,
    *,
    payment_id: PaymentId,
    expected: int,
    new: Sequence[New],
    at: datetime,
    view: PaymentView,
    look_at: datetime | None,
    busy_until: datetime | None,
) -> bool:
    """Add events after the `expected` version and list the payment anew; False, and nothing done, when it is another."""
    added = await tx.execute(
        """
        WITH head AS (
            UPDATE payment.payment SET version = %(version)s, look_at = %(look_at)s, looks = 0, busy_until = %(busy_until)s
            WHERE payment_id = %(payment_id)s AND version = %(expected)s RETURNING payment_id
        ), listed AS (
            UPDATE payment.payment_view SET
                state = view.state, captured = view.captured, refunded = view.refunded, refunding = view.refunding,
                disputed = view.disputed, unexplained = view.unexplained, fee = view.fee,
                fee_currency = view.fee_currency, gateway = view.gateway, payment_ref = view.payment_ref,
                redirect_url = view.redirect_url, reason = view.reason, verdict = view.verdict,
                decision_id = view.decision_id, in_review = view.in_review, method_kept = view.method_kept,
                version = view.version, changed_at = view.changed_at
            FROM head, jsonb_populate_record(NULL::payment.payment_view, %(view)s::jsonb) AS view
            WHERE payment_view.payment_id = head.payment_id
        )
        INSERT INTO payment.payment_event (payment_id, version, type, data, at, transaction_ids)
        SELECT head.payment_id, %(expected)s + event.number, event.type, event.data::jsonb, %(at)s,
            event.transactions::uuid[]
        FROM head, unnest(%(types)s::text[], %(data)s::text[], %(transactions)s::text[])
            WITH ORDINALITY AS event (type, data, transactions, number)
        """,
        {
            "payment_id": payment_id,
            "expected": expected,
            "version": expected + len(new),
            "look_at": look_at,
            "busy_until": busy_until,
            "at": at,
            "view": row_of(view),
            **_columns(new),
        },
    )
    return added == len(new)


async def note_look(tx: Tx, payment_id: PaymentId, *, look_at: datetime | None, looks: int) -> None:
    """Say when somebody has to look at a payment again, and how often it was done in vain."""
    await tx.execute(
        "UPDATE payment.payment SET look_at = %s, looks = %s WHERE payment_id = %s", [look_at, looks, payment_id]
    )


async def note_busy(tx: Tx, payment_id: PaymentId, *, busy_until: datetime | None) -> None:
    """Say until when somebody asks a gateway about a payment; None: nobody does."""
    await tx.execute("UPDATE payment.payment SET busy_until = %s WHERE payment_id = %s", [busy_until, payment_id])


async def take_due(tx: Tx, *, now: datetime, until: datetime, most: int) -> list[PaymentId]:
    """Return payments whose time to be looked at has come, and put it off, so that one process takes each."""
    return await tx.values(
        """
        UPDATE payment.payment SET look_at = %(until)s
        WHERE payment_id IN (
            SELECT payment_id FROM payment.payment WHERE look_at <= %(now)s
            ORDER BY look_at LIMIT %(most)s FOR NO KEY UPDATE SKIP LOCKED
        )
        RETURNING payment_id
        """,
        {"now": now, "until": until, "most": most},
    )


async def _opened(tx: Tx, found: Sequence[Recorded]) -> list[Recorded]:
    events = await personal.opened(tx, [(one.payment_id, one.event) for one in found])
    return [replace(one, event=event) for one, event in zip(found, events, strict=True)]


def _columns(new: Iterable[New]) -> dict[str, list[str]]:
    events = list(new)
    return {
        "types": [one.event.type for one in events],
        "data": [codec.encode(one.event) for one in events],
        "transactions": ["{" + ",".join(map(str, one.transaction_ids)) + "}" for one in events],
    }


def _recorded(
    *,
    payment_id: PaymentId,
    version: int,
    type: str,  # noqa: A002 - a column
    data: str,
    at: datetime,
    transaction_ids: list[UUID],
) -> Recorded:
    return Recorded(
        payment_id=payment_id,
        version=version,
        at=at,
        event=codec.decode(type, data),
        transaction_ids=tuple(TransactionId(one) for one in transaction_ids),
    )
