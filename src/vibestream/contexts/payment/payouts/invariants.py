"""What must always hold of payouts: DESIGN section 5, numbers 3 and 4 as far as they go."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _in_transit(tx: Tx) -> Finding:
    unfinished = await tx.value(
        "SELECT count(*) FROM payment.payout WHERE state IN ('screening', 'requested', 'approved', 'sending', 'in_transit', 'unknown')"
    )
    off = await _list(
        tx,
        """
        SELECT coalesce(books.subject, asked.subject) || ' has ' || coalesce(books.posted, 0) || ' '
            || coalesce(books.currency, asked.currency) || ' in transit, payouts of ' || coalesce(asked.gross, 0)
        FROM (
            SELECT account.subject, account.currency, sum(entry.amount) AS posted
            FROM payment.account account JOIN payment.entry entry ON entry.account_id = account.id
            WHERE account.kind = 'payout_in_transit' GROUP BY account.subject, account.currency
        ) AS books
        FULL JOIN (
            SELECT user_id::text AS subject, currency, sum(gross) AS gross FROM payment.payout
            WHERE state IN ('screening', 'requested', 'approved', 'sending', 'in_transit', 'unknown') GROUP BY user_id, currency
        ) AS asked ON asked.subject = books.subject AND asked.currency = books.currency
        WHERE coalesce(books.posted, 0) <> coalesce(asked.gross, 0)
        LIMIT %s
        """,
    )
    return _finding(f"{unfinished} unfinished payouts", off)


async def _where_it_says(tx: Tx) -> Finding:
    payouts = await tx.value("SELECT count(*) FROM payment.payout")
    off = await _list(
        tx,
        # By account kind, what all transactions of a payout but its fee and debt moved in all, against what its state says.
        """
        SELECT 'payout ' || payout.payout_id || ' is ' || payout.state || ', its gateway has ' || moved.cleared
            || ', transit ' || moved.transit
        FROM payment.payout payout
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'gateway_clearing'), 0) AS cleared,
                coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'payout_in_transit'), 0) AS transit,
                coalesce(sum(entry.amount) FILTER (WHERE account.kind = 'platform_revenue'), 0) AS kept
            FROM payment.payout_event event
            JOIN payment.entry entry ON entry.transaction_id = event.transaction_id
            JOIN payment.account account ON account.id = entry.account_id
            WHERE event.payout_id = payout.payout_id AND event.kind <> 'fee_known'
        ) AS moved
        WHERE (moved.cleared, moved.kept, moved.transit) IS DISTINCT FROM (
            CASE WHEN payout.state = 'paid' THEN (payout.gross - payout.fee)::numeric ELSE 0 END,
            CASE WHEN payout.state = 'paid' THEN payout.fee::numeric ELSE 0 END,
            CASE WHEN payout.state IN ('paid', 'returned', 'failed', 'rejected') THEN 0 ELSE payout.gross::numeric END)
        LIMIT %s
        """,
    )
    return _finding(f"{payouts} payouts", off)


async def _approved_by_enough(tx: Tx) -> Finding:
    votes = await tx.value("SELECT count(*) FROM payment.payout_vote")
    off = await _list(
        tx,
        """
        SELECT 'payout ' || payout.payout_id || ' went on with ' || agreed.votes || ' of ' || payout.approvals_needed
            || CASE WHEN payout.decision_id IS NULL THEN ', unchecked' ELSE '' END
        FROM payment.payout payout
        CROSS JOIN LATERAL (
            SELECT count(*) AS votes FROM payment.payout_vote vote
            WHERE vote.payout_id = payout.payout_id AND vote.purpose = 'approve' AND vote.voter <> payout.user_id
                AND vote.voter IS DISTINCT FROM payout.requested_by
        ) AS agreed
        WHERE payout.state NOT IN ('screening', 'requested', 'rejected')
            AND (agreed.votes < payout.approvals_needed OR payout.under_review OR payout.decision_id IS NULL)
        LIMIT %s
        """,
    )
    return _finding(f"{votes} votes", off)


async def _state_is_last_event(tx: Tx) -> Finding:
    events = await tx.value("SELECT count(*) FROM payment.payout_event")
    off = await _list(
        tx,
        """
        SELECT 'payout ' || payout.payout_id || ' is ' || payout.state || ' at version ' || payout.version
            || ', its last event says ' || coalesce(last.state || ' at ' || last.version, 'nothing')
        FROM payment.payout payout
        LEFT JOIN LATERAL (
            SELECT event.state, event.version, count(*) OVER () AS events FROM payment.payout_event event
            WHERE event.payout_id = payout.payout_id ORDER BY event.version DESC LIMIT 1
        ) AS last ON true
        WHERE (last.state, last.version, last.events) IS DISTINCT FROM
            (payout.state, payout.version, payout.version::bigint)
        LIMIT %s
        """,
    )
    return _finding(f"{events} events", off)


async def _list(tx: Tx, statement: LiteralString) -> list[str]:
    return await tx.values(statement, [_SHOWN])


def _finding(figure: str, offenders: Sequence[str]) -> Finding:
    return Finding(ok=not offenders, figure=figure, detail="; ".join(offenders))


INVARIANTS: Final = (
    Invariant(
        "payouts.in_transit",
        "What is in transit of each payee is the sum of their payouts that are not over.",
        _in_transit,
    ),
    Invariant(
        "payouts.where_it_says",
        "The money of each payout is where its state says: on its way, with its gateway, or back with its payee.",
        _where_it_says,
    ),
    Invariant(
        "payouts.approved_by_enough",
        "No payout was sent before its risk was checked and enough people agreed, none of them its payee or who asked for it.",
        _approved_by_enough,
    ),
    Invariant(
        "payouts.state_is_last_event",
        "Each payout stands as its last event says, and no event is missing.",
        _state_is_last_event,
    ),
)
