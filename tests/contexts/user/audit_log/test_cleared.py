"""Networks that the log held in clear before people had keys are taken out of it, and the chain is written anew."""

from __future__ import annotations

import runpy
from pathlib import Path

import psycopg

from tests.factories.users import MADE_AT, make_user
from vibestream.contexts.user.audit_log import service
from vibestream.contexts.user.audit_log.invariants import INVARIANTS
from vibestream.contexts.user.audit_log.service import Action
from vibestream.platform.database import Database

REVISION = Path(__file__).parents[4] / "migrations/versions/20261124_0024_privacy.py"


async def test_old_lines_lose_the_network_of_whom_they_name_and_nothing_else(database: Database, owner_dsn: str):
    revision = runpy.run_path(str(REVISION))
    async with database.begin() as tx:
        user = await make_user(tx)
    line = (
        "INSERT INTO users.security_log (entry_id, at, action, user_id, network, detail)"
        " VALUES (gen_random_uuid(), %s, 'session.sign_in_refused', %s, '203.0.113.0/24', 'kept')"
    )
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        await owner.execute(line, [MADE_AT, user.user_id])
        await owner.execute(line, [MADE_AT, None])
        await owner.execute(revision["_SECURITY_LOG"])

    async with database.begin() as tx:
        await service.record(tx, action=Action.SIGNED_IN, user_id=user.user_id, now=MADE_AT, network="192.0.2.0/24")
        rows = await tx.values(
            "SELECT network || '|' || detail FROM users.security_log WHERE number < 3 ORDER BY number"
        )
        finding = await INVARIANTS[0].check(tx)
    assert rows == ["|kept", "203.0.113.0/24|kept"]
    assert (finding.ok, finding.figure) == (True, "3 lines")
