"""`vibestream grant-role`, against a real database."""

from __future__ import annotations

import asyncio

from click.testing import CliRunner

from tests.factories.users import make_user, signed_in
from vibestream.cli.grant_role import command
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.sessions import service as sessions
from vibestream.kernel.time import utc_now
from vibestream.platform.database import Database


async def test_makes_the_first_admin_and_unmakes_it(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        user = await make_user(tx, email="ana@example.org")
        token = await signed_in(tx, user)

    async def run(*arguments: str) -> tuple[int, str]:
        runner = CliRunner(env={"DATABASE_URL": owner_dsn})
        ended = await asyncio.to_thread(runner.invoke, command, arguments)
        return ended.exit_code, str(ended.exception) if ended.exit_code == 1 else ended.output.strip()

    async def roles() -> frozenset[Role]:
        async with database.begin() as tx:
            return await access.roles_of(tx, user_id=user.user_id)

    assert await run("ANA@example.org", "admin") == (0, "ana@example.org is admin now.")
    assert await roles() == {Role.ADMIN}
    async with database.begin() as tx:
        assert await sessions.authenticate(tx, token=token, now=utc_now()) is None
    assert await run("ana@example.org", "admin") == (0, "ana@example.org was admin already.")
    assert await run("nobody@example.org", "admin") == (1, "No account has this address.")
    assert (await run("ana@example.org", "root"))[0] == 2
    assert await run("ana@example.org", "admin", "--revoke") == (1, "This is the last admin. Make another one first.")
    async with database.begin() as tx:
        await make_user(tx, roles=["admin"])
    assert await run("ana@example.org", "admin", "--revoke") == (0, "ana@example.org is admin no longer.")
    assert await roles() == frozenset()
