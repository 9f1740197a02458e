"""`vibestream grant-role`."""

from __future__ import annotations

import asyncio

import click

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.contexts.user.access import service as access
from vibestream.contexts.user.access.service import Role
from vibestream.contexts.user.accounts import service as accounts
from vibestream.flows import work_for_artists
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate


@click.command()
@click.argument("email")
@click.argument("role", type=click.Choice([role.value for role in Role]))
@click.option("--revoke", is_flag=True, help="Take the role back instead.")
def command(*, email: str, role: str, revoke: bool) -> None:
    """Give the account of an address a role, or take it back.

    \b
    The first admin is made here, by whoever can reach the database:
      vibestream grant-role ana@example.org admin

    The account must exist. A new admin is signed out everywhere, since an admin's sessions are short. Either way a line
    in the security log says that it was done from the command line.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    with reachable_owner_dsn(load_settings()) as dsn:
        migrate.require_head(dsn)
        click.echo(asyncio.run(_change(as_app_role(dsn), email=email, role=access.role_named(role), revoke=revoke)))


async def _change(dsn: str, *, email: str, role: Role, revoke: bool) -> str:
    now = utc_now()
    async with Database(dsn, max_size=1, application="vibestream grant-role") as database, database.begin() as tx:
        account = await accounts.user_by_email(tx, email=email)
        if revoke:
            held = await access.revoke_role(tx, user_id=account.user_id, role=role, revoked_by=None, now=now)
            if role is Role.LABEL:
                await work_for_artists.dissolve_label(tx, label=account.user_id, now=now)
            return f"{account.email} is {role} no longer." if held else f"{account.email} was not {role}."
        new = await access.grant_role(tx, user_id=account.user_id, role=role, granted_by=None, now=now)
    return f"{account.email} is {role} now." if new else f"{account.email} was {role} already."
