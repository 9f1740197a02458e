"""`vibestream dead-letters`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import TypeVar

import click
from rich.console import Console
from rich.table import Table

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.kernel.errors import Missing
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.events import dead_letters
from vibestream.platform.events.dead_letters import DeadLetter
from vibestream.platform.postgres import migrate

T = TypeVar("T")


class NoSuchDeadLetter(Missing):
    """There is no dead letter with this number."""

    code = "dead_letters.missing"


@click.group(invoke_without_command=True)
@click.pass_context
def command(context: click.Context) -> None:
    """List events that a consumer could not handle, and replay them.

    \b
      vibestream dead-letters                                   what, of whom, why
      vibestream dead-letters show 17                           the event itself
      vibestream dead-letters replay 17                         try it again
      vibestream dead-letters replay --consumer pay_rewards     try all of one consumer again
      vibestream dead-letters discard 17                        give it up for good

    Mend the cause first. Replaying is safe: an event that had its effect has none a second time.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    if context.invoked_subcommand is None:
        context.invoke(list_letters)


@command.command("list")
@click.option("--consumer", help="Only those of one consumer.")
@click.option("--limit", type=click.IntRange(1, 10_000), default=100, show_default=True, help="At most so many.")
def list_letters(*, consumer: str | None = None, limit: int = 100) -> None:
    """List dead letters, the newest first."""
    letters = _run(lambda tx: dead_letters.list_dead_letters(tx, consumer=consumer, limit=limit))
    if not letters:
        click.echo("There are no dead letters.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("number", "since", "consumer", "event", "key", "tries", "error"):
        table.add_column(heading, overflow="fold")
    for one in letters:
        event = f"{one.type} v{one.version}"
        since = f"{one.settled_at:%Y-%m-%d %H:%M}"
        table.add_row(str(one.id), since, one.consumer, event, one.key, str(one.tries), one.error)
    Console().print(table)


@command.command()
@click.argument("number", type=int)
def show(*, number: int) -> None:
    """Show one dead letter: the event's data and the whole error."""
    found = [one for one in _run(lambda tx: dead_letters.list_dead_letters(tx, limit=100_000)) if one.id == number]
    if not found:
        raise NoSuchDeadLetter(f"There is no dead letter {number}; `vibestream dead-letters` lists them.")
    _show(found[0])


@command.command()
@click.argument("numbers", type=int, nargs=-1)
@click.option("--consumer", help="All of one consumer.")
@click.option("--key", help="All of one key, such as an id.")
def replay(*, numbers: tuple[int, ...], consumer: str | None, key: str | None) -> None:
    """Have dead letters tried again: those with these numbers, or all of a consumer or key."""
    ids = list(numbers) or None
    count = _run(lambda tx: dead_letters.replay(tx, ids=ids, consumer=consumer, key=key))
    click.echo(f"{count} will be tried again." if count else "Nothing matches.")


@command.command()
@click.argument("numbers", type=int, nargs=-1)
@click.option("--consumer", help="All of one consumer.")
@click.option("--key", help="All of one key, such as an id.")
@click.confirmation_option(prompt="Discarded events never take effect. Go on?")
def discard(*, numbers: tuple[int, ...], consumer: str | None, key: str | None) -> None:
    """Give dead letters up for good; they are kept, and no longer counted."""
    ids = list(numbers) or None
    count = _run(lambda tx: dead_letters.discard(tx, ids=ids, consumer=consumer, key=key))
    click.echo(f"{count} discarded." if count else "Nothing matches.")


def _show(letter: DeadLetter) -> None:
    click.echo(f"{letter.type} version {letter.version}, event {letter.event_id}, key {letter.key}")
    click.echo(f"consumer {letter.consumer}, {letter.tries} tries, given up {letter.settled_at.isoformat()}")
    click.echo(letter.error)
    click.echo(json.dumps(json.loads(letter.data), indent=2))


def _run(work: Callable[[Tx], Awaitable[T]]) -> T:
    async def run(dsn: str) -> T:
        async with Database(dsn, max_size=1, application="vibestream dead-letters") as database:
            return await database.run(work)

    with reachable_owner_dsn(load_settings()) as dsn:
        migrate.require_head(dsn)
        return asyncio.run(run(as_app_role(dsn)))
