"""What is told to a person of their subscriptions."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's subscriptions, the invoices of these, and when they shared a family's; of its others nothing."""
    return await tx.values(
        "SELECT jsonb_build_object('what', 'subscription', 'plan', plan, 'cycle', cycle, 'currency', currency, 'state', state,"
        " 'from', period_start, 'until', period_end, 'cancels', cancels)"
        " FROM payment.subscription WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('what', 'invoice', 'plan', i.plan, 'cycle', i.cycle, 'currency', i.currency,"
        " 'state', i.state, 'worth', i.worth, 'credit', i.credit, 'from', i.covers_from, 'until', i.covers_until,"
        " 'made_at', i.made_at) FROM payment.subscription_invoice i JOIN payment.subscription s USING (subscription_id)"
        " WHERE s.user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('what', 'family', 'from', joined_at, 'until', left_at)"
        " FROM payment.family_member WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )
