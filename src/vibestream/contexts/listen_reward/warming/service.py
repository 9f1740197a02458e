"""Holding back what new accounts earn, and letting it go. The public interface of this capability."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime

from vibestream.contexts.listen_reward.warming import store
from vibestream.contexts.listen_reward.warming.domain import Heard, Total, Waiting, split
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx

__all__ = ["Heard", "Total", "Waiting"]


async def hold_back(tx: Tx, *, accepted: Sequence[Heard]) -> list[Heard]:
    """Return those of these accepted listens whose reward is decided now; the others wait from here on.

    For how long an account is new, the epoch says in which a listen was accepted: its policy, or else the settings.
    Held back twice, a listen waits once; one that waited before is returned never.
    """
    if not accepted:
        return []
    days = await store.load_days(tx, {_day(one.accepted_at) for one in accepted})
    first = await store.list_first(tx, {one.user_id for one in accepted}) if any(days.values()) else {}
    at_once: list[Heard] = []
    waiting: list[Waiting] = []
    for epoch in sorted({_day(one.accepted_at) for one in accepted}):
        own = [one for one in accepted if _day(one.accepted_at) == epoch]
        now, later = split(own, first=first, days=days.get(epoch, 0))
        at_once += now
        waiting += later
    if waiting:
        await store.insert_waiting(tx, waiting)
    return at_once


async def release(tx: Tx, *, now: datetime, limit: int) -> tuple[list[Heard], int]:
    """Take up to `limit` listens that waited long enough; return those whose reward is decided now, and how many were taken.

    While a case about the listener is open, they wait on. When a person rejected one since, nothing of what waits is paid:
    that they pretended was decided for all that the account did in its first days. The others are returned as of now.
    """
    due = await store.lock_due(tx, now=now, limit=limit)
    rejected = await store.list_rejected(tx, {one.user_id for one in due})
    lost = [one.listen_id for one in due if one.user_id in rejected]
    kept = [one for one in due if one.user_id not in rejected]
    await store.end(tx, lost, paid=False, now=now)
    await store.end(tx, [one.listen_id for one in kept], paid=True, now=now)
    return kept, len(due)


async def waiting_of(tx: Tx, *, user_id: UserId) -> Total | None:
    """Return what waits of an account; None: nothing."""
    return await store.load_total(tx, user_id)


def _day(instant: datetime) -> date:
    return instant.astimezone(UTC).date()
