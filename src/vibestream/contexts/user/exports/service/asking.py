"""Asking for an export, how far it is, and that it is there. Every step is told to the browsers of its owner."""

from __future__ import annotations

from datetime import datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.user.audit_log import service as audit_log
from vibestream.contexts.user.exports import store
from vibestream.contexts.user.exports.domain.exports import Export, State
from vibestream.kernel.ids import UserId, new_id
from vibestream.platform import live
from vibestream.platform.database import Tx

_SHOWN: Final = 10


async def ask(tx: Tx, *, user_id: UserId, locale: str, total: int, now: datetime, network: str = "") -> Export | None:
    """Note that somebody wants a copy of what is held of them in `total` parts; None when one is being made already.

    It stands in the security log, with the coarse network that it was asked for from.
    """
    wanted = Export(
        export_id=new_id(),
        user_id=user_id,
        locale=locale,
        state=State.WAITING,
        done=0,
        total=total,
        asked_at=now,
    )
    if not await store.add(tx, export=wanted):
        return None
    action = audit_log.Action.EXPORT_ASKED
    await audit_log.record(tx, action=action, user_id=user_id, actor_id=user_id, now=now, network=network)
    return wanted


async def export(tx: Tx, *, export_id: UUID) -> Export | None:
    """Return an export, whoever's it is; for those who make it."""
    return await store.load(tx, export_id=export_id)


async def exports_of(tx: Tx, *, user_id: UserId) -> list[Export]:
    """Return a person's last exports, the newest first."""
    return await store.list_of(tx, user_id=user_id, limit=_SHOWN)


async def progress(tx: Tx, *, export: Export, done: int) -> bool:
    """Note that so many parts are told, and say whether the export is still wanted."""
    wanted = await store.save_progress(tx, export_id=export.export_id, done=done)
    if wanted:
        await _tell(tx, export, done=done, state=State.WAITING)
    return wanted


async def ready(
    tx: Tx, *, export: Export, size: int, sha256: bytes, expires_at: datetime, now: datetime
) -> Export | None:
    """Let an export's owner fetch it, until it expires; None when it is not wanted any more, such as after an erasure."""
    found = await store.save_ready(
        tx, export_id=export.export_id, size=size, sha256=sha256, expires_at=expires_at, now=now
    )
    if found is not None:
        await _tell(tx, found, done=found.total, state=State.READY)
    return found


async def _tell(tx: Tx, export: Export, *, done: int, state: State) -> None:
    told = {"export_id": export.export_id, "done": done, "total": export.total, "state": state.value}
    await live.announce(tx, topic=f"user:{export.user_id}", kind="export.progress", data=told)
