"""Noting that an attack is over, and showing to monitoring that one lasts."""

from __future__ import annotations

from typing import Final

import structlog
from prometheus_client import Gauge

from vibestream.contexts.user.attacks import service
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Tx
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

ATTACKED: Final = Gauge(
    "vibestream_sign_in_attack",
    "1 while passwords are being guessed at many accounts, and browsers that an account does not know are asked for a mailed code.",
)
_log = structlog.get_logger()


@periodic("user.note_end_of_attack", every_s=60)
async def note_end_of_attack(runtime: Runtime) -> None:
    """Note in the security log that an attack is over."""
    async with runtime.database.begin() as tx:
        ended = await service.note_end(tx, now=utc_now())
    if ended is not None:
        _log.warning("user.attack.ended", began_at=ended.began_at.isoformat(), until=ended.until.isoformat())


async def probe(tx: Tx) -> None:
    """Set the gauge. It is looked up in the database, so each process says the same."""
    ATTACKED.set(await service.is_attacked(tx, now=utc_now()))
