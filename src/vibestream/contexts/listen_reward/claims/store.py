"""The table of claims: spent nullifiers, and nothing about whose they are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from vibestream.contexts.listen_reward.receipts.domain.field import Field, to_bytes
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Spent:
    """A claim that was paid."""

    nullifier: Field
    epoch: date
    units: int
    amount: Money
    wallet: str
    payout: Field


async def insert_claim(tx: Tx, spent: Spent, *, hour: datetime) -> bool:
    """Add a claim; return False, and change nothing, when its nullifier is spent. Of two at once the second waits."""
    return (
        await tx.execute(
            """
        INSERT INTO listen_reward.claim (nullifier, epoch, units, amount, wallet, payout, claimed_hour)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT DO NOTHING
        """,
            [
                *(to_bytes(spent.nullifier), spent.epoch, spent.units, spent.amount.minor, spent.wallet),
                *(to_bytes(spent.payout), hour),
            ],
        )
        == 1
    )


async def payout_of(tx: Tx, nullifier: Field) -> bytes | None:
    """Return what a spent nullifier was paid to, as its payout element's bytes."""
    found = await tx.value("SELECT payout FROM listen_reward.claim WHERE nullifier = %s", [to_bytes(nullifier)])
    return None if found is None else bytes(found)


async def claimed_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what was claimed of each epoch, counted from the claims."""
    rows = await tx.all(_claimed, "SELECT epoch, sum(amount)::bigint AS amount FROM listen_reward.claim GROUP BY epoch")
    return dict(rows)


async def granted_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what listens earned in each epoch that are paid by claims."""
    rows = await tx.all(
        _claimed,
        """
        SELECT epoch, sum(amount)::bigint AS amount FROM listen_reward.reward
        WHERE way = 'receipt' AND outcome = 'granted' GROUP BY epoch
        """,
    )
    return dict(rows)


async def list_returned(tx: Tx) -> list[date]:
    """Return the epochs of which nothing can be claimed any more."""
    return await tx.values("SELECT epoch FROM listen_reward.receipt_epoch WHERE returned_at IS NOT NULL ORDER BY epoch")


def _claimed(*, epoch: date, amount: int) -> tuple[date, Money]:
    return epoch, Money(amount, VIBE)
