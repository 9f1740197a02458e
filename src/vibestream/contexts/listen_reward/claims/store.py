"""The table of claims: spent nullifiers, and nothing about whose they are."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from vibestream.contexts.listen_reward.receipts.domain.field import Field, from_bytes, to_bytes
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True)
class Spent:
    """A claim that was paid. Of its instant the hour is kept."""

    nullifier: Field
    epoch: date
    units: int
    amount: Money
    wallet: str
    payout: Field
    hour: datetime


async def insert_claims(tx: Tx, spent: Sequence[Spent]) -> set[Field]:
    """Add claims, each of another nullifier, in one statement; return the nullifiers that were not spent before.

    Those that were are left as they are. Of two transactions at once the second waits, and both go in the order of the
    nullifiers, so that neither waits for the other in turn.
    """
    inserted = await tx.values(
        """
        INSERT INTO listen_reward.claim (nullifier, epoch, units, amount, wallet, payout, claimed_hour)
        SELECT nullifier, epoch, units, amount, wallet, payout, claimed_hour
        FROM unnest(%s::bytea[], %s::date[], %s::int[], %s::bigint[], %s::text[], %s::bytea[], %s::timestamptz[])
            AS new (nullifier, epoch, units, amount, wallet, payout, claimed_hour)
        ORDER BY nullifier ON CONFLICT DO NOTHING RETURNING nullifier
        """,
        [
            *([to_bytes(one.nullifier) for one in spent], [one.epoch for one in spent], [one.units for one in spent]),
            *([one.amount.minor for one in spent], [one.wallet for one in spent]),
            *([to_bytes(one.payout) for one in spent], [one.hour for one in spent]),
        ],
    )
    return {from_bytes(bytes(one)) for one in inserted}


async def payouts_of(tx: Tx, nullifiers: Iterable[Field]) -> dict[Field, Field]:
    """Return what spent nullifiers were paid to, as elements; those that are not spent are left out."""
    rows = await tx.all(
        _paid_to,
        "SELECT nullifier, payout FROM listen_reward.claim WHERE nullifier = ANY(%s)",
        [[to_bytes(one) for one in nullifiers]],
    )
    return dict(rows)


async def claimed_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what was claimed of each epoch, counted from the claims."""
    rows = await tx.all(_claimed, "SELECT epoch, sum(amount)::bigint AS amount FROM listen_reward.claim GROUP BY epoch")
    return dict(rows)


async def granted_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what listens earned in each epoch that are paid by claims."""
    rows = await tx.all(
        _claimed,
        """
        SELECT epoch, sum(amount)::bigint AS amount FROM listen_reward.earned
        WHERE way = 'receipt' AND outcome = 'granted' GROUP BY epoch
        """,
    )
    return dict(rows)


async def list_returned(tx: Tx) -> list[date]:
    """Return the epochs of which nothing can be claimed any more."""
    return await tx.values("SELECT epoch FROM listen_reward.receipt_epoch WHERE returned_at IS NOT NULL ORDER BY epoch")


def _paid_to(*, nullifier: bytes, payout: bytes) -> tuple[Field, Field]:
    return from_bytes(bytes(nullifier)), from_bytes(bytes(payout))


def _claimed(*, epoch: date, amount: int) -> tuple[date, Money]:
    return epoch, Money(amount, VIBE)
