"""Counting for the whole installation, and saying whether it is attacked.

Counting is the last that a transaction does: whoever counts waits for whoever counted just before, until they commit.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import structlog

from vibestream.contexts.user.attacks import domain, store
from vibestream.contexts.user.attacks.domain import BURST, LET_IN_ONCE, TRICKLE, Attack, Window
from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.platform.database import Tx

__all__ = ["LET_IN_ONCE", "Attack", "is_attacked", "let_in", "note_end", "refused", "standing"]

_THRESHOLDS: Final = {Window.BURST: BURST, Window.TRICKLE: TRICKLE}
_log = structlog.get_logger()


async def is_attacked(tx: Tx, *, now: datetime) -> bool:
    """Say whether passwords are being guessed at many accounts."""
    return await store.is_held(tx, now=now)


async def standing(tx: Tx, *, now: datetime) -> Attack | None:
    """Return the attack that lasts; None in quiet times."""
    found = await store.load_open(tx)
    return found if found is not None and found.until > now else None


async def refused(tx: Tx, *, guarded: bool, now: datetime) -> None:
    """Count that a browser which an account does not know had a wrong password, and begin or prolong an attack by it.

    `guarded`: an attack was held when it tried, so that a right password would not have let it in.
    """
    held = [await _held(tx, Window.BURST, now=now)]
    if not guarded:
        held.append(await _held(tx, Window.TRICKLE, now=now))
    until = max((one for one in held if one is not None), default=None)
    if until is None or await store.hold(tx, until=until):
        return
    if await store.begin(tx, now=now, until=until):
        await audit_log.record(tx, action=audit_log.Action.ATTACK_BEGAN, user_id=None, now=now)
        tx.after_commit(_tell_began)


async def let_in(tx: Tx, *, now: datetime) -> None:
    """Count that a right password has let a browser into an account that did not know it: once a day of each account."""
    for window, threshold in _THRESHOLDS.items():
        await store.count(tx, window=window, within=threshold.within, now=now, let_in=1)


async def note_end(tx: Tx, *, now: datetime) -> Attack | None:
    """Note that an attack is over, once, and return it; None while one lasts and in quiet times."""
    ended = await store.end(tx, now=now)
    if ended is not None:
        action = audit_log.Action.ATTACK_ENDED
        await audit_log.record(
            tx, action=action, user_id=None, now=now, detail=f"began {ended.began_at:%Y-%m-%d %H:%M}"
        )
    return ended


async def _held(tx: Tx, window: Window, *, now: datetime) -> datetime | None:
    threshold = _THRESHOLDS[window]
    counted = await store.count(tx, window=window, within=threshold.within, now=now, refused=1)
    return now + threshold.holds if domain.is_attack(counted, threshold) else None


def _tell_began() -> None:
    _log.warning("user.attack.began")
