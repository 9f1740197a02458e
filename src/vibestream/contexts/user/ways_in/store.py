"""The round of an account, in its own row."""

from __future__ import annotations

from datetime import datetime

from vibestream.contexts.user.ways_in.domain import Round
from vibestream.kernel.ids import SessionId, UserId
from vibestream.platform.database import Tx


async def load_round(tx: Tx, *, user_id: UserId, since: datetime | None) -> Round | None:
    """Return an account's round; None when there is no such account, or the round began after an instant."""
    found = await tx.value(
        "SELECT round FROM users.account WHERE user_id = %s"
        " AND (round_began_at IS NULL OR round_began_at <= coalesce(%s::timestamptz, 'infinity'))",
        [user_id, since],
    )
    return None if found is None else Round(found)


async def lock_signed_in(tx: Tx, *, user_id: UserId, session_id: SessionId) -> bool:
    """Say whether a session of an account is open; it stays so, and the round does, until this transaction ends.

    The account's row is locked before the session's, as by whoever puts everybody out.
    """
    held = await tx.value(
        "SELECT true FROM users.account a JOIN users.session s USING (user_id)"
        " WHERE a.user_id = %s AND s.session_id = %s AND s.ended_at IS NULL FOR SHARE OF a, s",
        [user_id, session_id],
    )
    return held is True


async def next_round(tx: Tx, *, user_id: UserId, now: datetime) -> None:
    """Begin an account's next round; waits for every transaction that lets somebody in, and they for this one."""
    await tx.execute(
        "UPDATE users.account SET round = round + 1, round_began_at = greatest(round_began_at, %s) WHERE user_id = %s",
        [now, user_id],
    )
