"""`vibestream rebuild listening` counts everybody's figures again and deletes those of whoever withdrew."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime

from tests.factories import heard
from tests.factories.heard import Played
from tests.factories.listen_reward import make_track, registered
from tests.factories.users import make_user
from vibestream.contexts.user.analytics import store
from vibestream.flows import count_listening
from vibestream.platform.database import Database

NOON = datetime(2026, 11, 24, 12, tzinfo=UTC)


async def test_what_was_damaged_is_counted_again_and_the_withdrawn_are_forgotten(
    database: Database, owner_dsn: str, tmp_path: object
):
    async with database.begin() as tx:
        song = await registered(tx, make_track())
        fan, gone = (await make_user(tx)).user_id, (await make_user(tx)).user_id
        await heard.write(tx, [Played(fan, song, NOON), Played(gone, song, NOON)])
        for one in (fan, gone):
            await heard.consent(tx, one)
            await count_listening.recount(tx, user_id=one, now=NOON)
        right = await store.records_of(tx, fan)
        await tx.execute("UPDATE users.listening_hour SET listens = 9, heard_ms = 1, hour = 3")
        await heard.withdraw(tx, gone)

    ran = subprocess.run(
        [sys.executable, "-m", "vibestream.cli", "rebuild", "listening"],
        env={"PATH": "/usr/bin:/bin", "DATABASE_URL": owner_dsn, "VIBESTREAM_DATA_DIR": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )

    assert ran.stdout == "People whose listening was counted again: 1. Deleted, because they had withdrawn: 1.\n", (
        ran.stderr
    )
    async with database.begin() as tx:
        assert await store.records_of(tx, fan) == right
        assert await store.records_of(tx, gone) == []
