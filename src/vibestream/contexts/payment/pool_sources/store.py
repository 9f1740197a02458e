"""The table of top-ups: each kept for ever, decided about once."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Final
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.payment.pool_sources.domain import State, TopUp
from vibestream.kernel.ids import TransactionId, UserId
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

_TOP_UP: Final = """
    SELECT top_up_id, source, amount, reason, proposed_by, proposed_at, state, decided_by, decided_at, transaction_id
    FROM payment.source_top_up
"""


async def lock_sources(tx: Tx) -> None:
    """Let one transaction at a time take from sources, so that what one finds there is there when it takes it."""
    await tx.execute("SELECT pg_advisory_xact_lock(hashtextextended('payment.pool_sources', 0))")


async def insert_top_up(tx: Tx, one: TopUp) -> bool:
    """Add a proposed top-up; return False, and change nothing, when there is one with its id."""
    added = await tx.execute(
        "INSERT INTO payment.source_top_up (top_up_id, source, amount, reason, proposed_by, proposed_at)"
        " VALUES (%s, %s, %s, %s, %s, %s) ON CONFLICT (top_up_id) DO NOTHING",
        [one.top_up_id, one.source, one.amount.minor, one.reason, one.proposed_by, one.proposed_at],
    )
    return added == 1


async def load_top_up(tx: Tx, top_up_id: UUID) -> TopUp | None:
    """Return a top-up."""
    return await tx.one(_top_up, f"{_TOP_UP} WHERE top_up_id = %s", [top_up_id])


async def lock_top_up(tx: Tx, top_up_id: UUID) -> TopUp | None:
    """Lock a top-up: it is decided about by one transaction at a time."""
    return await tx.one(_top_up, f"{_TOP_UP} WHERE top_up_id = %s FOR UPDATE", [top_up_id])


async def list_top_ups(tx: Tx, *, limit: int) -> list[TopUp]:
    """Return top-ups, those that were proposed last first."""
    return await tx.all(_top_up, f"{_TOP_UP} ORDER BY proposed_at DESC, top_up_id LIMIT %s", [limit])


async def decide(
    tx: Tx, top_up_id: UUID, state: State, *, by: UserId, transaction_id: TransactionId | None, now: datetime
) -> None:
    """Note what was decided about a locked top-up, and the posting that came of it."""
    await tx.execute(
        "UPDATE payment.source_top_up SET state = %s, decided_by = %s, decided_at = %s, transaction_id = %s"
        " WHERE top_up_id = %s",
        [state.value, by, now, transaction_id, top_up_id],
    )


async def list_balances(tx: Tx) -> dict[str, Money]:
    """Return what each source holds, by its name."""
    rows = await tx.all(
        _balance,
        "SELECT subject, posted::bigint AS posted FROM payment.account_balance WHERE kind = 'pool_source' ORDER BY subject",
    )
    return dict(rows)


async def list_moved(tx: Tx) -> dict[tuple[date, str], tuple[Money, Money]]:
    """Return by epoch and source what sources gave to its pool and what they got back, counted from the entries."""
    rows = await tx.rows(
        """
        SELECT pool.subject, CASE other.kind WHEN 'issuance' THEN 'issuance' ELSE other.subject END,
            -sum(entry.amount) FILTER (WHERE header.kind = 'pool_funding')::bigint,
            sum(entry.amount) FILTER (WHERE header.kind = 'claim_return')::bigint
        FROM payment.transaction header
        JOIN payment.entry entry ON entry.transaction_id = header.id
        JOIN payment.account other ON other.id = entry.account_id AND other.kind IN ('issuance', 'pool_source')
        JOIN payment.entry facing ON facing.transaction_id = header.id
        JOIN payment.account pool ON pool.id = facing.account_id AND pool.kind = 'reward_pool'
        WHERE header.kind IN ('pool_funding', 'claim_return') GROUP BY 1, 2
        """
    )
    return {
        (date.fromisoformat(epoch), source): (Money(int(given or 0), VIBE), Money(int(back or 0), VIBE))
        for epoch, source, given, back in rows
    }


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return which top-ups a person proposed or decided about."""
    return await tx.values(
        "SELECT jsonb_build_object('top_up_id', top_up_id, 'source', source, 'amount', amount, 'reason', reason,"
        " 'state', state, 'proposed', proposed_by = %s, 'proposed_at', proposed_at, 'decided_at', decided_at)"
        " FROM payment.source_top_up WHERE proposed_by = %s OR decided_by = %s ORDER BY top_up_id",
        [user_id, user_id, user_id],
    )


def _top_up(*, amount: int, state: str, **same: Any) -> TopUp:
    return TopUp(amount=Money(amount, VIBE), state=State(state), **same)


def _balance(*, subject: str, posted: int) -> tuple[str, Money]:
    return subject, Money(posted, VIBE)
