"""The gateways' books as pulled, both books as they are compared, and the runs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import BookLine, BookLineKind, GatewayName
from vibestream.contexts.payment.reconciliation.domain import (
    KIND_OF_LINE,
    Entry,
    Flow,
    Kind,
)
from vibestream.kernel.ids import uuid7
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """How the last comparison of a gateway's day ended."""

    gateway: GatewayName
    day: date
    run_at: datetime
    lines: int
    matched: int
    differing: int
    waiting: int


async def save_lines(tx: Tx, gateway: GatewayName, lines: Sequence[tuple[BookLine, int]], *, now: datetime) -> None:
    """Write lines of a gateway's book, each with how often the pull listed it; what it says now replaces what it said."""
    await tx.execute_many(
        """
        INSERT INTO payment.gateway_book_line (gateway, line_ref, kind, object_ref, currency, amount, fee, fee_currency,
            payment_id, payout_id, subject, is_ours, at, times_listed, pulled_at)
        VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s, %s, false, %s, %s, %s)
        ON CONFLICT (gateway, line_ref) DO UPDATE SET kind = excluded.kind, object_ref = excluded.object_ref,
            currency = excluded.currency, amount = excluded.amount, fee = excluded.fee,
            fee_currency = excluded.fee_currency, payment_id = excluded.payment_id, payout_id = excluded.payout_id,
            at = excluded.at,
            times_listed = excluded.times_listed, is_listed = true, pulled_at = excluded.pulled_at
        """,
        [
            (
                gateway.value,
                line.line_ref,
                line.kind.value,
                line.object_ref,
                line.amount.currency.code,
                line.amount.minor,
                line.fee.minor,
                line.fee.currency.code,
                line.payment_id,
                line.payout_id,
                f"{gateway.value}:{line.object_ref or line.line_ref}",
                line.at,
                times,
                now,
            )
            for line, times in sorted(lines, key=lambda pair: pair[0].line_ref)
        ],
    )


async def note_vanished(tx: Tx, gateway: GatewayName, *, since: datetime, until: datetime, pulled_at: datetime) -> int:
    """Note which lines of a period a pull has not listed any more, and return how many are new among them."""
    return await tx.execute(
        """
        UPDATE payment.gateway_book_line SET is_listed = false
        WHERE gateway = %s AND at >= %s AND at < %s AND pulled_at < %s AND is_listed
        """,
        [gateway.value, since, until, pulled_at],
    )


async def recognise(tx: Tx, gateway: GatewayName) -> int:
    """Find out of what is ours lines speak that were strange until now: by our id, by theirs, or by a line that is ours.

    Returns how many are recognised now; those may in turn make others known.
    """
    return await tx.execute(
        """
        UPDATE payment.gateway_book_line line SET subject = ours.subject, is_ours = true
        FROM (
            SELECT strange.line_ref, coalesce(
                (SELECT 'payment:' || known.payment_id FROM payment.payment known
                    WHERE known.payment_id = strange.payment_id),
                (SELECT 'payout:' || known.payout_id FROM payment.payout known
                    WHERE known.payout_id = strange.payout_id),
                (SELECT 'payment:' || known.payment_id FROM payment.payment_ref known
                    WHERE known.gateway = strange.gateway AND known.payment_ref = strange.object_ref),
                (SELECT 'payout:' || known.payout_id FROM payment.payout known
                    WHERE known.method = strange.gateway AND known.payout_ref = strange.object_ref),
                (SELECT 'payment:' || event.payment_id FROM payment.payment_event event
                    WHERE event.data ? 'refund_ref' AND event.data ->> 'refund_ref' = strange.object_ref LIMIT 1),
                (SELECT 'payment:' || event.payment_id FROM payment.payment_event event
                    WHERE event.data ? 'dispute_ref' AND event.data ->> 'dispute_ref' = strange.object_ref LIMIT 1),
                -- What comes back may name only the line, or the object, that went out.
                (SELECT known.subject FROM payment.gateway_book_line known
                    WHERE known.gateway = strange.gateway AND known.is_ours AND known.line_ref = strange.object_ref),
                (SELECT known.subject FROM payment.gateway_book_line known
                    WHERE known.gateway = strange.gateway AND known.is_ours AND known.object_ref = strange.object_ref
                    LIMIT 1)
            ) AS subject
            FROM payment.gateway_book_line strange WHERE strange.gateway = %(gateway)s AND NOT strange.is_ours
        ) AS ours
        WHERE line.gateway = %(gateway)s AND line.line_ref = ours.line_ref AND ours.subject IS NOT NULL
        """,
        {"gateway": gateway.value},
    )


