"""What must always hold of the books: DESIGN section 5, numbers 1, 2, 3 and 5 as far as the ledger goes.

Each check reads all entries, from the tables alone and never through the caches that it checks.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _sums_to_zero(tx: Tx) -> Finding:
    entries = await tx.value("SELECT count(*) FROM payment.entry")
    off = await tx.values(
        """
        SELECT account.currency || ' is off by ' || sum(entry.amount)
        FROM payment.entry entry LEFT JOIN payment.account account ON account.id = entry.account_id
        GROUP BY account.currency HAVING sum(entry.amount) <> 0 OR account.currency IS NULL
        """
    )
    unbalanced = await _list(
        tx,
        """
        SELECT DISTINCT 'transaction ' || legs.transaction_id || ' does not balance'
        FROM (
            SELECT entry.transaction_id, sum(entry.amount) AS amount
            FROM payment.entry entry LEFT JOIN payment.account account ON account.id = entry.account_id
            GROUP BY entry.transaction_id, account.currency
        ) AS legs
        LEFT JOIN payment.transaction header ON header.id = legs.transaction_id
        WHERE legs.amount <> 0 OR header.id IS NULL
        LIMIT %s
        """,
    )
    return _finding(f"{entries} entries", [*off, *unbalanced])


async def _cached_balances(tx: Tx) -> Finding:
    balances = await tx.value("SELECT count(*) FROM payment.balance")
    wrong = await _list(
        tx,
        """
        SELECT 'account ' || account.id || ' says ' || coalesce(balance.posted::text, 'nothing') || ', its entries '
            || coalesce(entries.amount, 0)
        FROM payment.account account
        JOIN payment.account_kind kind ON kind.kind = account.kind
        LEFT JOIN payment.balance balance ON balance.account_id = account.id
        LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM payment.entry GROUP BY account_id) AS entries
            ON entries.account_id = account.id
        WHERE CASE WHEN kind.guarded THEN balance.posted IS DISTINCT FROM coalesce(entries.amount, 0)
            ELSE balance.account_id IS NOT NULL END
        LIMIT %s
        """,
    )
    stale = await _list(
        tx,
        """
        SELECT 'snapshot of ' || snapshot.account_id || ' at ' || snapshot.up_to
        FROM payment.balance_snapshot snapshot
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(entry.amount), 0) AS amount FROM payment.entry entry
            WHERE entry.account_id = snapshot.account_id AND entry.position <= snapshot.up_to
        ) AS entries
        WHERE entries.amount <> snapshot.balance
        LIMIT %s
        """,
    )
    running = await _list(
        tx,
        """
        SELECT 'entry ' || chain.position || ' does not carry on from the one before'
        FROM (
            SELECT entry.position, entry.amount, entry.balance_after,
                lag(entry.balance_after, 1, 0::bigint) OVER (PARTITION BY entry.account_id ORDER BY entry.position)
                    AS balance_before
            FROM payment.entry entry JOIN payment.balance balance ON balance.account_id = entry.account_id
        ) AS chain
        WHERE chain.balance_after IS DISTINCT FROM chain.balance_before + chain.amount
        LIMIT %s
        """,
    )
    return _finding(f"{balances} balances", [*wrong, *stale, *running])


async def _nothing_overdrawn(tx: Tx) -> Finding:
    guarded = await tx.value("SELECT count(*) FROM payment.balance")
    overdrawn = await _list(
        tx,
        """
        SELECT 'account ' || account.id || ' has ' || coalesce(entries.amount, 0) || ', held '
            || coalesce(holds.amount, 0)
        FROM payment.account account
        JOIN payment.account_kind kind ON kind.kind = account.kind AND kind.guarded
        LEFT JOIN (SELECT account_id, sum(amount) AS amount FROM payment.entry GROUP BY account_id) AS entries
            ON entries.account_id = account.id
        LEFT JOIN (
            SELECT account_id, sum(amount) AS amount FROM payment.hold WHERE state = 'pending' GROUP BY account_id
        ) AS holds ON holds.account_id = account.id
        LEFT JOIN payment.balance balance ON balance.account_id = account.id
        WHERE coalesce(entries.amount, 0) < coalesce(holds.amount, 0)
            OR balance.held IS DISTINCT FROM coalesce(holds.amount, 0)
        LIMIT %s
        """,
    )
    return _finding(f"{guarded} guarded accounts", overdrawn)


async def _one_outcome(tx: Tx) -> Finding:
    transactions = await tx.value("SELECT count(*) FROM payment.transaction")
    twice = await _list(
        tx,
        """
        SELECT 'key ' || idempotency_key || ' has ' || count(*) || ' transactions'
        FROM payment.transaction GROUP BY idempotency_key HAVING count(*) > 1 LIMIT %s
        """,
    )
    # The hash of the request is made again from what was written: it says that the entries are those asked for.
    altered = await _list(
        tx,
        """
        SELECT 'transaction ' || header.id || ' is not what its key stands for'
        FROM payment.transaction header
        LEFT JOIN payment.hold hold ON hold.captured_by = header.id
        LEFT JOIN (
            SELECT transaction_id, string_agg(uuid_send(account_id) || int8send(amount), ''::bytea ORDER BY line) AS legs
            FROM payment.entry GROUP BY transaction_id
        ) AS entries ON entries.transaction_id = header.id
        WHERE header.request_hash IS DISTINCT FROM payment.request_hash(
            header.kind, header.details, header.effective_at, hold.id, header.reverses, entries.legs)
        LIMIT %s
        """,
    )
    captures = await _list(
        tx,
        """
        SELECT 'hold ' || hold.id || ' gave ' || hold.captured || ', its transaction took ' || coalesce(taken.amount, 0)
        FROM payment.hold hold
        LEFT JOIN LATERAL (
            SELECT -sum(entry.amount) AS amount FROM payment.entry entry
            WHERE entry.transaction_id = hold.captured_by AND entry.account_id = hold.account_id
        ) AS taken ON true
        WHERE hold.state = 'captured' AND taken.amount IS DISTINCT FROM hold.captured
        LIMIT %s
        """,
    )
    return _finding(f"{transactions} transactions", [*twice, *altered, *captures])


async def _pools_within_budget(tx: Tx) -> Finding:
    pools = await tx.value("SELECT count(*) FROM payment.account WHERE kind = 'reward_pool'")
    overpaid = await _list(
        tx,
        """
        SELECT 'pool ' || account.subject || ' was given ' || coalesce(sums.funded, 0) || ', paid ' || sums.paid
        FROM payment.account account
        JOIN (
            SELECT entry.account_id,
                sum(entry.amount) FILTER (WHERE entry.amount > 0) AS funded,
                -sum(entry.amount) FILTER (WHERE entry.amount < 0) AS paid
            FROM payment.entry entry GROUP BY entry.account_id
        ) AS sums ON sums.account_id = account.id
        WHERE account.kind = 'reward_pool' AND sums.paid > coalesce(sums.funded, 0)
        LIMIT %s
        """,
    )
    twice = await _list(
        tx,
        """
        SELECT 'reward ' || (details ->> 'reward_id') || ' was paid ' || count(*) || ' times'
        FROM payment.transaction WHERE kind = 'reward'
        GROUP BY details ->> 'reward_id' HAVING count(*) > 1
        LIMIT %s
        """,
    )
    return _finding(f"{pools} pools", [*overpaid, *twice])


async def _list(tx: Tx, statement: LiteralString) -> list[str]:
    return await tx.values(statement, [_SHOWN])


def _finding(figure: str, offenders: Sequence[str]) -> Finding:
    return Finding(ok=not offenders, figure=figure, detail="; ".join(offenders))


INVARIANTS: Final = (
    Invariant(
        "ledger.sums_to_zero",
        "Every transaction sums to zero in each currency, and so do all entries together.",
        _sums_to_zero,
    ),
    Invariant(
        "ledger.cached_balances",
        "Every cached balance, running balance and snapshot equals the sum of its entries.",
        _cached_balances,
    ),
    Invariant(
        "ledger.nothing_overdrawn",
        "No guarded account has less than its pending holds, and each counts exactly those.",
        _nothing_overdrawn,
    ),
    Invariant(
        "ledger.one_outcome",
        "An idempotency key has one transaction, made of exactly what was asked for; a hold gave what was taken.",
        _one_outcome,
    ),
    Invariant(
        "ledger.pools_within_budget",
        "No reward pool paid more than it was given, and no reward was paid twice.",
        _pools_within_budget,
    ),
)
