"""Policies, rates, where payees are taxed, advances."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.payees import Rate
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Idle, Policy, Rules
from vibestream.kernel.ids import AccountId, TransactionId, UserId
from vibestream.kernel.money import Currency, Money
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyMade:
    """A policy, and who made it when."""

    policy: Policy
    made_by: UserId | None
    """None: it came with the product."""
    made_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Advance:
    """An advance that was granted."""

    advance_id: UUID
    payee_id: UserId
    amount: Money
    note: str
    granted_by: UserId
    granted_at: datetime
    transaction_id: TransactionId


@dataclass(frozen=True, slots=True, kw_only=True)
class Advanced:
    """What a payee was advanced in a currency, and how much of it is left to be recouped."""

    payee_id: UserId
    granted: Money
    left: Money
    account_id: AccountId
    """The ledger's account of it: each entry is an advance, or what a month recouped."""


async def lock_policies(tx: Tx) -> None:
    """Keep others from adding a policy until the transaction ends."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payment.royalty_policy', 0))")


async def list_policies_made(tx: Tx) -> list[PolicyMade]:
    """Return every policy with who made it when, the latest version first."""
    return await tx.all(
        _policy_made,
        """
        SELECT version, effective_from, engine, pool_share_bp, least_listens, most_per_track, most_per_listener,
            subscribers_only, idle, hold_days, note, made_by, made_at
        FROM payment.royalty_policy ORDER BY version DESC
        """,
    )


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


async def list_advances(tx: Tx, *, before: tuple[datetime, UUID] | None, limit: int) -> list[Advance]:
    """Return advances, the latest first; only those before an instant and an id."""
    at, id_ = before or (None, None)
    return await tx.all(
        _advance,
        """
        SELECT id, payee_id, currency, amount, note, granted_by, granted_at, transaction_id FROM payment.royalty_advance
        WHERE %(at)s::timestamptz IS NULL OR (granted_at, id) < (%(at)s, %(id)s::uuid)
        ORDER BY granted_at DESC, id DESC LIMIT %(limit)s
        """,
        {"at": at, "id": id_, "limit": limit},
    )


async def list_advanced(tx: Tx, *, limit: int) -> list[Advanced]:
    """Return what payees were advanced and have not earned back, those first of whom most is left."""
    return await tx.all(
        _advanced,
        """
        SELECT granted.payee_id, granted.currency, granted.amount, -balance.posted AS left_over, balance.id
        FROM (
            SELECT payee_id, currency, sum(amount) AS amount FROM payment.royalty_advance GROUP BY payee_id, currency
        ) AS granted
        JOIN payment.account_balance balance ON balance.kind = 'advances' AND balance.subject = granted.payee_id::text
            AND balance.currency = granted.currency
        ORDER BY -balance.posted DESC, granted.payee_id, granted.currency LIMIT %s
        """,
        [limit],
    )


def _advance(*, id: UUID, currency: str, amount: int, **rest: Any) -> Advance:  # noqa: A002 - the column's name
    return Advance(advance_id=id, amount=Money(amount, Currency.of(currency)), **rest)


def _advanced(*, payee_id: UserId, currency: str, amount: Decimal, left_over: Decimal, id: AccountId) -> Advanced:  # noqa: A002
    of = Currency.of(currency)
    return Advanced(payee_id=payee_id, granted=Money(int(amount), of), left=Money(int(left_over), of), account_id=id)


def _policy_made(*, made_by: UserId | None, made_at: datetime, **rest: Any) -> PolicyMade:
    return PolicyMade(policy=_policy(**rest), made_by=made_by, made_at=made_at)


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
