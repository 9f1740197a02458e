"""`vibestream roles`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

import click

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.contexts.user.administration import service as administration
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.postgres import migrate


@click.group(invoke_without_command=True)
@click.pass_context
def command(ctx: click.Context) -> None:
    """Show who holds a role, by id; or make the first admin.

    \b
    On a new installation, once somebody has signed up:
      vibestream roles first-admin ana@example.org

    From then on admins decide, on the page of operations: one proposes who is an admin or looks after money, another
    approves. Artists are not listed.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    if ctx.invoked_subcommand is None:
        _run(_list)


@command.command("first-admin")
@click.argument("email")
def first_admin(*, email: str) -> None:
    """Make the account of an address the first admin. Refused when there is one.

    The account must have proved its address. It is signed out everywhere, since an admin's sessions are short.
    """

    async def make(tx: Tx) -> str:
        made = await administration.make_first_admin(tx, email=email, now=utc_now())
        return f"{made.email} is the first admin."

    _run(make)


async def _list(tx: Tx) -> str:
    held = await administration.holders(tx)
    lines = [f"{one.role.value:10} {one.user_id}  since {one.granted_at:%Y-%m-%d}" for one in held]
    return "\n".join(lines) or "Nobody holds a role. Make the first admin: vibestream roles first-admin ADDRESS"


def _run(work: Callable[[Tx], Awaitable[str]]) -> None:
    with reachable_owner_dsn(load_settings()) as dsn:
        migrate.require_head(dsn)
        click.echo(asyncio.run(_in_transaction(as_app_role(dsn), work)))


async def _in_transaction(dsn: str, work: Callable[[Tx], Awaitable[str]]) -> str:
    async with Database(dsn, max_size=1, application="vibestream roles") as database, database.begin() as tx:
        return await work(tx)
