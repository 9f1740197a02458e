"""Asking for an erasure, and working its saga by hand.

asked = await ask(runtime, user)                    # due at once: no days to think it over
await erased(runtime)                               # every step, whatever its time
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.factories.orders import run_jobs
from tests.factories.users import Artist, User
from vibestream.contexts.user.erasure.service import Erasure, Music, newest
from vibestream.flows import erase_person
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database
from vibestream.platform.runtime import Runtime


def hasty(runtime: Runtime, *, days: int = 0, grace_s: int = 0) -> Any:
    """The settings of a runtime, with another time to think it over, and to let things end."""
    settings = runtime.settings
    return load_settings(
        environment=settings.environment,
        data_dir=settings.data_dir,
        public_url=str(settings.public_url),
        database_url=runtime.database.dsn,
        erasure_wait_days=days,
        erasure_grace_s=grace_s,
    )


async def ask(
    runtime: Runtime,
    who: User | Artist,
    *,
    music: Music = Music.TAKE_DOWN,
    gives_up: bool = False,
    days: int = 0,
    grace_s: int = 0,
    now: datetime | None = None,
) -> Erasure:
    """Ask to be erased, as the account's page does."""
    user = who.user if isinstance(who, Artist) else who
    async with runtime.database.begin() as tx:
        asked = await erase_person.ask(
            tx,
            settings=hasty(runtime, days=days, grace_s=grace_s),
            user_id=user.user_id,
            confirmation=user.email,
            music=music,
            gives_up=gives_up,
            now=now or utc_now(),
        )
    assert asked is not None
    return asked


async def standing(database: Database, who: User | Artist) -> Erasure:
    """How far the last erasure of somebody is."""
    async with database.begin() as tx:
        found = await newest(tx, user_id=who.user_id)
    assert found is not None
    return found


async def erased(runtime: Runtime, *, most: int = 1000) -> None:
    """Run every step of every erasure, whatever its time."""
    await run_jobs(runtime, most=most)
