"""Pools, revenue, runs, and what they gave to whom."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.royalties.domain.payees import Settlement
from vibestream.contexts.payment.royalties.domain.policy import EngineName, Exclusion
from vibestream.contexts.payment.royalties.domain.runs import Line, PayeeShare, PoolView, Reckoning, RunView
from vibestream.contexts.payment.royalties.domain.usage import Claim, Revenue
from vibestream.kernel.ids import RoyaltyRunId, TransactionId, UserId
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx


async def add_pool(tx: Tx, pool: PoolView, revenue: Sequence[Revenue]) -> None:
    """Keep a closed month's pool and who paid for it."""
    await tx.execute(
        """
        INSERT INTO payment.royalty_pool
            (month, currency, gross, fees, pool, pool_share_bp, policy_version, closed_by, closed_at, transaction_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            pool.month,
            pool.currency.code,
            pool.gross,
            pool.fees,
            pool.pool,
            pool.pool_share_bp,
            pool.policy_version,
            pool.closed_by,
            pool.closed_at,
            pool.transaction_id,
        ],
    )
    await tx.copy(
        "COPY payment.royalty_revenue (month, currency, subscriber_id, gross, fees, listeners) FROM STDIN",
        (
            (pool.month, pool.currency.code, one.subscriber_id, one.gross, one.fees, list(one.listeners))
            for one in revenue
        ),
    )


async def load_pool(tx: Tx, month: date, currency: Currency) -> PoolView | None:
    """Return a closed month's pool."""
    return await tx.one(
        _pool,
        """
        SELECT month, currency, gross, fees, pool, pool_share_bp, policy_version, closed_by, closed_at, transaction_id
        FROM payment.royalty_pool WHERE month = %s AND currency = %s
        """,
        [month, currency.code],
    )


async def list_pools(tx: Tx, *, limit: int) -> list[PoolView]:
    """Return closed months, the newest first."""
    return await tx.all(
        _pool,
        """
        SELECT month, currency, gross, fees, pool, pool_share_bp, policy_version, closed_by, closed_at, transaction_id
        FROM payment.royalty_pool ORDER BY month DESC, currency LIMIT %s
        """,
        [limit],
    )


async def load_revenue(tx: Tx, month: date, currency: Currency) -> list[Revenue]:
    """Return who paid for a closed month."""
    return await tx.all(
        _revenue,
        """
        SELECT subscriber_id, gross, fees, listeners FROM payment.royalty_revenue
        WHERE month = %s AND currency = %s ORDER BY subscriber_id
        """,
        [month, currency.code],
    )


async def add_run(
    tx: Tx, run: RunView, reckoning: Reckoning, exclusions: Sequence[Exclusion], leaf_hashes: Sequence[bytes]
) -> None:
    """Keep a run with what it gave to whom, and why; the hashes of the statements are in the order of payees."""
    await tx.execute(
        """
        INSERT INTO payment.royalty_run (id, month, currency, number, engine, policy_version, usage_hash,
            statements_root, pool, unallocated, made_by, made_at, transaction_id)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
        """,
        [
            run.run_id,
            run.month,
            run.currency.code,
            run.number,
            run.engine.value,
            run.policy_version,
            run.usage_hash,
            run.statements_root,
            run.pool,
            run.unallocated,
            run.made_by,
            run.made_at,
            run.transaction_id,
        ],
    )
    await tx.copy(
        "COPY payment.royalty_exclusion (run_id, number, listener_id, track_id, reason) FROM STDIN",
        ((run.run_id, number, one.listener_id, one.track_id, one.reason) for number, one in enumerate(exclusions, 1)),
    )
    await tx.copy(
        "COPY payment.royalty_share (run_id, payee_id, position, pro_rata, user_centric, earned, recouped, country, "
        "rate_bp, withheld, repaid, payable, leaf_hash) FROM STDIN",
        (
            (*_share_row(run.run_id, position, share), leaf)
            for position, (share, leaf) in enumerate(zip(reckoning.payees, leaf_hashes, strict=True))
        ),
    )
    await tx.copy(
        "COPY payment.royalty_line (run_id, payee_id, track_id, heard_month, share_bp, listens, counted, track_earned, "
        "pro_rata, user_centric) FROM STDIN",
        (_line_row(run.run_id, line) for line in reckoning.lines),
    )


async def load_run(tx: Tx, run_id: RoyaltyRunId) -> RunView | None:
    """Return a run."""
    found = await list_runs(tx, run_id=run_id, limit=1)
    return found[0] if found else None


async def list_runs(
    tx: Tx,
    *,
    run_id: RoyaltyRunId | None = None,
    month: date | None = None,
    currency: Currency | None = None,
    payee_id: UserId | None = None,
    standing: bool = False,
    limit: int,
) -> list[RunView]:
    """Return runs, the newest first: of a month, in a currency, with a share of a payee, or those not reversed."""
    return await tx.all(
        _run,
        """
        SELECT run.id, run.month, run.currency, run.number, run.engine, run.policy_version, run.usage_hash,
            run.statements_root, run.pool, run.unallocated, run.made_by, run.made_at, run.transaction_id,
            run.reversed_at, run.reversal_transaction_id
        FROM payment.royalty_run run
        WHERE (%(run)s::uuid IS NULL OR run.id = %(run)s)
            AND (%(month)s::date IS NULL OR run.month = %(month)s)
            AND (%(currency)s::text IS NULL OR run.currency = %(currency)s)
            AND (%(payee)s::uuid IS NULL OR EXISTS (
                SELECT FROM payment.royalty_share share WHERE share.run_id = run.id AND share.payee_id = %(payee)s))
            AND (NOT %(standing)s OR run.reversed_at IS NULL)
        ORDER BY run.month DESC, run.currency, run.number DESC LIMIT %(limit)s
        """,
        {
            "run": run_id,
            "month": month,
            "currency": None if currency is None else currency.code,
            "payee": payee_id,
            "standing": standing,
            "limit": limit,
        },
    )


async def sample_standing(tx: Tx, *, limit: int) -> list[RoyaltyRunId]:
    """Return some of the runs that stand, chosen at random."""
    return await tx.values(
        "SELECT id FROM payment.royalty_run WHERE reversed_at IS NULL ORDER BY random() LIMIT %s", [limit]
    )


async def mark_reversed(tx: Tx, run_id: RoyaltyRunId, *, transaction_id: TransactionId) -> None:
    """Note that a run's transaction was reversed."""
    await tx.execute(
        """
        UPDATE payment.royalty_run SET reversed_at = clock_timestamp(), reversal_transaction_id = %s WHERE id = %s
        """,
        [transaction_id, run_id],
    )


async def load_exclusions(tx: Tx, run_id: RoyaltyRunId) -> list[Exclusion]:
    """Return what a run did not count, and why."""
    return await tx.all(
        Exclusion,
        "SELECT listener_id, track_id, reason FROM payment.royalty_exclusion WHERE run_id = %s ORDER BY number",
        [run_id],
    )


async def load_shares(
    tx: Tx,
    run_id: RoyaltyRunId,
    *,
    payee_id: UserId | None = None,
    by_difference: bool = False,
    limit: int | None = None,
) -> list[PayeeShare]:
    """Return what a run gave to payees, by id or by how much the engines differ, the most first."""
    return await tx.all(
        _share,
        """
        SELECT payee_id, pro_rata, user_centric, earned, recouped, country, rate_bp, withheld, repaid, payable
        FROM payment.royalty_share
        WHERE run_id = %(run)s AND (%(payee)s::uuid IS NULL OR payee_id = %(payee)s)
        ORDER BY CASE WHEN %(difference)s THEN -abs(user_centric - pro_rata) END, position LIMIT %(limit)s
        """,
        {"run": run_id, "payee": payee_id, "difference": by_difference, "limit": limit},
    )


async def load_totals(tx: Tx, run_id: RoyaltyRunId) -> tuple[int, dict[EngineName, int]]:
    """Return how many payees a run has, and what each engine gave to all of them."""
    return await tx.one(
        _totals,
        """
        SELECT count(*) AS payees, coalesce(sum(pro_rata), 0) AS pro_rata, coalesce(sum(user_centric), 0) AS user_centric
        FROM payment.royalty_share WHERE run_id = %s
        """,
        [run_id],
    ) or (0, dict.fromkeys(EngineName, 0))


async def load_leaf_hashes(tx: Tx, run_id: RoyaltyRunId) -> list[bytes]:
    """Return the hashes of a run's statements, by payee."""
    return await tx.values("SELECT leaf_hash FROM payment.royalty_share WHERE run_id = %s ORDER BY position", [run_id])


async def load_committed_root(tx: Tx, run_id: RoyaltyRunId) -> bytes | None:
    """Return the root of statements that a run's transaction commits to; None without one."""
    text = await tx.value(
        """
        SELECT header.details ->> 'statements' FROM payment.royalty_run run
        JOIN payment.transaction header ON header.id = run.transaction_id WHERE run.id = %s
        """,
        [run_id],
    )
    return None if text is None else bytes.fromhex(text)


async def load_position(tx: Tx, run_id: RoyaltyRunId, payee_id: UserId) -> int | None:
    """Return which leaf of a run's tree is a payee's; None for somebody without a share."""
    found = await tx.value(
        "SELECT position FROM payment.royalty_share WHERE run_id = %s AND payee_id = %s", [run_id, payee_id]
    )
    return None if found is None else int(found)


async def load_lines(tx: Tx, run_id: RoyaltyRunId, *, payee_id: UserId | None = None) -> list[Line]:
    """Return a run's lines by payee and claim."""
    return await tx.all(
        _line,
        """
        SELECT payee_id, track_id, heard_month, share_bp, listens, counted, track_earned, pro_rata, user_centric
        FROM payment.royalty_line WHERE run_id = %(run)s AND (%(payee)s::uuid IS NULL OR payee_id = %(payee)s)
        ORDER BY payee_id, track_id, heard_month
        """,
        {"run": run_id, "payee": payee_id},
    )


async def load_titles(tx: Tx, tracks: Sequence[UUID]) -> dict[UUID, tuple[str | None, str | None]]:
    """Return title and ISRC of tracks."""
    return dict(
        await tx.all(
            _title, "SELECT track_id, title, isrc FROM payment.royalty_track WHERE track_id = ANY(%s)", [list(tracks)]
        )
    )


def _totals(*, payees: int, **sums: int) -> tuple[int, dict[EngineName, int]]:
    return payees, {name: int(sums[name.value]) for name in EngineName}


def _title(*, track_id: UUID, title: str | None, isrc: str | None) -> tuple[UUID, tuple[str | None, str | None]]:
    return track_id, (title, isrc)


def _pool(*, currency: str, **rest: Any) -> PoolView:
    return PoolView(currency=Currency.of(currency), **rest)


def _revenue(*, subscriber_id: UUID, gross: int, fees: int, listeners: list[UUID]) -> Revenue:
    return Revenue(subscriber_id, gross, fees, tuple(listeners))


def _run(*, id: RoyaltyRunId, currency: str, engine: str, **rest: Any) -> RunView:  # noqa: A002 - a column
    return RunView(run_id=id, currency=Currency.of(currency), engine=EngineName(engine), **rest)


def _share(*, payee_id: UserId, pro_rata: int, user_centric: int, **settled: Any) -> PayeeShare:
    return PayeeShare(payee_id, pro_rata, user_centric, Settlement(**settled))


def _line(*, payee_id: UserId, track_id: UUID, heard_month: date, **rest: Any) -> Line:
    return Line(payee_id, Claim(track_id, heard_month), **rest)


def _share_row(run_id: RoyaltyRunId, position: int, share: PayeeShare) -> tuple[Any, ...]:
    one = share.settlement
    return (
        *(run_id, share.payee_id, position, share.pro_rata, share.user_centric, one.earned, one.recouped),
        *(one.country, one.rate_bp, one.withheld, one.repaid, one.payable),
    )


def _line_row(run_id: RoyaltyRunId, line: Line) -> tuple[Any, ...]:
    claim = line.claim
    return (
        *(run_id, line.payee_id, claim.track_id, claim.heard_month, line.share_bp, line.listens, line.counted),
        *(line.track_earned, line.pro_rata, line.user_centric),
    )
