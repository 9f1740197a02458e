"""`vibestream rebuild`."""

from __future__ import annotations

import asyncio
import sys
from typing import Final

import click

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.contexts.payment.checkout import service as checkout
from vibestream.contexts.user.analytics import service as analytics
from vibestream.flows import count_listening
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Isolation, as_app_role
from vibestream.platform.postgres import migrate

_PEOPLE: Final = 500


@click.group()
def command() -> None:
    """Make what is read again from what happened.

    \b
      vibestream rebuild payments           make every listed payment again from its stream
      vibestream rebuild payments --check   only say whether the lists are what the streams say
      vibestream rebuild listening          count the listening figures of everybody who has any again
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@click.option("--check", is_flag=True, help="Change nothing; exit with 1 when a payment is listed otherwise.")
def payments(*, check: bool) -> None:
    """Make the listed payments again from their streams, and say how many were listed otherwise before.

    Safe while the platform runs: lists stay readable, and a payment that goes on meanwhile keeps its newer line.
    """
    differing, made = _run(check=check)
    click.echo(f"{differing} of the listed payments {'are' if check else 'were'} not as their streams say.")
    if check:
        sys.exit(1 if differing else 0)
    click.echo(f"{made} were made again.")


@command.command()
def listening() -> None:
    """Count the figures of everybody who has any again, from the listens that count, and say how many there were.

    Safe while the platform runs, one person at a time. Those of whoever does not consent any more are deleted.
    """

    async def run(dsn: str) -> tuple[int, int]:
        async with Database(dsn, max_size=1, application="vibestream rebuild") as database:
            return await _recount(database)

    with reachable_owner_dsn(load_settings()) as dsn:
        migrate.require_head(dsn)
        counted, deleted = asyncio.run(run(as_app_role(dsn)))
    click.echo(f"People whose listening was counted again: {counted}. Deleted, because they had withdrawn: {deleted}.")


def _run(*, check: bool) -> tuple[int, int]:
    async def run(dsn: str) -> tuple[int, int]:
        async with Database(dsn, max_size=1, application="vibestream rebuild") as database:
            question = checkout.differing_read_models
            differing = len(await database.run(question, isolation=Isolation.REPEATABLE_READ))
            return differing, 0 if check else await _rebuild(database)

    with reachable_owner_dsn(load_settings()) as dsn:
        migrate.require_head(dsn)
        return asyncio.run(run(as_app_role(dsn)))


async def _rebuild(database: Database) -> int:
    made, after = 0, None
    while True:
        count, after = await database.run(lambda tx: checkout.rebuild_some(tx, after=after))  # noqa: B023 - awaited here
        made += count
        if after is None:
            await database.run(checkout.forget_orphans)
            return made


async def _recount(database: Database) -> tuple[int, int]:
    counted, deleted, after = 0, 0, None
    while True:
        kept = await database.run(lambda tx: analytics.people(tx, after=after, limit=_PEOPLE))  # noqa: B023 - awaited here
        for user_id in kept:
            days = await database.run(lambda tx: count_listening.recount(tx, user_id=user_id, now=utc_now()))  # noqa: B023
            counted, deleted = (counted, deleted + 1) if days is None else (counted + 1, deleted)
        if len(kept) < _PEOPLE:
            return counted, deleted
        after = kept[-1]
