"""What must always hold of payments: DESIGN section 5, numbers 3 and 4 as far as checkout goes.

Each check reads the streams and the ledger's entries themselves, never the table that is listed from.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, LiteralString

from vibestream.contexts.payment.checkout.service import differing_read_models
from vibestream.platform.database import Tx
from vibestream.platform.invariants import Finding, Invariant

_SHOWN: Final = 5


async def _escrows_explained(tx: Tx) -> Finding:
    """Each escrow: what was captured, less what was refunded, less what its owner has taken and given back."""
    payments = await tx.value("SELECT count(*) FROM payment.payment")
    wrong = await _list(
        tx,
        """
        WITH said AS (
            SELECT event.payment_id,
                count(*) FILTER (WHERE event.type = 'captured') AS captures,
                coalesce(sum((event.data -> 'amount' ->> 'minor')::bigint)
                    FILTER (WHERE event.type = 'refund_asked' AND event.data -> 'source' ->> 'kind' <> 'payment_escrow'), 0)
                    AS asked
            FROM payment.payment_event event GROUP BY event.payment_id
        ), moved AS (
            SELECT account.subject::uuid AS payment_id,
                coalesce(sum(entry.amount) FILTER (WHERE header.kind = 'payment_capture'), 0) AS captured,
                coalesce(sum(entry.amount) FILTER (WHERE header.kind = 'refund_asked'), 0) AS asked,
                coalesce(sum(entry.amount) FILTER (WHERE header.kind = 'refund'), 0) AS refunded,
                sum(entry.amount) AS left
            FROM payment.account account
            JOIN payment.entry entry ON entry.account_id = account.id
            JOIN payment.transaction header ON header.id = entry.transaction_id
            WHERE account.kind = 'payment_escrow'
            GROUP BY account.subject
        ), started AS (
            SELECT payment_id, (data -> 'amount' ->> 'minor')::bigint AS amount
            FROM payment.payment_event WHERE version = 1
        )
        SELECT 'payment ' || coalesce(said.payment_id, moved.payment_id) || ' was captured ' || coalesce(said.captures, 0)
            || ' times, its escrow got ' || coalesce(moved.captured, 0) || ' for that'
        FROM said
        JOIN started USING (payment_id)
        FULL JOIN moved ON moved.payment_id = said.payment_id
        WHERE coalesce(said.captures, 0) * coalesce(started.amount, 0) <> coalesce(moved.captured, 0)
            OR coalesce(said.captures, 0) > 1
            OR coalesce(said.asked, 0) <> coalesce(moved.asked, 0)
            OR -coalesce(moved.refunded, 0) > coalesce(started.amount, 0)
            OR coalesce(moved.left, 0) < 0
            OR said.payment_id IS NULL
        LIMIT %s
        """,
    )
    return _finding(f"{payments} payments", wrong)


async def _streams_whole(tx: Tx) -> Finding:
    """Streams have no gaps, end where their head says, and name transactions that are there and no one else's."""
    events = await tx.value("SELECT count(*) FROM payment.payment_event")
    gaps = await _list(
        tx,
        """
        SELECT 'payment ' || head.payment_id || ' is at ' || head.version || ' and has ' || count(event.version) || ' events'
        FROM payment.payment head LEFT JOIN payment.payment_event event USING (payment_id)
        GROUP BY head.payment_id
        HAVING count(event.version) <> head.version OR max(event.version) IS DISTINCT FROM head.version
        LIMIT %s
        """,
    )
    # A transaction of checkout's own that no event names, or that two do, or a name for nothing.
    unnamed = await _list(
        tx,
        """
        SELECT 'transaction ' || coalesce(header.id, named.id) || ' is named by ' || count(named.id) || ' events'
        FROM (SELECT unnest(transaction_ids) AS id FROM payment.payment_event) AS named
        FULL JOIN (
            SELECT id FROM payment.transaction WHERE kind IN ('payment_capture', 'gateway_fee', 'payment_unexplained',
                'refund_asked', 'refund_noticed', 'refund', 'refund_returned', 'refund_failed', 'dispute_opened',
                'dispute_won', 'dispute_lost')
        ) AS header ON header.id = named.id
        GROUP BY header.id, named.id
        HAVING count(named.id) <> 1 OR header.id IS NULL
        LIMIT %s
        """,
    )
    return _finding(f"{events} events", [*gaps, *unnamed])


