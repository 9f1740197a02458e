"""What was found, and what people say about it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import date, datetime
from typing import Any
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.contexts.payment.reconciliation.domain import Class, Difference, Finding, FindingState, Kind
from vibestream.kernel.ids import UserId, new_id
from vibestream.kernel.money import Currency
from vibestream.platform.database import Tx


async def save_finding(tx: Tx, gateway: GatewayName, found: Difference, *, day: date, now: datetime) -> None:
    """Write a difference, or see it again; one that was explained or resolved is open again when its figures changed."""
    await tx.execute(
        """
        INSERT INTO payment.reconciliation_finding AS known (finding_id, gateway, class, kind, subject, currency, line_ref,
            ours, theirs, day, occurred_at, found_at, seen_at, state)
        VALUES (%(id)s, %(gateway)s, %(class)s, %(kind)s, %(subject)s, %(currency)s, %(line)s, %(ours)s, %(theirs)s,
            %(day)s, %(at)s, %(now)s, %(now)s, 'open')
        ON CONFLICT (gateway, subject, kind, currency, class) DO UPDATE SET line_ref = excluded.line_ref,
            ours = excluded.ours, theirs = excluded.theirs, seen_at = excluded.seen_at, occurred_at = excluded.occurred_at,
            state = CASE WHEN known.state = 'explained' AND (known.ours, known.theirs)
                IS NOT DISTINCT FROM (excluded.ours, excluded.theirs) THEN known.state ELSE 'open' END
        """,
        {
            "id": new_id(),
            "gateway": gateway.value,
            "class": found.class_.value,
            "kind": found.kind.value,
            "subject": found.subject,
            "currency": found.currency.code,
            "line": found.line_ref,
            "ours": found.ours,
            "theirs": found.theirs,
            "day": day,
            "at": found.at,
            "now": now,
        },
    )


async def resolve_others(
    tx: Tx, gateway: GatewayName, subjects: Collection[str], *, seen_at: datetime, note: str
) -> int:
    """Resolve what is open about some subjects and was not seen by the comparison of an instant; return how many."""
    return await tx.execute(
        """
        UPDATE payment.reconciliation_finding SET state = 'resolved', note = %s, decided_by = NULL, decided_at = %s
        WHERE gateway = %s AND subject = ANY(%s) AND state = 'open' AND seen_at < %s
        """,
        [note, seen_at, gateway.value, list(subjects), seen_at],
    )


async def decide(tx: Tx, finding_id: UUID, *, state: FindingState, note: str, by: UserId, now: datetime) -> bool:
    """Write what a person says about a finding, and say whether it could still be decided."""
    return bool(
        await tx.execute(
            """
            UPDATE payment.reconciliation_finding SET state = %s, note = %s, decided_by = %s, decided_at = %s
            WHERE finding_id = %s AND state <> 'resolved'
            """,
            [state.value, note, by, now, finding_id],
        )
    )


async def load_finding(tx: Tx, finding_id: UUID) -> Finding | None:
    """Return a finding."""
    return await tx.one(
        _finding,
        """
        SELECT finding_id, gateway, class, kind, subject, currency, line_ref, ours, theirs, day, occurred_at, found_at,
            seen_at, state, note, decided_by, decided_at
        FROM payment.reconciliation_finding WHERE finding_id = %s
        """,
        [finding_id],
    )


async def list_findings(
    tx: Tx,
    *,
    gateway: GatewayName | None,
    states: Collection[FindingState] | None,
    before: UUID | None,
    limit: int,
) -> list[Finding]:
    """Return findings, the newest first."""
    return await tx.all(
        _finding,
        """
        SELECT finding_id, gateway, class, kind, subject, currency, line_ref, ours, theirs, day, occurred_at, found_at,
            seen_at, state, note, decided_by, decided_at
        FROM payment.reconciliation_finding
        WHERE (%(gateway)s::text IS NULL OR gateway = %(gateway)s)
            AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))
            AND (%(before)s::uuid IS NULL OR finding_id < %(before)s)
        ORDER BY finding_id DESC LIMIT %(limit)s
        """,
        {
            "gateway": gateway.value if gateway else None,
            "states": None if states is None else [state.value for state in states],
            "before": before,
            "limit": limit,
        },
    )


def _finding(**row: Any) -> Finding:
    return Finding(
        gateway=GatewayName(row.pop("gateway")),
        class_=Class(row.pop("class")),
        kind=Kind(row.pop("kind")),
        currency=Currency.of(row.pop("currency")),
        state=FindingState(row.pop("state")),
        **row,
    )


async def count_open(tx: Tx) -> int:
    """Return how many findings nobody has explained or resolved."""
    return int(await tx.value("SELECT count(*) FROM payment.reconciliation_finding WHERE state = 'open'"))
