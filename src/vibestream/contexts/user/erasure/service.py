"""Asking to be erased, coming back, and how far it is.

Whoever signs in and whoever closes the account take turns at the row of the erasure: either the account is closed, and
nobody gets in, or somebody has got in, and it is not closed.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.erasure import store
from vibestream.contexts.user.erasure.domain import AccountClosed, Erasure, ErasureCancelled, Music, State
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform.database import Tx

__all__ = [
    "AccountClosed",
    "Erasure",
    "ErasureCancelled",
    "Music",
    "State",
    "ask",
    "close",
    "come_back",
    "finish",
    "newest",
    "pass_point_of_no_return",
    "reopen",
]


async def ask(
    tx: Tx, *, user_id: UserId, music: Music, gives_up: bool, due_at: datetime, now: datetime
) -> Erasure | None:
    """Note that somebody wants to be erased, and return it; None when they had asked already."""
    erasure = Erasure(
        erasure_id=new_id(),
        user_id=user_id,
        music=music,
        gives_up=gives_up,
        state=State.WAITING,
        asked_at=now,
        due_at=due_at,
        reason=None,
    )
    if not await store.add(tx, erasure=erasure):
        return None
    await _log(tx, audit_log.Action.ERASURE_ASKED, erasure, now=now)
    return erasure


async def newest(tx: Tx, *, user_id: UserId) -> Erasure | None:
    """Return the last erasure that somebody asked for, whatever became of it; None when they never did."""
    return await store.load_newest(tx, user_id=user_id)


async def come_back(tx: Tx, *, user_id: UserId, now: datetime) -> bool:
    """Cancel the erasure that waits for somebody, since they sign in, and say whether there was one.

    Raises:
        AccountClosed: it waits no more.
    """
    found = await store.lock_under_way(tx, user_id=user_id)
    if found is None:
        return False
    if found.closed:
        raise AccountClosed
    await store.save(tx, erasure=replace(found, state=State.CANCELLED), now=now)
    await _log(tx, audit_log.Action.ERASURE_CANCELLED, found, now=now)
    return True


async def close(tx: Tx, *, erasure_id: UUID, now: datetime) -> Erasure | None:
    """Close the account of an erasure that is due, and return it; None before it is due.

    Raises:
        ErasureCancelled: its owner has come back.
    """
    found = await _locked(tx, erasure_id)
    if found.state in {State.CANCELLED, State.REFUSED}:
        raise ErasureCancelled
    if now < found.due_at:
        return None
    if found.state is State.WAITING:
        found = replace(found, state=State.CLOSING)
        await store.save(tx, erasure=found, now=now)
    return found


async def reopen(tx: Tx, *, erasure_id: UUID, reason: str, now: datetime) -> Erasure | None:
    """Open a closed account again, because it could not be erased, and return its erasure; None when it is not closed."""
    found = await _locked(tx, erasure_id)
    if found.state is not State.CLOSING:
        return None
    refused = replace(found, state=State.REFUSED, reason=reason[:100])
    await store.save(tx, erasure=refused, now=now)
    await _log(tx, audit_log.Action.ERASURE_REFUSED, refused, now=now)
    return refused


async def pass_point_of_no_return(tx: Tx, *, erasure_id: UUID, keeps_music: bool, now: datetime) -> None:
    """Note that an account is being erased, and whether there is music of it that stays."""
    found = await _locked(tx, erasure_id)
    music = Music.KEEP if keeps_music else Music.TAKE_DOWN
    if found.state is not State.DONE:
        await store.save(tx, erasure=replace(found, state=State.ERASING, music=music), now=now)


async def finish(tx: Tx, *, erasure_id: UUID, now: datetime) -> None:
    """Note that somebody was erased. The security log has a line that it happened, and none to whom."""
    found = await _locked(tx, erasure_id)
    if found.state is State.DONE:
        return
    await store.save(tx, erasure=replace(found, state=State.DONE), now=now)
    await audit_log.record(tx, action=audit_log.Action.PERSON_ERASED, user_id=None, now=now)


async def _locked(tx: Tx, erasure_id: UUID) -> Erasure:
    found = await store.lock(tx, erasure_id=erasure_id)
    if found is None:
        raise LookupError(erasure_id)
    return found


async def _log(tx: Tx, action: audit_log.Action, erasure: Erasure, *, now: datetime) -> None:
    await audit_log.record(tx, action=action, user_id=erasure.user_id, actor_id=erasure.user_id, now=now)
