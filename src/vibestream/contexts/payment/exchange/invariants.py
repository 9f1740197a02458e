"""What must always hold of exchanges, reserves and points. Each check reads entries, never cached balances."""

from __future__ import annotations

from typing import Final, LiteralString

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _as_quoted(tx: Tx) -> Finding:
    count = await tx.value("SELECT count(*) FROM payment.exchange")
    wrong = await _list(
        tx,
        """
        SELECT 'exchange ' || x.quote_id || ' moved ' || coalesce(moved.amounts, 'nothing')
        FROM payment.exchange x
        JOIN payment.exchange_quote q ON q.quote_id = x.quote_id
        LEFT JOIN LATERAL (
            SELECT string_agg(concat_ws(' ', a.kind, a.subject, a.currency, e.amount), ', ' ORDER BY e.line) AS amounts
            FROM payment.entry e JOIN payment.account a ON a.id = e.account_id WHERE e.transaction_id = x.transaction_id
        ) AS moved ON true
        WHERE x.user_id <> q.user_id OR x.executed_at >= q.expires_at OR x.executed_at < q.quoted_at
            OR moved.amounts IS DISTINCT FROM concat_ws(', ',
                concat_ws(' ', 'wallet', q.user_id, q.sell_currency, -q.sell),
                CASE WHEN q.sell_currency = 'VIBE' THEN concat_ws(' ', 'redeemed', '', 'VIBE', q.sell)
                    ELSE concat_ws(' ', 'exchange_reserve', '', q.sell_currency, q.sell) END,
                CASE WHEN q.sell_currency = 'VIBE' THEN concat_ws(' ', 'points_liability', '', q.buy_currency, -q.buy)
                    ELSE concat_ws(' ', 'exchange_reserve', '', q.buy_currency, -q.buy) END,
                concat_ws(' ', 'wallet', q.user_id, q.buy_currency, q.buy))
        LIMIT %s
        """,
    )
    unquoted = await _list(
        tx,
        """
        SELECT 'transaction ' || t.id || ' exchanges what nobody was quoted' FROM payment.transaction t
        WHERE t.kind IN ('exchange', 'redemption')
            AND NOT EXISTS (SELECT FROM payment.exchange x WHERE x.transaction_id = t.id)
        LIMIT %s
        """,
    )
    return _finding(f"{count} exchanges", [*wrong, *unquoted])


async def _reserves(tx: Tx) -> Finding:
    reserves = await tx.value("SELECT count(*) FROM payment.account WHERE kind = 'exchange_reserve'")
    wrong = await _list(
        tx,
        """
        SELECT 'the reserve of ' || a.currency || ' holds ' || sum(e.amount) || ', of which transactions of other kinds '
            || sum(e.amount) FILTER (WHERE origin.kind NOT IN ('exchange', 'reserve_funding'))
        FROM payment.account a
        JOIN payment.entry e ON e.account_id = a.id
        JOIN payment.transaction t ON t.id = e.transaction_id
        JOIN payment.transaction origin ON origin.id = coalesce(t.reverses, t.id)
        WHERE a.kind = 'exchange_reserve'
        GROUP BY a.currency
        HAVING sum(e.amount) < 0 OR bool_or(origin.kind NOT IN ('exchange', 'reserve_funding'))
        LIMIT %s
        """,
    )
    return _finding(f"{reserves} reserves", wrong)


async def _points(tx: Tx) -> Finding:
    issued, pools, redeemed, people = await _where_points_are(tx)
    negative = await _list(
        tx,
        """
        SELECT 'points come from ' || concat_ws(':', a.kind, a.subject) || ', which has ' || sum(e.amount)
        FROM payment.account a JOIN payment.entry e ON e.account_id = a.id
        WHERE a.currency = 'VIBE' AND a.kind <> 'issuance'
        GROUP BY a.kind, a.subject HAVING sum(e.amount) < 0 LIMIT %s
        """,
    )
    difference = issued - pools - redeemed - people
    faults = [f"issued is {difference} more than in pools, with people and back"] if difference else []
    figure = f"{issued} minor VIBE issued = {pools} in pools + {people} with people + {redeemed} redeemed or expired"
    return _finding(figure, [*faults, *negative])


async def _liability(tx: Tx) -> Finding:
    set_aside = await tx.value(
        """
        SELECT coalesce(sum(e.amount), 0)::bigint FROM payment.entry e JOIN payment.account a ON a.id = e.account_id
        WHERE a.kind = 'points_liability'
        """
    )
    below = ["less than nothing is set aside for points"] if set_aside < 0 else []
    wrong = await _list(
        tx,
        """
        SELECT 'cover ' || covered.id || ' set ' || covered.reached || ' aside and was to set ' || covered.target
        FROM (
            SELECT t.id, t.kind, t.details ->> 'target' AS target,
                sum(e.amount) OVER (ORDER BY e.position) AS reached
            FROM payment.entry e
            JOIN payment.account a ON a.id = e.account_id AND a.kind = 'points_liability'
            JOIN payment.transaction t ON t.id = e.transaction_id
        ) AS covered
        WHERE covered.kind = 'points_cover' AND covered.reached::text <> covered.target LIMIT %s
        """,
    )
    return _finding(f"{set_aside} US cents set aside", [*below, *wrong])


async def _where_points_are(tx: Tx) -> tuple[int, int, int, int]:
    found = await tx.one(
        _places,
        """
        SELECT coalesce(-sum(e.amount) FILTER (WHERE a.kind = 'issuance'), 0)::bigint AS issued,
            coalesce(sum(e.amount) FILTER (WHERE a.kind IN ('reward_pool', 'pool_source')), 0)::bigint AS pools,
            coalesce(sum(e.amount) FILTER (WHERE a.kind = 'redeemed'), 0)::bigint AS redeemed,
            coalesce(sum(e.amount) FILTER (
                WHERE a.kind NOT IN ('issuance', 'reward_pool', 'pool_source', 'redeemed')), 0)::bigint
                AS people
        FROM payment.entry e JOIN payment.account a ON a.id = e.account_id WHERE a.currency = 'VIBE'
        """,
    )
    assert found is not None  # noqa: S101 - an aggregate has one row
    return found


def _places(*, issued: int, pools: int, redeemed: int, people: int) -> tuple[int, int, int, int]:
    return issued, pools, redeemed, people


async def _list(tx: Tx, statement: LiteralString) -> list[str]:
    return await tx.values(statement, [_SHOWN])


def _finding(figure: str, faults: list[str]) -> Finding:
    return Finding(ok=not faults, figure=figure, detail="; ".join(faults))


INVARIANTS: Final = (
    Invariant(
        "exchange.as_quoted",
        "Every exchange moved exactly what was quoted, to whom it was quoted, while the quote stood.",
        _as_quoted,
    ),
    Invariant(
        "exchange.reserves",
        "Only exchanges and funding move the reserves, and none is below zero.",
        _reserves,
    ),
    Invariant(
        "points.accounted_for",
        "Points are issued by issuance alone: issued = in pools + outstanding + redeemed + expired.",
        _points,
    ),
    Invariant(
        "points.liability_covers",
        "What is set aside for points is never below zero, and each time it was reckoned it came to what policy said.",
        _liability,
    ),
)
