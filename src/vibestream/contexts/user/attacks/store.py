"""The tables of what the whole installation counted, and of attacks."""

from __future__ import annotations

from datetime import datetime, timedelta

from vibestream.contexts.user.attacks.domain import Attack, Count, Window
from vibestream.platform.database import Tx


async def count(
    tx: Tx, *, window: Window, within: timedelta, now: datetime, refused: int = 0, let_in: int = 0
) -> Count:
    """Add to what is counted, and return what that makes; others wait until this is committed."""
    found = await tx.one(
        Count,
        "UPDATE users.sign_in_count SET"
        " refused = CASE WHEN ends_at <= %(now)s THEN 0 ELSE refused END + %(refused)s,"
        " let_in = CASE WHEN ends_at <= %(now)s THEN 0 ELSE let_in END + %(let_in)s,"
        " ends_at = CASE WHEN ends_at <= %(now)s THEN %(ends_at)s ELSE ends_at END"
        " WHERE window_name = %(window)s RETURNING refused, let_in",
        {"window": window.value, "now": now, "ends_at": now + within, "refused": refused, "let_in": let_in},
    )
    assert found is not None  # noqa: S101 - the migration made both rows, and nobody may delete them
    return found


async def is_held(tx: Tx, *, now: datetime) -> bool:
    """Say whether an attack lasts."""
    return bool(
        await tx.value(
            "SELECT EXISTS (SELECT FROM users.sign_in_attack WHERE ended_at IS NULL AND until > %s)",
            [now],
        )
    )


async def load_open(tx: Tx) -> Attack | None:
    """Return the attack whose end was not noted yet; None when there is none."""
    return await tx.one(Attack, "SELECT began_at, until FROM users.sign_in_attack WHERE ended_at IS NULL")


async def hold(tx: Tx, *, until: datetime) -> bool:
    """Let an attack whose end was not noted yet last until an instant or longer, and say whether there is one."""
    return bool(
        await tx.execute(
            "UPDATE users.sign_in_attack SET until = greatest(until, %s) WHERE ended_at IS NULL",
            [until],
        )
    )


async def begin(tx: Tx, *, now: datetime, until: datetime) -> bool:
    """Note that an attack has begun, and say whether nobody else did."""
    return bool(
        await tx.execute(
            "INSERT INTO users.sign_in_attack (began_at, until) VALUES (%s, %s) ON CONFLICT DO NOTHING",
            [now, until],
        )
    )


async def end(tx: Tx, *, now: datetime) -> Attack | None:
    """Note that an attack is over, and return it; None when none has just ended."""
    return await tx.one(
        Attack,
        "UPDATE users.sign_in_attack SET ended_at = until WHERE ended_at IS NULL AND until <= %s"
        " RETURNING began_at, until",
        [now],
    )
