"""`vibestream epoch`."""

from __future__ import annotations

import asyncio
from datetime import date

import click

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.cli.days import DAY
from vibestream.contexts.listen_reward.receipts.service import Closed, EpochNotOver
from vibestream.flows.close_epochs import close_epoch
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate


@click.group()
def command() -> None:
    """Close a day's receipts to one signed root, upon which claims are taken.

    \b
      vibestream epoch close 2026-11-24            a day that is over; safe to repeat, whoever was cut off
      vibestream epoch close 2026-11-24 --early    the day that it is now; sandbox only

    The worker does it by itself. A listen that is settled after the close is of the next day.
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@click.argument("epoch", type=DAY, metavar="EPOCH")
@click.option("--early", is_flag=True, help="Close the day that it is now. Sandbox only.")
def close(*, epoch: date, early: bool) -> None:
    """Close EPOCH (such as 2026-11-24), or show it when it is closed. The worker does it an hour after midnight, UTC."""
    settings = load_settings()
    if early and not settings.sandboxed:
        raise EpochNotOver("An epoch is closed when its day, in UTC, is over.")

    async def run(dsn: str) -> Closed:
        async with Database(dsn, max_size=1, application="vibestream epoch") as database:
            return await close_epoch(database, settings=settings, epoch=epoch, now=utc_now(), early=early)

    with reachable_owner_dsn(settings) as dsn:
        migrate.require_head(dsn)
        closed = asyncio.run(run(as_app_role(dsn)))
    click.secho(f"Epoch {closed.epoch} is closed.", fg="green", bold=True)
    click.echo(f"root     {closed.root}")
    click.echo(f"leaves   {closed.leaves}")
    click.echo(f"claims   until {closed.claimable_until.isoformat()}")
    click.echo(f"key      {closed.key_id}")
