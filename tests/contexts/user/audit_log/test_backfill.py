"""What the log held before it became a chain is in the chain, in the order of its time."""

from __future__ import annotations

import runpy
from pathlib import Path

import psycopg

from vibestream.contexts.user.audit_log.invariants import INVARIANTS
from vibestream.platform.database import Database

REVISION = Path(__file__).parents[4] / "migrations/versions/20261124_0019_notifications.py"


async def test_old_lines_are_chained_in_order_and_new_ones_follow(database: Database, owner_dsn: str):
    revision = runpy.run_path(str(REVISION))
    before = (
        "DROP TRIGGER chain ON users.security_log; DROP FUNCTION users.chain_entry; DROP FUNCTION users.audit_hash;"
        "ALTER TABLE users.security_log DROP COLUMN number, DROP COLUMN hash;"
        "DROP INDEX users.security_log_by_action; DROP INDEX users.security_log_by_actor;"
    ).replace("DROP INDEX", "DROP INDEX IF EXISTS")
    line = (
        "INSERT INTO users.security_log (entry_id, at, action, network, detail)"
        " VALUES (gen_random_uuid(), %s, 'role.granted', '', %s)"
    )
    async with await psycopg.AsyncConnection.connect(owner_dsn) as owner:
        await owner.execute(before)
        for at, detail in (("2026-11-24T10:00Z", "second"), ("2026-11-24T09:00Z", "first")):
            await owner.execute(line, [at, detail])
        for part in ("_CHAIN_COLUMNS", "_CHAIN_HASH", "_CHAIN"):
            await owner.execute(revision[part])
        await owner.execute(line, ["2026-11-24T08:00Z", "third"])

    async with database.begin() as tx:
        assert await tx.values("SELECT detail FROM users.security_log ORDER BY number") == ["first", "second", "third"]
        finding = await INVARIANTS[0].check(tx)
        assert (finding.ok, finding.figure) == (True, "3 lines")
