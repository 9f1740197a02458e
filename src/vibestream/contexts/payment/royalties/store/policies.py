"""Policies, rates, where payees are taxed, advances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.payees import Rate
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Idle, Policy, Rules
from vibestream.kernel.ids import TransactionId, UserId
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx


async def list_policies(tx: Tx) -> list[Policy]:
    """Return every policy, the oldest version first."""
    return await tx.all(
        _policy,
        """
        SELECT version, effective_from, engine, pool_share_bp, least_listens, most_per_track, most_per_listener,
            subscribers_only, idle, hold_days, note
        FROM payment.royalty_policy ORDER BY version
        """,
    )


async def add_policy(tx: Tx, policy: Policy, *, made_by: UserId | None) -> int:
    """Keep a policy and return its version."""
    rules = policy.rules
    return int(
        await tx.value(
            """
            INSERT INTO payment.royalty_policy (effective_from, engine, pool_share_bp, least_listens, most_per_track,
                most_per_listener, subscribers_only, idle, hold_days, made_by, note)
            VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s) RETURNING version
            """,
            [
                policy.effective_from,
                policy.engine.value,
                policy.pool_share_bp,
                rules.least_listens,
                rules.most_per_track,
                rules.most_per_listener,
                rules.subscribers_only,
                rules.idle.value,
                policy.hold_days,
                made_by,
                policy.note,
            ],
        )
    )


async def list_rates(tx: Tx) -> list[Rate]:
    """Return every withholding rate."""
    return await tx.all(
        Rate, "SELECT country, effective_from, rate_bp FROM payment.withholding_rate ORDER BY country, effective_from"
    )


async def add_rate(tx: Tx, rate: Rate, *, made_by: UserId | None) -> bool:
    """Keep a rate; return False when the country has one from that month already."""
    return (
        await tx.execute(
            """
        INSERT INTO payment.withholding_rate (country, effective_from, rate_bp, made_by) VALUES (%s, %s, %s, %s)
        ON CONFLICT DO NOTHING
        """,
            [rate.country, rate.effective_from, rate.rate_bp, made_by],
        )
        == 1
    )


async def add_country(tx: Tx, payee_id: UserId, *, country: str, since: date) -> bool:
    """Keep where a payee is taxed from a month on; return False when that is said already."""
    return (
        await tx.execute(
            """
        INSERT INTO payment.royalty_payee (payee_id, country, since) VALUES (%s, %s, %s) ON CONFLICT DO NOTHING
        """,
            [payee_id, country, since],
        )
        == 1
    )


async def countries(tx: Tx, payees: Collection[UUID], *, month: date) -> Mapping[UUID, str]:
    """Return where payees are taxed in a month, of those who said."""
    return dict(
        await tx.all(
            _country,
            """
            SELECT DISTINCT ON (payee_id) payee_id, country FROM payment.royalty_payee
            WHERE payee_id = ANY(%s) AND since <= %s ORDER BY payee_id, since DESC
            """,
            [list(payees), month],
        )
    )


async def add_advance(
    tx: Tx,
    advance_id: UUID,
    *,
    payee_id: UserId,
    amount: Money,
    note: str,
    granted_by: UserId,
    transaction_id: TransactionId,
) -> None:
    """Keep who granted an advance, and why; the money is in the ledger. Keeping it twice is keeping it once."""
    await tx.execute(
        """
        INSERT INTO payment.royalty_advance (id, payee_id, currency, amount, note, granted_by, transaction_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s) ON CONFLICT (id) DO NOTHING
        """,
        [advance_id, payee_id, amount.currency.code, amount.minor, note, granted_by, transaction_id],
    )


def _country(*, payee_id: UUID, country: str) -> tuple[UUID, str]:
    return payee_id, country


def _policy(*, engine: str, idle: str, effective_from: date, note: str, **rest: Any) -> Policy:
    return Policy(
        version=rest["version"],
        engine=EngineName(engine),
        pool_share_bp=rest["pool_share_bp"],
        hold_days=rest["hold_days"],
        effective_from=effective_from,
        note=note,
        rules=Rules(
            least_listens=rest["least_listens"],
            most_per_track=rest["most_per_track"],
            most_per_listener=rest["most_per_listener"],
            subscribers_only=rest["subscribers_only"],
            idle=Idle(idle),
        ),
    )
