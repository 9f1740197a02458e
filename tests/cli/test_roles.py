"""`vibestream roles`, against a real database."""

from __future__ import annotations

import asyncio

from click.testing import CliRunner

from tests.factories.users import make_user
from vibestream.cli.roles import command
from vibestream.platform.database import Database


async def test_makes_the_first_admin_once_and_lists_who_holds_what(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        ana = await make_user(tx, email="ana@example.org")
        await make_user(tx, email="bea@example.org")
        await make_user(tx, email="cara@example.org", verified=False)

    async def run(*arguments: str) -> tuple[int, str]:
        runner = CliRunner(env={"DATABASE_URL": owner_dsn})
        ended = await asyncio.to_thread(runner.invoke, command, arguments)
        return ended.exit_code, str(ended.exception) if ended.exit_code == 1 else ended.output.strip()

    assert (await run())[1].startswith("Nobody holds a role.")
    assert await run("first-admin", "nobody@example.org") == (1, "No account has this address.")
    assert (await run("first-admin", "cara@example.org"))[0] == 1
    assert await run("first-admin", "ANA@example.org") == (0, "ana@example.org is the first admin.")
    code, listed = await run()
    assert (code, listed.startswith(f"admin      {ana.user_id}  since 2")) == (0, True)
    assert await run("first-admin", "bea@example.org") == (
        1,
        "There is an admin already: admins decide who is one besides.",
    )
