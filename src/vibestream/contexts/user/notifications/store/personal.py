"""What notifications hold of a person."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return what a person was told, what they chose to be told, and their quiet hours, and which browsers are told."""
    return await tx.values(
        "(SELECT jsonb_build_object('kind', kind, 'facts', facts, 'count', count, 'told_at', told_at, 'read_at', read_at)"
        " FROM users.notification WHERE user_id = %(user_id)s ORDER BY told_at) UNION ALL"
        " SELECT jsonb_build_object('kind', kind, 'channel', channel, 'wanted', wanted)"
        " FROM users.notification_choice WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('time_zone', time_zone, 'quiet_from', quiet_from, 'quiet_until', quiet_until)"
        " FROM users.notification_hours WHERE user_id = %(user_id)s UNION ALL"
        " SELECT jsonb_build_object('browser', user_agent, 'subscribed_at', subscribed_at)"
        " FROM users.push_subscription WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what a person was told, the mails of it, what they chose, what came back, and their browsers."""
    await tx.execute("DELETE FROM users.push_subscription WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.notification WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.notification_inbox WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.notification_choice WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.notification_hours WHERE user_id = %s", [user_id])
    await tx.execute("DELETE FROM users.notification_bounce WHERE user_id = %s", [user_id])
