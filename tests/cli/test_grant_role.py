"""`vibestream grant-role`, against a real database."""

from __future__ import annotations

import asyncio

from click.testing import CliRunner

from tests.factories.labels import agreed, make_label
from tests.factories.music import make_music
from tests.factories.users import make_user, signed_in
from vibestream.cli.grant_role import command
from vibestream.contexts.music.catalogue import service as catalogue
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.labels import service as labels
from vibestream.contexts.user.labels.service import LabelRole
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


async def test_an_account_that_is_made_a_label_no_more_works_for_no_artist(database: Database, owner_dsn: str):
    async with database.begin() as tx:
        label, music = await make_label(tx), await make_music(tx)
        await agreed(tx, label, music.artist, LabelRole.EDITOR)
        assert len(await catalogue.artists_of(tx, user_id=label.user_id)) == 1
    runner = CliRunner(env={"DATABASE_URL": owner_dsn})
    ended = await asyncio.to_thread(runner.invoke, command, [label.user.email, "label", "--revoke"])
    assert (ended.exit_code, ended.output.strip()) == (0, f"{label.user.email} is label no longer.")
    async with database.begin() as tx:
        assert await catalogue.artists_of(tx, user_id=label.user_id) == []
        assert (
            await labels.labels_of(tx, artist_id=music.artist.artist_id, owner=music.artist.user_id, now=utc_now())
            == []
        )
