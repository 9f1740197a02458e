"""`vibestream retention`, against a real database."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest
from click.testing import CliRunner

from vibestream.cli.retention import command
from vibestream.flows.retention import rules_of
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database
from vibestream.platform.retention import after


async def test_shows_each_rule_is_late_until_it_ran_and_keeps_to_all_of_them_when_told(
    database: Database, owner_dsn: str
):
    async def run(*arguments: str) -> tuple[int, str]:
        runner = CliRunner(env={"DATABASE_URL": owner_dsn, "COLUMNS": "240"})
        ended = await asyncio.to_thread(runner.invoke, command, arguments)
        return ended.exit_code, ended.output

    names = [rule.name for rule in rules_of(load_settings())]
    code, shown = await run()
    assert code == 1
    assert [name for name in names if name not in shown] == []
    assert shown.count("never, late") == len(names)
    code, shown = await run("--run")
    assert (code, "late" in shown, "never, late" in shown) == (0, False, False)
    assert "30 days after they expired" in shown
    async with database.begin() as tx:
        await tx.execute(
            "UPDATE platform.retention_run SET ran_at = ran_at - interval '4 hours' WHERE rule = %s", names[:1]
        )
    code, shown = await run()
    assert (code, shown.count(", late")) == (1, 1)


@pytest.mark.parametrize(
    ("kept", "said"),
    [
        (timedelta(0), "once it ended"),
        (timedelta(days=1), "1 day after it ended"),
        (timedelta(days=400), "400 days after it ended"),
        (timedelta(hours=2), "2 hours after it ended"),
        (timedelta(minutes=1), "1 minute after it ended"),
        (timedelta(seconds=30), "30 seconds after it ended"),
    ],
)
def test_a_time_is_said_in_its_own_unit(kept: timedelta, said: str):
    assert after(kept, "it ended") == said
