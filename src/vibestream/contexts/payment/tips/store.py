"""Tips, their policy, and which account an artist's tips belong to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.payment.tips.domain import Tip, TipPolicy, TipState
from vibestream.kernel.ids import ArtistId, HoldId, PaymentId, TipId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx

_SELECT: Final = """
SELECT tip_id, from_user, artist_id, payee, currency, amount, platform_share, message, state, from_wallet, payment_id,
    hold_id, returned, made_at, paid_at
FROM payment.tip
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class TippedArtist:
    """An artist as tips know one."""

    artist_id: ArtistId
    user_id: UserId
    name: str


async def list_policies(tx: Tx, *, now: datetime) -> list[TipPolicy]:
    """Return the policies in effect, one per currency, by its code."""
    return await tx.all(
        _policy,
        """
        SELECT DISTINCT ON (currency) currency, minimum, maximum, platform_share_bp FROM payment.tip_policy
        WHERE effective_from <= %s ORDER BY currency, effective_from DESC
        """,
        [now],
    )


async def save_artist(tx: Tx, artist: TippedArtist, *, as_of: datetime) -> None:
    """Keep the newest that is known of an artist."""
    await tx.execute(
        """
        INSERT INTO payment.tip_artist AS known (artist_id, user_id, name, as_of) VALUES (%s, %s, %s, %s)
        ON CONFLICT (artist_id) DO UPDATE SET user_id = excluded.user_id, name = excluded.name, as_of = excluded.as_of
        WHERE known.as_of <= excluded.as_of
        """,
        [artist.artist_id, artist.user_id, artist.name, as_of],
    )


async def load_artist(tx: Tx, *, artist_id: ArtistId) -> TippedArtist | None:
    """Return an artist."""
    return await tx.one(
        TippedArtist,
        "SELECT artist_id, user_id, name FROM payment.tip_artist WHERE artist_id = %s",
        [artist_id],
    )


async def claim_request(tx: Tx, *, tip: Tip, key: str, request_hash: bytes) -> tuple[TipId, bytes]:
    """Have a key of a giver stand for a tip unless it stands for one, and return which it stands for and what was asked.

    Of two sessions with one key, the second waits until the first has committed.
    """
    await tx.execute(
        """
        INSERT INTO payment.tip_request (user_id, key, request_hash, tip_id, at) VALUES (%s, %s, %s, %s, %s)
        ON CONFLICT (user_id, key) DO NOTHING
        """,
        [tip.from_user, key, request_hash, tip.tip_id, tip.made_at],
    )
    found = await tx.one(
        _request,
        "SELECT tip_id, request_hash FROM payment.tip_request WHERE user_id = %s AND key = %s",
        [tip.from_user, key],
    )
    assert found is not None  # noqa: S101 - it is there, and rows of this table are never deleted
    return found


async def load_tip(tx: Tx, *, tip_id: TipId) -> Tip | None:
    """Return a tip."""
    return await tx.one(_tip, _SELECT + " WHERE tip_id = %s", [tip_id])


