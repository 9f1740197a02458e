"""Who asked for a run to be reversed, and who agreed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from vibestream.kernel.ids import RoyaltyRunId, UserId
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class ReversalRequest:
    """One person's wish that a run be reversed, and another one's consent."""

    run_id: RoyaltyRunId
    asked_by: UserId
    asked_at: datetime
    reason: str
    approved_by: UserId | None
    approved_at: datetime | None


async def add_request(tx: Tx, run_id: RoyaltyRunId, *, asked_by: UserId, reason: str) -> bool:
    """Keep a request; return False when there is one already."""
    return (
        await tx.execute(
            """
        INSERT INTO payment.royalty_reversal_request (run_id, asked_by, reason) VALUES (%s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
            [run_id, asked_by, reason],
        )
        == 1
    )


async def lock_request(tx: Tx, run_id: RoyaltyRunId) -> ReversalRequest | None:
    """Lock a request against others who approve it, and return it."""
    return await tx.one(
        ReversalRequest,
        """
        SELECT run_id, asked_by, asked_at, reason, approved_by, approved_at
        FROM payment.royalty_reversal_request WHERE run_id = %s FOR UPDATE
        """,
        [run_id],
    )


async def approve(tx: Tx, run_id: RoyaltyRunId, *, approved_by: UserId) -> None:
    """Note who agreed."""
    await tx.execute(
        """
        UPDATE payment.royalty_reversal_request SET approved_by = %s, approved_at = clock_timestamp() WHERE run_id = %s
        """,
        [approved_by, run_id],
    )


async def list_open(tx: Tx) -> list[ReversalRequest]:
    """Return the requests that wait for a second person, the oldest first."""
    return await tx.all(
        ReversalRequest,
        """
        SELECT run_id, asked_by, asked_at, reason, approved_by, approved_at
        FROM payment.royalty_reversal_request WHERE approved_by IS NULL ORDER BY asked_at
        """,
    )
