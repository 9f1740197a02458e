"""Telling and erasing what these tables hold of one person."""

from __future__ import annotations

from uuid import UUID

from pydantic import JsonValue

from vibestream.platform.database import Tx


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return a person's page, their handles, whom they follow and whom they blocked; nothing of who follows or blocked them."""
    return await tx.values(
        "SELECT jsonb_build_object('page', to_jsonb(t) - 'user_id') FROM users.fan_page t WHERE t.user_id = %(me)s UNION ALL"
        " SELECT jsonb_build_object('handle', t.handle, 'taken_at', t.taken_at) FROM users.fan_handle t"
        " WHERE t.user_id = %(me)s UNION ALL"
        " SELECT jsonb_build_object('follows_artist', t.artist_id, 'since', t.since) FROM users.artist_follow t"
        " WHERE t.follower_id = %(me)s UNION ALL"
        " SELECT jsonb_build_object('follows', t.fan_id, 'since', t.since) FROM users.fan_follow t"
        " WHERE t.follower_id = %(me)s UNION ALL"
        " SELECT jsonb_build_object('blocked', t.blocked_id, 'since', t.since) FROM users.block t WHERE t.blocker_id = %(me)s",
        {"me": user_id},
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete a person's page, their follows and blocks and those of them; their handles rest for a year."""
    me = {"me": user_id}
    await tx.execute("DELETE FROM users.block WHERE %(me)s IN (blocker_id, blocked_id)", me)
    await tx.execute("DELETE FROM users.fan_follow WHERE %(me)s IN (follower_id, fan_id)", me)
    await tx.execute("DELETE FROM users.artist_follow WHERE follower_id = %(me)s", me)
    await tx.execute(
        "INSERT INTO users.resting_handle (digest, free_at) SELECT sha256(convert_to(held.skeleton, 'UTF8')),"
        " now() + interval '1 year' FROM users.fan_handle held WHERE held.user_id = %(me)s ON CONFLICT DO NOTHING",
        me,
    )
    await tx.execute(
        "DELETE FROM users.handle_holder WHERE user_id = %(me)s AND skeleton IN"
        " (SELECT skeleton FROM users.fan_handle WHERE user_id = %(me)s) AND skeleton NOT IN"
        " (SELECT held.skeleton FROM users.artist_handle held JOIN users.artist_profile USING (artist_id)"
        " WHERE user_id = %(me)s)",
        me,
    )
    await tx.execute("DELETE FROM users.fan_handle WHERE user_id = %(me)s", me)
    await tx.execute("DELETE FROM users.fan_page WHERE user_id = %(me)s", me)
