"""The operations page shows each rule of retention, when it last ran, and which is late."""

from __future__ import annotations

from typing import Any

from tests.factories.users import make_user
from tests.web.conftest import read
from vibestream.flows.retention import rules_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database
from vibestream.platform.retention import keep_to

RULES = rules_of(load_settings())


async def test_each_rule_with_its_last_run_and_what_is_late(client_for: Any, database: Database):
    async with database.begin() as tx:
        user = await make_user(tx, roles=["admin"])
    admin = await client_for(user)
    text = read(await admin.get("/operations")).text
    assert f"{len(RULES)} rules are not kept to." in text
    assert [rule.name for rule in RULES if rule.name not in text] == []
    await keep_to(database, rules=RULES, now=utc_now())
    text = read(await admin.get("/operations")).text
    assert "Every rule was kept to within the last hours." in text
    assert "30 days after they expired" in text
    async with database.begin() as tx:
        await tx.execute("UPDATE platform.retention_run SET ran_at = ran_at - interval '4 hours' WHERE rule = 'user.sessions'")  # fmt: skip
        await tx.execute("UPDATE platform.retention_run SET failed_at = now(), error = 'LockNotAvailable' WHERE rule = 'user.exports'")  # fmt: skip
    text = read(await admin.get("/operations")).text
    assert "2 rules are not kept to." in text
    assert "LockNotAvailable" in text