async def insert_tip(tx: Tx, tip: Tip, *, transaction_id: TransactionId | None) -> None:
    """Add a tip, with the transaction that paid it when it was paid at once."""
    await tx.execute(
        """
        INSERT INTO payment.tip (tip_id, from_user, artist_id, payee, currency, amount, platform_share, message, state,
            from_wallet, payment_id, hold_id, transaction_id, made_at, paid_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            tip.tip_id,
            tip.from_user,
            tip.artist_id,
            tip.payee,
            tip.amount.currency.code,
            tip.amount.minor,
            tip.platform_share.minor,
            tip.message,
            tip.state.value,
            tip.from_wallet.minor,
            tip.payment_id,
            tip.hold_id,
            transaction_id,
            tip.made_at,
            tip.paid_at,
        ],
    )


async def lock_tip(tx: Tx, *, tip_id: TipId) -> Tip | None:
    """Return a tip, its row locked."""
    return await tx.one(_tip, _SELECT + " WHERE tip_id = %s FOR NO KEY UPDATE", [tip_id])


async def lock_of_payment(tx: Tx, *, payment_id: PaymentId) -> Tip | None:
    """Return the tip that a payment is for, its row locked."""
    return await tx.one(_tip, _SELECT + " WHERE payment_id = %s FOR NO KEY UPDATE", [payment_id])


async def save_paid(tx: Tx, *, tip_id: TipId, transaction_id: TransactionId, at: datetime) -> None:
    """Write down that a tip was paid, and by which transaction."""
    await tx.execute(
        "UPDATE payment.tip SET state = 'paid', transaction_id = %s, paid_at = %s WHERE tip_id = %s",
        [transaction_id, at, tip_id],
    )


async def save_abandoned(tx: Tx, *, tip_id: TipId) -> None:
    """Write down that a tip will not be paid."""
    await tx.execute(
        "UPDATE payment.tip SET state = 'abandoned' WHERE tip_id = %s",
        [tip_id],
    )


async def save_returned(tx: Tx, *, tip_id: TipId, returned: int) -> None:
    """Write down how much of a tip went back in all, in minor units."""
    await tx.execute(
        """
        UPDATE payment.tip SET returned = %(returned)s,
            state = CASE WHEN amount = %(returned)s THEN 'returned' ELSE 'paid' END
        WHERE tip_id = %(tip_id)s
        """,
        {"returned": returned, "tip_id": tip_id},
    )


async def list_sent(tx: Tx, *, user_id: UserId, before: TipId | None, limit: int) -> list[Tip]:
    """Return what somebody gave or wanted to, the newest first."""
    return await tx.all(
        _tip,
        _SELECT
        + " WHERE from_user = %(user_id)s AND (%(before)s::uuid IS NULL OR tip_id < %(before)s)"
        + " ORDER BY tip_id DESC LIMIT %(limit)s",
        {"user_id": user_id, "before": before, "limit": limit},
    )


async def list_received(tx: Tx, *, user_id: UserId, before: TipId | None, limit: int) -> list[Tip]:
    """Return what reached somebody's artists, the newest first."""
    return await tx.all(
        _tip,
        _SELECT
        + " WHERE payee = %(user_id)s AND transaction_id IS NOT NULL"
        + " AND (%(before)s::uuid IS NULL OR tip_id < %(before)s) ORDER BY tip_id DESC LIMIT %(limit)s",
        {"user_id": user_id, "before": before, "limit": limit},
    )


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return the tips that a person gave, with what they wrote."""
    return await tx.values(
        "SELECT jsonb_build_object('artist_id', artist_id, 'currency', currency, 'amount', amount, 'message', message,"
        " 'made_at', made_at) FROM payment.tip WHERE from_user = %s ORDER BY tip_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Empty what a person wrote to those they tipped; nobody can tip them any more."""
    await tx.execute("UPDATE payment.tip SET message = '' WHERE from_user = %s", [user_id])
    await tx.execute("DELETE FROM payment.tip_artist WHERE user_id = %s", [user_id])


def _request(*, tip_id: UUID, request_hash: bytes) -> tuple[TipId, bytes]:
    return TipId(tip_id), request_hash


def _policy(*, currency: str, minimum: int, maximum: int, platform_share_bp: int) -> TipPolicy:
    of = Currency.of(currency)
    return TipPolicy(minimum=Money(minimum, of), maximum=Money(maximum, of), platform_share_bp=platform_share_bp)


def _tip(
    *,
    tip_id: TipId,
    from_user: UserId,
    artist_id: ArtistId,
    payee: UserId,
    currency: str,
    amount: int,
    platform_share: int,
    message: str,
    state: str,
    from_wallet: int,
    payment_id: PaymentId | None,
    hold_id: HoldId | None,
    returned: int,
    made_at: datetime,
    paid_at: datetime | None,
) -> Tip:
    of = Currency.of(currency)
    return Tip(
        tip_id=tip_id,
        from_user=from_user,
        artist_id=artist_id,
        payee=payee,
        amount=Money(amount, of),
        platform_share=Money(platform_share, of),
        message=message,
        state=TipState(state),
        from_wallet=Money(from_wallet, of),
        payment_id=payment_id,
        hold_id=hold_id,
        returned=Money(returned, of),
        made_at=made_at,
        paid_at=paid_at,
    )
