"""What must always hold of royalties: pools conserved, splits whole, lines equal to the ledger, runs reckoned again.

All but the last read every row; the last reckons a run again from what is stored, which is as much work as the run was.
"""

from __future__ import annotations

from typing import Final, LiteralString

from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import RunView
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5
_SAMPLE: Final = 1
"""How many runs are reckoned again at each check, chosen at random: over days the schedule comes to all of them."""


async def _pool_conserved(tx: Tx) -> Finding:
    runs = await tx.value("SELECT count(*) FROM payment.royalty_run")
    wrong = await _list(
        tx,
        """
        SELECT 'run ' || run.id || ' of ' || run.pool || ' gave ' || coalesce(given.earned, 0) || ' and left '
            || run.unallocated
        FROM payment.royalty_run run
        JOIN payment.royalty_pool pool ON pool.month = run.month AND pool.currency = run.currency
        LEFT JOIN (SELECT run_id, sum(earned) AS earned FROM payment.royalty_share GROUP BY run_id) AS given
            ON given.run_id = run.id
        WHERE run.pool <> pool.pool OR run.pool <> coalesce(given.earned, 0) + run.unallocated
        LIMIT %s
        """,
    )
    closing = await _list(
        tx,
        """
        SELECT 'closing of ' || pool.month || ' ' || pool.currency || ' does not move ' || pool.gross
        FROM payment.royalty_pool pool
        LEFT JOIN LATERAL (
            SELECT coalesce(-sum(entry.amount) FILTER (WHERE account.kind = 'deferred_revenue'), 0) AS gross,
                coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'royalty_pool'), 0) AS pool
            FROM payment.entry entry JOIN payment.account account ON account.id = entry.account_id
            WHERE entry.transaction_id = pool.transaction_id
        ) AS moved ON true
        LEFT JOIN LATERAL (
            SELECT coalesce(sum(revenue.gross), 0) AS gross, coalesce(sum(revenue.fees), 0) AS fees
            FROM payment.royalty_revenue revenue
            WHERE revenue.month = pool.month AND revenue.currency = pool.currency
        ) AS paid ON true
        WHERE (moved.gross, moved.pool, paid.gross, paid.fees)
            IS DISTINCT FROM (pool.gross::numeric, pool.pool::numeric, pool.gross::numeric, pool.fees::numeric)
        LIMIT %s
        """,
    )
    return _finding(f"{runs} runs", [*wrong, *closing])


async def _splits_whole(tx: Tx) -> Finding:
    splits = await tx.value("SELECT count(*) FROM payment.royalty_split")
    wrong = await _list(
        tx,
        """
        SELECT 'split ' || split.id || ' sums to ' || coalesce(sum(share.share_bp), 0)
        FROM payment.royalty_split split LEFT JOIN payment.royalty_split_share share ON share.split_id = split.id
        GROUP BY split.id
        HAVING coalesce(sum(share.share_bp), 0) <> 10000
            OR (split.in_force_at IS NOT NULL AND count(*) FILTER (WHERE share.accepted_at IS NULL) > 0)
        LIMIT %s
        """,
    )
    return _finding(f"{splits} splits", wrong)


