"""What became of captured payments, and what had to be given back of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.kernel.ids import HoldId, PaymentId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


class Destination(enum.StrEnum):
    """Where a captured payment went."""

    WALLET = "wallet"
    TIP = "tip"
    SUBSCRIPTION = "subscription"


class GiveBackReason(enum.StrEnum):
    """Why some of a settled payment left again."""

    REFUND_ASKED = "refund_asked"
    """We asked for it, and took it from where it had gone before we did."""
    REFUND_UNASKED = "refund_unasked"
    """The gateway did it by itself."""
    DISPUTE_LOST = "dispute_lost"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Where one captured payment went."""

    payment_id: PaymentId
    user_id: UserId
    destination: Destination
    subject: str
    """Of what it went to: a tip's or a subscription's id, a person's for a wallet."""
    amount: Money
    returned: Money
    """How much of it is no longer with us."""
    transaction_id: TransactionId
    dispute_hold: HoldId | None
    settled_at: datetime

    @property
    def left(self) -> Money:
        """What of it is still with us."""
        return self.amount - self.returned


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """What a lost dispute took; amounts in minor units."""

    key: str
    counted: int
    taken: int
    transaction_id: TransactionId | None


async def lock_settlement(tx: Tx, *, payment_id: PaymentId) -> Settlement | None:
    """Return a payment's settlement, its row locked."""
    return await tx.one(
        _settlement,
        """
        SELECT payment_id, user_id, destination, subject, currency, amount, returned, transaction_id, dispute_hold,
            settled_at
        FROM payment.settlement WHERE payment_id = %s FOR NO KEY UPDATE
        """,
        [payment_id],
    )


async def load_settlement(tx: Tx, *, payment_id: PaymentId) -> Settlement | None:
    """Return a payment's settlement."""
    return await tx.one(
        _settlement,
        """
        SELECT payment_id, user_id, destination, subject, currency, amount, returned, transaction_id, dispute_hold,
            settled_at
        FROM payment.settlement WHERE payment_id = %s
        """,
        [payment_id],
    )


async def list_settlements(
    tx: Tx, *, user_id: UserId, destination: Destination, before: datetime | None, limit: int
) -> list[Settlement]:
    """Return a person's payments that went to one destination, the newest first."""
    return await tx.all(
        _settlement,
        """
        SELECT payment_id, user_id, destination, subject, currency, amount, returned, transaction_id, dispute_hold,
            settled_at
        FROM payment.settlement
        WHERE user_id = %(user_id)s AND destination = %(destination)s
            AND (%(before)s::timestamptz IS NULL OR settled_at < %(before)s)
        ORDER BY settled_at DESC LIMIT %(limit)s
        """,
        {"user_id": user_id, "destination": destination.value, "before": before, "limit": limit},
    )


async def insert_settlement(tx: Tx, *, settlement: Settlement) -> None:
    """Write down where a payment went.

    Raises:
        psycopg.errors.UniqueViolation: it was written down before; the caller looked, and posts under one key.
    """
    await tx.execute(
        """
        INSERT INTO payment.settlement
            (payment_id, user_id, destination, subject, currency, amount, transaction_id, settled_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            settlement.payment_id,
            settlement.user_id,
            settlement.destination.value,
            settlement.subject,
            settlement.amount.currency.code,
            settlement.amount.minor,
            settlement.transaction_id,
            settlement.settled_at,
        ],
    )


async def save_dispute_hold(tx: Tx, *, payment_id: PaymentId, hold_id: HoldId | None) -> None:
    """Remember, or forget, what is held while a payment is disputed."""
    await tx.execute(
        "UPDATE payment.settlement SET dispute_hold = %s WHERE payment_id = %s",
        [hold_id, payment_id],
    )


async def knows_give_back(tx: Tx, *, key: str) -> bool:
    """Say whether a giving back was written down; ask with the settlement locked."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM payment.give_back WHERE key = %s)", [key]))


async def insert_give_back(
    tx: Tx,
    *,
    key: str,
    payment_id: PaymentId,
    reason: GiveBackReason,
    wanted: int,
    counted: int,
    taken: int,
    owed: int,
    transaction_id: TransactionId | None,
    at: datetime,
) -> None:
    """Write down a giving back, and count it on its settlement. Amounts are minor units of the payment's currency."""
    await tx.execute(
        """
        WITH counted AS (UPDATE payment.settlement SET returned = returned + %(counted)s WHERE payment_id = %(payment_id)s)
        INSERT INTO payment.give_back
            (key, payment_id, reason, wanted, counted, taken, owed, transaction_id, at)
        VALUES (%(key)s, %(payment_id)s, %(reason)s, %(wanted)s, %(counted)s, %(taken)s, %(owed)s, %(transaction_id)s, %(at)s)
        """,
        {
            "key": key,
            "payment_id": payment_id,
            "reason": reason.value,
            "wanted": wanted,
            "counted": counted,
            "taken": taken,
            "owed": owed,
            "transaction_id": transaction_id,
            "at": at,
        },
    )


async def load_lost(tx: Tx, *, payment_id: PaymentId, wanted: int) -> Lost | None:
    """Return the latest loss of a dispute over so many minor units of a payment that was not restored."""
    return await tx.one(
        Lost,
        """
        SELECT key, counted, taken, transaction_id FROM payment.give_back
        WHERE payment_id = %s AND reason = 'dispute_lost' AND wanted = %s AND restored_at IS NULL
        ORDER BY at DESC, key LIMIT 1
        """,
        [payment_id, wanted],
    )


async def save_restored(tx: Tx, *, key: str, payment_id: PaymentId, counted: int, at: datetime) -> None:
    """Write down that a loss was none, and count it with its settlement no more."""
    await tx.execute(
        """
        WITH restored AS (UPDATE payment.give_back SET restored_at = %s WHERE key = %s)
        UPDATE payment.settlement SET returned = returned - %s WHERE payment_id = %s
        """,
        [at, key, counted, payment_id],
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return every entry on a person's own accounts, in minor units; of the other sides of them nothing."""
    return await tx.values(
        "SELECT jsonb_build_object('account', a.kind, 'currency', a.currency, 'amount', e.amount,"
        " 'balance_after', e.balance_after, 'transaction_id', t.id, 'for', t.kind, 'recorded_at', t.recorded_at)"
        " FROM payment.account a JOIN payment.account_kind k ON k.kind = a.kind AND k.personal"
        " JOIN payment.entry e ON e.account_id = a.id JOIN payment.transaction t ON t.id = e.transaction_id"
        " WHERE a.subject = %s ORDER BY e.position",
        [str(user_id)],
    )


def _settlement(
    *,
    payment_id: PaymentId,
    user_id: UserId,
    destination: str,
    subject: str,
    currency: str,
    amount: int,
    returned: int,
    transaction_id: TransactionId,
    dispute_hold: HoldId | None,
    settled_at: datetime,
) -> Settlement:
    of = Currency.of(currency)
    return Settlement(
        payment_id=payment_id,
        user_id=user_id,
        destination=Destination(destination),
        subject=subject,
        amount=Money(amount, of),
        returned=Money(returned, of),
        transaction_id=transaction_id,
        dispute_hold=dispute_hold,
        settled_at=settled_at,
    )
