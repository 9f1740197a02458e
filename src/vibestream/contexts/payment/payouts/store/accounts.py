"""Payees' own accounts at Stripe."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class PayeeAccount:
    """A payee's account at Stripe, or the key under which it is being opened."""

    user_id: UserId
    key: str
    country: str
    account_ref: str | None


async def begin_account(tx: Tx, *, user_id: UserId, key: str, country: str, now: datetime) -> PayeeAccount:
    """Keep the key of an account that is about to be opened, and return it, or the one that was kept before."""
    await tx.execute(
        """
        INSERT INTO payment.payee_account (user_id, key, country, begun_at) VALUES (%s, %s, %s, %s)
        ON CONFLICT (user_id) DO NOTHING
        """,
        [user_id, key, country, now],
    )
    found = await load_account(tx, user_id)
    assert found is not None  # noqa: S101 - it was there, or has just been written
    return found


async def save_account(tx: Tx, *, user_id: UserId, account_ref: str) -> None:
    """Keep what Stripe calls a payee's account."""
    await tx.execute(
        "UPDATE payment.payee_account SET account_ref = %s WHERE user_id = %s AND account_ref IS NULL",
        [account_ref, user_id],
    )


async def load_account(tx: Tx, user_id: UserId) -> PayeeAccount | None:
    """Return a payee's account."""
    return await tx.one(
        PayeeAccount,
        "SELECT user_id, key, country, account_ref FROM payment.payee_account WHERE user_id = %s",
        [user_id],
    )