async def _lines_are_the_ledger_s(tx: Tx) -> Finding:
    lines = await tx.value("SELECT count(*) FROM payment.royalty_line")
    sums = await _list(
        tx,
        """
        SELECT 'the lines of ' || share.payee_id || ' in run ' || share.run_id || ' do not sum to the share'
        FROM payment.royalty_share share
        JOIN payment.royalty_run run ON run.id = share.run_id
        LEFT JOIN (
            SELECT run_id, payee_id, sum(pro_rata) AS pro_rata, sum(user_centric) AS user_centric
            FROM payment.royalty_line GROUP BY run_id, payee_id
        ) AS line ON line.run_id = share.run_id AND line.payee_id = share.payee_id
        WHERE (line.pro_rata, line.user_centric)
                IS DISTINCT FROM (share.pro_rata::numeric, share.user_centric::numeric)
            OR share.earned <> CASE run.engine WHEN 'pro_rata' THEN share.pro_rata ELSE share.user_centric END
        LIMIT %s
        """,
    )
    legs = await _list(
        tx,
        """
        WITH said AS (
            SELECT share.run_id, leg.kind, leg.subject, sum(leg.amount) AS amount
            FROM payment.royalty_share share
            CROSS JOIN LATERAL (VALUES
                ('royalties_pending', share.payee_id::text, share.payable),
                ('advances', share.payee_id::text, share.recouped),
                ('payee_debt', share.payee_id::text, share.repaid),
                ('withholding_tax', share.country, share.withheld)
            ) AS leg (kind, subject, amount)
            WHERE leg.amount <> 0 GROUP BY 1, 2, 3
        ), posted AS (
            SELECT run.id AS run_id, account.kind, account.subject, sum(entry.amount) AS amount
            FROM payment.royalty_run run
            JOIN payment.entry entry ON entry.transaction_id = run.transaction_id
            JOIN payment.account account ON account.id = entry.account_id AND account.currency = run.currency
            WHERE account.kind NOT IN ('royalty_pool', 'unallocated_royalties')
            GROUP BY 1, 2, 3
        )
        SELECT 'run ' || run_id || ' says ' || coalesce(said.amount, 0) || ' for ' || kind || ':' || subject
            || ', the ledger ' || coalesce(posted.amount, 0)
        FROM said FULL JOIN posted USING (run_id, kind, subject)
        WHERE said.amount IS DISTINCT FROM posted.amount
        LIMIT %s
        """,
    )
    return _finding(f"{lines} lines", [*sums, *legs])


async def _usage_is_what_was_heard(tx: Tx) -> Finding:
    listens = await tx.value("SELECT count(*) FROM payment.royalty_listen")
    wrong = await _list(
        tx,
        """
        SELECT 'usage of ' || month || ' by ' || listener_id || ' of ' || track_id || ' is not what was heard'
        FROM payment.royalty_usage usage
        FULL JOIN (
            SELECT month, listener_id, track_id, date_trunc('month', heard_at AT TIME ZONE 'UTC')::date AS heard_month,
                count(*) AS listens, sum(heard_ms) AS heard_ms
            FROM payment.royalty_listen GROUP BY 1, 2, 3, 4
        ) AS heard USING (month, listener_id, track_id, heard_month)
        WHERE (usage.listens, usage.heard_ms::numeric) IS DISTINCT FROM (heard.listens, heard.heard_ms)
        LIMIT %s
        """,
    )
    return _finding(f"{listens} listens", wrong)


async def _runs_reckoned_again(tx: Tx) -> Finding:
    chosen = await service.sample_runs(tx, limit=_SAMPLE)
    wrong = [f"run {run.run_id}: {fault}" for run in chosen if (fault := await _fault(tx, run))]
    return _finding(f"{len(chosen)} of the runs that stand", wrong)


async def _fault(tx: Tx, run: RunView) -> str:
    again = await service.reckon_again(tx, run_id=run.run_id)
    if again.usage_hash != run.usage_hash:
        return "its usage is not what it was"
    if again.statements_root != run.statements_root:
        return "reckoned again from what is stored, it comes out differently"
    return "" if again.committed_root == run.statements_root else "the ledger commits to other statements"


async def _list(tx: Tx, statement: LiteralString) -> list[str]:
    return await tx.values(statement, [_SHOWN])


def _finding(figure: str, offenders: list[str]) -> Finding:
    return Finding(ok=not offenders, figure=figure, detail="; ".join(offenders))


INVARIANTS: Final = (
    Invariant(
        "royalties.pool_conserved",
        "What a run gave and what it left unallocated sum to the month's pool, and the pool to what subscribers paid.",
        _pool_conserved,
    ),
    Invariant(
        "royalties.splits_whole",
        "Every split sums to 10,000 basis points, and none counts that somebody has not accepted.",
        _splits_whole,
    ),
    Invariant(
        "royalties.lines_are_the_ledger_s",
        "The lines of each statement sum to its share, and the shares of a run to the legs of its transaction.",
        _lines_are_the_ledger_s,
    ),
    Invariant(
        "royalties.usage_is_what_was_heard",
        "Usage is the sum of the listens that were counted, each once.",
        _usage_is_what_was_heard,
    ),
    Invariant(
        "royalties.runs_reckoned_again",
        "A run, reckoned again from stored usage, revenue, splits and policy, is what was posted.",
        _runs_reckoned_again,
    ),
)