async def _one_effect_per_key(tx: Tx) -> Finding:
    keys = await tx.value("SELECT count(*) FROM payment.payment_attempt")
    twice = await _list(
        tx,
        """
        SELECT 'payment ' || payment_id || ' has ' || count(*) || ' of ' || type || ' ' || coalesce(what, '')
        FROM (
            SELECT payment_id, type, CASE type
                WHEN 'opened' THEN data ->> 'number'
                WHEN 'attempted' THEN data ->> 'key'
                WHEN 'refund_asked' THEN data ->> 'key'
                WHEN 'refund_succeeded' THEN data ->> 'refund_id'
                WHEN 'refund_noticed' THEN data ->> 'refund_ref'
                WHEN 'refund_failed' THEN data ->> 'refund_id'
                WHEN 'dispute_opened' THEN data ->> 'dispute_ref' END AS what
            FROM payment.payment_event
            WHERE type IN ('opened', 'attempted', 'capture_asked', 'captured', 'cancelled', 'refund_asked',
                'refund_succeeded', 'refund_noticed', 'refund_failed', 'dispute_opened')
        ) AS effect
        GROUP BY payment_id, type, what HAVING count(*) > 1
        LIMIT %s
        """,
    )
    shared = await _list(
        tx,
        """
        SELECT 'the gateway''s ' || (data ->> 'payment_ref') || ' stands for ' || count(DISTINCT payment_id) || ' payments'
        FROM payment.payment_event WHERE type = 'opened'
        GROUP BY data ->> 'payment_ref' HAVING count(DISTINCT payment_id) > 1
        LIMIT %s
        """,
    )
    unasked = await _list(
        tx,
        """
        SELECT 'payment ' || event.payment_id || ' has an answer to a key that was not stored before'
        FROM payment.payment_event event
        WHERE event.type = 'opened' AND NOT EXISTS (
            SELECT FROM payment.payment_event attempt
            JOIN payment.payment_attempt stored ON stored.key = attempt.data ->> 'key'
            WHERE attempt.payment_id = event.payment_id AND attempt.type = 'attempted'
                AND attempt.data ->> 'number' = event.data ->> 'number'
        )
        LIMIT %s
        """,
    )
    return _finding(f"{keys} keys", [*twice, *shared, *unasked])


async def _clearing_explained(tx: Tx) -> Finding:
    """What stands at each gateway: captures, refunds, disputes, fees and suspense of payments, and what leaves to banks."""
    accounts = await tx.value("SELECT count(*) FROM payment.account WHERE kind = 'gateway_clearing'")
    wrong = await _list(
        tx,
        """
        WITH clearing AS (
            SELECT account.subject AS gateway, account.currency, header.kind, header.id, sum(entry.amount) AS amount
            FROM payment.account account
            JOIN payment.entry entry ON entry.account_id = account.id
            JOIN payment.transaction header ON header.id = entry.transaction_id
            WHERE account.kind = 'gateway_clearing'
            GROUP BY account.subject, account.currency, header.kind, header.id
        ), named AS (
            SELECT DISTINCT unnest(transaction_ids) AS id FROM payment.payment_event
        )
        SELECT clearing.kind || ' moves ' || sum(clearing.amount) || ' ' || clearing.currency || ' at ' || clearing.gateway
            || ' for nothing that happened'
        FROM clearing LEFT JOIN named USING (id)
        WHERE named.id IS NULL AND clearing.kind !~ '^(payout|settlement|reconcil)'
        GROUP BY clearing.gateway, clearing.currency, clearing.kind
        LIMIT %s
        """,
    )
    return _finding(f"{accounts} accounts", wrong)


async def _lists_say_what_streams_say(tx: Tx) -> Finding:
    listed = await tx.value("SELECT count(*) FROM payment.payment_view")
    differing = await differing_read_models(tx)
    orphans = await tx.values(
        """
        SELECT view.payment_id FROM payment.payment_view view
        LEFT JOIN payment.payment head USING (payment_id) WHERE head.payment_id IS NULL
        """
    )
    wrong = [f"payment {one} is not listed as its stream says" for one in [*differing, *orphans]]
    return _finding(f"{listed} payments", wrong[:_SHOWN])


async def _list(tx: Tx, statement: LiteralString) -> list[str]:
    return await tx.values(statement, [_SHOWN])


def _finding(figure: str, offenders: Sequence[str]) -> Finding:
    return Finding(ok=not offenders, figure=figure, detail="; ".join(offenders))


INVARIANTS: Final = (
    Invariant(
        "checkout.escrows_explained",
        "Each payment's escrow got what was captured, once, and gave what was refunded and taken; never more than it had.",
        _escrows_explained,
    ),
    Invariant(
        "checkout.streams_whole",
        "Streams have no gaps, and each transaction of a payment is named by exactly one event.",
        _streams_whole,
    ),
    Invariant(
        "checkout.one_effect_per_key",
        "A key was stored before it was used and has at most one effect; a gateway's payment is one payment's.",
        _one_effect_per_key,
    ),
    Invariant(
        "checkout.clearing_explained",
        "What stands at a gateway comes from payments, refunds, disputes, fees and what leaves to banks.",
        _clearing_explained,
    ),
    Invariant(
        "checkout.read_models",
        "Payments are listed as their streams say.",
        _lists_say_what_streams_say,
    ),
)