async def list_subjects(tx: Tx, gateway: GatewayName, *, since: datetime, until: datetime) -> list[str]:
    """Return everything that moved in either book in a period, and everything about which a finding is open."""
    # Transactions are ordered by when they were made: their ids are, so the period's are found by the primary key.
    first = uuid7(unix_ms=int((since - timedelta(hours=1)).timestamp()) * 1000, entropy=0)
    return await tx.values(
        """
        SELECT line.subject FROM payment.gateway_book_line line
        WHERE line.gateway = %(gateway)s AND line.at >= %(since)s AND line.at < %(until)s AND line.kind <> 'settlement'
        UNION
        SELECT coalesce('payment:' || (header.details ->> 'payment_id'), 'payout:' || (header.details ->> 'payout_id'),
            'transaction:' || header.id)
        FROM payment.entry entry
        JOIN payment.transaction header ON header.id = entry.transaction_id
        JOIN payment.account account ON account.id = entry.account_id
        WHERE entry.transaction_id >= %(first)s AND account.kind = 'gateway_clearing' AND account.subject = %(gateway)s
            AND header.recorded_at >= %(since)s AND header.recorded_at < %(until)s
        UNION
        SELECT 'payout:' || payout_id FROM payment.payout
        WHERE method = %(gateway)s AND payout_ref IS NOT NULL AND changed_at >= %(since)s AND changed_at < %(until)s
        UNION
        SELECT subject FROM payment.reconciliation_finding WHERE gateway = %(gateway)s AND state = 'open'
        """,
        {"gateway": gateway.value, "since": since, "until": until, "first": first},
    )


async def list_ours(tx: Tx, gateway: GatewayName, subjects: Collection[str]) -> list[Entry]:
    """Return all that our books say about some subjects, in order of time.

    That is what the ledger's clearing accounts moved for them, and of payouts what was sent and has not come back.
    """
    return await tx.all(
        _ours,
        """
        WITH posted AS (
            SELECT 'payment:' || event.payment_id AS subject, transaction_id
            FROM payment.payment_event event CROSS JOIN LATERAL unnest(event.transaction_ids) AS transaction_id
            WHERE event.payment_id = ANY(%(payments)s)
            UNION ALL
            SELECT 'payout:' || event.payout_id, event.transaction_id FROM payment.payout_event event
            WHERE event.payout_id = ANY(%(payouts)s) AND event.kind = 'fee_known' AND event.transaction_id IS NOT NULL
            UNION ALL
            SELECT 'transaction:' || transaction_id, transaction_id FROM unnest(%(transactions)s::uuid[]) AS transaction_id
        )
        SELECT posted.subject, kinds.kind, account.currency,
            CASE WHEN kinds.kind = 'fee' THEN entry.amount ELSE -entry.amount END AS amount, header.recorded_at AS at
        FROM posted
        JOIN payment.transaction header ON header.id = posted.transaction_id
        JOIN payment.entry entry ON entry.transaction_id = header.id
        JOIN payment.account account
            ON account.id = entry.account_id AND account.kind = 'gateway_clearing' AND account.subject = %(gateway)s
        CROSS JOIN LATERAL (
            SELECT CASE
                WHEN header.kind IN ('payment_capture', 'payment_unexplained') THEN 'charge'
                WHEN header.kind IN ('refund', 'refund_noticed', 'refund_returned') THEN 'refund'
                WHEN header.kind IN ('dispute_opened', 'dispute_won') THEN 'dispute'
                WHEN header.kind IN ('gateway_fee', 'payout_fee') THEN 'fee'
                ELSE 'other' END AS kind
        ) AS kinds
        UNION ALL
        SELECT 'payout:' || payout_id, 'payout', currency, fee - gross, changed_at FROM payment.payout
        WHERE payout_id = ANY(%(payouts)s) AND method = %(gateway)s AND state IN ('in_transit', 'paid')
        ORDER BY at
        """,
        {
            "gateway": gateway.value,
            "payments": _ids(subjects, "payment"),
            "payouts": _ids(subjects, "payout"),
            "transactions": _ids(subjects, "transaction"),
        },
    )


