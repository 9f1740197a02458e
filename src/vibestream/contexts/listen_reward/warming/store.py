"""The table of listens that wait for their account to be older."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime
from uuid import UUID

from pydantic import JsonValue

from vibestream.contexts.listen_reward.warming.domain import Heard, Total, Waiting
from vibestream.kernel.ids import ListenId, UserId
from vibestream.platform.database import Tx


async def load_days(tx: Tx, epochs: Iterable[date]) -> dict[date, int]:
    """Return for how many days an account is new in each of these epochs, as they were opened."""
    rows = await tx.rows("SELECT epoch, warm_up_days FROM listen_reward.epoch WHERE epoch = ANY(%s)", [list(epochs)])
    return {day: int(days) for day, days in rows}


async def list_first(tx: Tx, users: Iterable[UserId]) -> dict[UserId, datetime]:
    """Return when each of these listeners was first proven to listen, of those who were."""
    rows = await tx.rows(
        "SELECT user_id, min(scored_at) FROM listen_reward.score WHERE user_id = ANY(%s) GROUP BY user_id",
        [list(users)],
    )
    return {UserId(user): at for user, at in rows}


async def insert_waiting(tx: Tx, waiting: Sequence[Waiting]) -> None:
    """Let listens wait; one that waits or waited already is left as it is."""
    heard = [one.heard for one in waiting]
    await tx.execute(
        """
        INSERT INTO listen_reward.warming (listen_id, user_id, owner_user_id, track_id, accepted_at, heard_s, due_at)
        SELECT * FROM unnest(%s::uuid[], %s::uuid[], %s::uuid[], %s::uuid[], %s::timestamptz[], %s::int[], %s::timestamptz[])
        ON CONFLICT (listen_id) DO NOTHING
        """,
        [
            *([one.listen_id for one in heard], [one.user_id for one in heard], [one.owner_user_id for one in heard]),
            *([one.track_id for one in heard], [one.accepted_at for one in heard], [one.heard_s for one in heard]),
            [one.due_at for one in waiting],
        ],
    )


async def lock_due(tx: Tx, *, now: datetime, limit: int) -> list[Heard]:
    """Lock listens that are due, the earliest first, of listeners about whom no case is open; those in use are passed over."""
    return await tx.all(
        Heard,
        """
        SELECT listen_id, user_id, owner_user_id, track_id, accepted_at, heard_s FROM listen_reward.warming w
        WHERE ended_at IS NULL AND due_at <= %s AND NOT EXISTS (
            SELECT FROM listen_reward.held_case c WHERE c.user_id = w.user_id AND c.state = 'open')
        ORDER BY due_at, listen_id LIMIT %s FOR UPDATE SKIP LOCKED
        """,
        [now, limit],
    )


async def list_rejected(tx: Tx, users: Iterable[UserId]) -> set[UserId]:
    """Return those of these listeners about whom a person decided that they pretended, since the first of what waits."""
    return set(
        await tx.values(
            """
            SELECT DISTINCT c.user_id FROM listen_reward.held_case c
            WHERE c.user_id = ANY(%s) AND c.state = 'rejected' AND c.decided_at >= (
                SELECT min(w.accepted_at) FROM listen_reward.warming w WHERE w.user_id = c.user_id AND w.ended_at IS NULL)
            """,
            [list(users)],
        )
    )


async def end(tx: Tx, listens: Iterable[ListenId], *, paid: bool, now: datetime) -> None:
    """Note that locked listens wait no more: their reward is decided, or there is none."""
    await tx.execute(
        "UPDATE listen_reward.warming SET ended_at = %s, paid = %s WHERE listen_id = ANY(%s)",
        [now, paid, list(listens)],
    )


async def load_total(tx: Tx, user_id: UserId) -> Total | None:
    """Return what waits of an account; None: nothing."""
    return await tx.one(
        Total,
        """
        SELECT count(*)::int AS listens, max(due_at) AS due_at FROM listen_reward.warming
        WHERE user_id = %s AND ended_at IS NULL HAVING count(*) > 0
        """,
        [user_id],
    )


async def count_overdue(tx: Tx, *, before: datetime) -> int:
    """Return how many listens were due before an instant and still wait, though no case is open about their listener."""
    found = await tx.value(
        """
        SELECT count(*)::int FROM listen_reward.warming w
        WHERE ended_at IS NULL AND due_at < %s AND NOT EXISTS (
            SELECT FROM listen_reward.held_case c WHERE c.user_id = w.user_id AND c.state = 'open')
        """,
        [before],
    )
    return int(found or 0)


async def records_of(tx: Tx, user_id: UUID) -> list[dict[str, JsonValue]]:
    """Return which of a person's listens waited, and what became of them."""
    return await tx.values(
        "SELECT jsonb_build_object('listen_id', listen_id, 'track_id', track_id, 'accepted_at', accepted_at, 'due_at', due_at,"
        " 'ended_at', ended_at, 'paid', paid) FROM listen_reward.warming WHERE user_id = %s ORDER BY listen_id",
        [user_id],
    )


async def erase_person(tx: Tx, user_id: UUID) -> None:
    """Delete what waits of a person: there is nobody to be paid."""
    await tx.execute("DELETE FROM listen_reward.warming WHERE user_id = %s", [user_id])
