"""What people chose to be told, and their hours."""

from __future__ import annotations

from collections.abc import Iterable

from vibestream.contexts.user.notifications.domain.kinds import Channel, Choices, Kind
from vibestream.contexts.user.notifications.domain.timing import Hours
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


async def load_choices(tx: Tx, *, user_id: UserId) -> Choices:
    """Return what somebody chose; kinds and channels that there are no more are left out."""
    cursor = await tx.connection.execute(
        "SELECT kind, channel, wanted FROM users.notification_choice WHERE user_id = %s", [user_id]
    )
    kinds, channels = set(Kind), set(Channel)
    return {
        (Kind(kind), Channel(channel)): wanted
        for kind, channel, wanted in await cursor.fetchall()
        if kind in kinds and channel in channels
    }


async def save_choice(tx: Tx, *, user_id: UserId, kind: Kind, channel: Channel, wanted: bool) -> None:
    """Keep one choice."""
    await tx.execute(
        "INSERT INTO users.notification_choice (user_id, kind, channel, wanted) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id, kind, channel) DO UPDATE SET wanted = excluded.wanted",
        [user_id, kind.value, channel.value, wanted],
    )


async def load_hours(tx: Tx, *, user_id: UserId) -> Hours:
    """Return somebody's hours; UTC and no quiet ones when they chose none."""
    found = await tx.one(
        Hours, "SELECT time_zone, quiet_from, quiet_until FROM users.notification_hours WHERE user_id = %s", [user_id]
    )
    return found or Hours()


async def list_time_zones(tx: Tx, user_ids: Iterable[UserId]) -> dict[UserId, str]:
    """Return the time zones of those of these accounts who chose one."""
    rows = await tx.rows(
        "SELECT user_id, time_zone FROM users.notification_hours WHERE user_id = ANY(%s)", [list(user_ids)]
    )
    return {UserId(user_id): time_zone for user_id, time_zone in rows}


async def save_hours(tx: Tx, *, user_id: UserId, hours: Hours) -> None:
    """Keep somebody's hours."""
    await tx.execute(
        "INSERT INTO users.notification_hours (user_id, time_zone, quiet_from, quiet_until) VALUES (%s, %s, %s, %s)"
        " ON CONFLICT (user_id) DO UPDATE SET time_zone = excluded.time_zone, quiet_from = excluded.quiet_from,"
        " quiet_until = excluded.quiet_until",
        [user_id, hours.time_zone, hours.quiet_from, hours.quiet_until],
    )


async def has_account(tx: Tx, *, user_id: UserId) -> bool:
    """Say whether there is such an account."""
    return bool(await tx.value("SELECT EXISTS (SELECT FROM users.account WHERE user_id = %s)", [user_id]))