async def list_theirs(tx: Tx, gateway: GatewayName, subjects: Collection[str]) -> list[Entry]:
    """Return all that a gateway's book says about some subjects, in order of time: movements, and the fees on them."""
    lines = await tx.all(
        _theirs,
        """
        SELECT subject, kind, currency, amount, fee, fee_currency, at, line_ref, times_listed
        FROM payment.gateway_book_line
        WHERE gateway = %s AND kind <> 'settlement' AND subject = ANY(%s) AND is_listed ORDER BY at
        """,
        [gateway.value, list(subjects)],
    )
    return [entry for entries in lines for entry in entries]


def _ids(subjects: Collection[str], kind: str) -> list[UUID]:
    return [UUID(subject.removeprefix(f"{kind}:")) for subject in subjects if subject.startswith(f"{kind}:")]


async def save_run(tx: Tx, gateway: GatewayName, *, day: date, now: datetime, **figures: int) -> None:
    """Write how the comparison of a day ended, in place of an earlier one of the same day."""
    await tx.execute(
        """
        INSERT INTO payment.reconciliation_run (gateway, day, run_at, lines, matched, differing, waiting)
        VALUES (%(gateway)s, %(day)s, %(now)s, %(lines)s, %(matched)s, %(differing)s, %(waiting)s)
        ON CONFLICT (gateway, day) DO UPDATE SET run_at = excluded.run_at, lines = excluded.lines,
            matched = excluded.matched, differing = excluded.differing, waiting = excluded.waiting
        """,
        {"gateway": gateway.value, "day": day, "now": now, **figures},
    )


async def list_runs(tx: Tx, *, limit: int) -> list[Run]:
    """Return the last comparisons, the newest day first."""
    return await tx.all(
        _run,
        """
        SELECT gateway, day, run_at, lines, matched, differing, waiting FROM payment.reconciliation_run
        ORDER BY day DESC, gateway LIMIT %s
        """,
        [limit],
    )


async def list_flows(tx: Tx, gateway: GatewayName) -> list[tuple[Currency, Flow]]:
    """Return what a gateway took in and gave out by day: as our ledger says, and what its book says it sent to our bank."""
    return await tx.all(
        _flow,
        """
        SELECT moved.currency, moved.day, sum(moved.taken_in) AS taken_in, sum(moved.given_out) AS given_out
        FROM (
            SELECT account.currency, (header.recorded_at AT TIME ZONE 'UTC')::date AS day,
                greatest(-entry.amount, 0) AS taken_in, greatest(entry.amount, 0) AS given_out
            FROM payment.account account
            JOIN payment.entry entry ON entry.account_id = account.id
            JOIN payment.transaction header ON header.id = entry.transaction_id
            WHERE account.kind = 'gateway_clearing' AND account.subject = %(gateway)s
            UNION ALL
            SELECT line.currency, (line.at AT TIME ZONE 'UTC')::date, greatest(line.amount, 0), greatest(-line.amount, 0)
            FROM payment.gateway_book_line line
            WHERE line.gateway = %(gateway)s AND line.kind = 'settlement' AND line.is_listed
        ) AS moved
        GROUP BY moved.currency, moved.day
        """,
        {"gateway": gateway.value},
    )


def _run(*, gateway: str, **same: Any) -> Run:
    return Run(gateway=GatewayName(gateway), **same)


def _flow(*, currency: str, day: date, taken_in: int, given_out: int) -> tuple[Currency, Flow]:
    return Currency.of(currency), Flow(day=day, taken_in=int(taken_in), given_out=int(given_out))


def _ours(*, subject: str, kind: str, currency: str, amount: int, at: datetime) -> Entry:
    return Entry(subject=subject, kind=Kind(kind), currency=Currency.of(currency), minor=int(amount), at=at)


def _theirs(
    *,
    subject: str,
    kind: str,
    currency: str,
    amount: int,
    fee: int,
    fee_currency: str,
    at: datetime,
    line_ref: str,
    times_listed: int,
) -> list[Entry]:
    compared_as = KIND_OF_LINE[BookLineKind(kind)]
    entries = []
    if compared_as is not None and amount:
        entries.append((compared_as, Currency.of(currency), amount, times_listed))
    if fee:
        entries.append((Kind.FEE, Currency.of(fee_currency), fee, 1))
    return [
        Entry(subject=subject, kind=kind_, currency=in_, minor=minor, at=at, line_ref=line_ref, times=times)
        for kind_, in_, minor, times in entries
    ]
