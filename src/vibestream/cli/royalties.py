"""`vibestream royalties`."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import ClassVar, TypeVar
from uuid import UUID

import click
from rich.console import Console
from rich.table import Table

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.contexts.payment.royalties import service
from vibestream.contexts.payment.royalties.service import Exclusion, PayeeShare, PoolView, RunView
from vibestream.kernel.errors import Forbidden, InvalidInput
from vibestream.kernel.money import Currency, decimal_text
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, Tx, as_app_role
from vibestream.platform.postgres import migrate

T = TypeVar("T")


class OnlyInSandbox(Forbidden):
    """A month is closed early only where no real money is."""

    code: ClassVar[str] = "royalties.only_in_sandbox"


class BadExclusions(InvalidInput):
    """The file of exclusions is a JSON list of objects with listener, track and reason."""

    code: ClassVar[str] = "royalties.bad_exclusions"


@click.group()
def command() -> None:
    """Close a month and share its royalties, or show what was shared.

    \b
      vibestream royalties run 2026-11                  close the month and run it, in every currency
      vibestream royalties run 2026-11 --currency EUR   in one
      vibestream royalties show                         closed months and their runs
      vibestream royalties show 2026-11                 both engines side by side, payee by payee

    A month that has been run is not run again: repeating the command shows the run there is. To correct one, two people
    reverse it in the finance console; then run it again.
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@click.argument("month")
@click.option("--currency", "currencies", multiple=True, help="Only this currency; may be given again.")
@click.option("--early", is_flag=True, help="Close a month that is not over. Sandbox only.")
@click.option(
    "--exclusions",
    "file",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help='Artificial listens, as JSON: [{"listener": id, "track": id, "reason": text}].',
)
def run(*, month: str, currencies: tuple[str, ...], early: bool, file: Path | None) -> None:
    """Close MONTH (such as 2026-11) when it is over, and share its pool by the policy's engine."""
    settings = load_settings()
    if early and not settings.sandboxed:
        raise OnlyInSandbox("A month is closed when it is over.")
    first = service.parse_month(month)
    exclusions = [] if file is None else _exclusions(file)
    chosen = [Currency.of(code) for code in currencies]

    async def work(tx: Tx) -> list[tuple[PoolView, RunView]]:
        done = []
        known = {one.currency for one in await service.pools(tx, limit=10_000) if one.month == first}
        open_ones = set(await service.currencies_of(tx, month=first))
        for currency in chosen or sorted(known | open_ones, key=lambda one: one.code):
            now = utc_now()
            pool = await service.close_month(tx, month=first, currency=currency, closed_by=None, now=now, early=early)
            made = await service.run_month(
                tx, month=first, currency=currency, exclusions=exclusions, made_by=None, now=now
            )
            done.append((pool, made))
        return done

    done = _run(work)
    if not done:
        click.echo(f"Nobody paid anything for {month}.")
    for pool, made in done:
        _say(pool, made)


@command.command()
@click.option("--early", is_flag=True, help="As if the hold were over. Sandbox only.")
def release(*, early: bool) -> None:
    """Make available what payees have had pending for the policy's hold; the worker does it every hour."""
    if early and not load_settings().sandboxed:
        raise OnlyInSandbox("What may still be disputed is not paid out.")

    async def work(tx: Tx) -> int:
        now = utc_now()
        policy = await service.policy_for(tx, month=service.month_of(now))
        return await service.release_due(tx, now=now + timedelta(days=policy.hold_days) if early else now)

    released = 0
    while accounts := _run(work):
        released += accounts
    click.echo(f"Released on {released} accounts." if released else "Nothing was due.")


@command.command()
@click.argument("month", required=False)
@click.option("--limit", type=click.IntRange(1, 10_000), default=20, show_default=True, help="At most so many rows.")
def show(*, month: str | None, limit: int) -> None:
    """Show closed months and their runs; with MONTH, what both engines gave to each payee."""
    if month is None:
        _show_runs(*_run(lambda tx: _listed(tx, limit)))
        return
    for made, shares in _run(lambda tx: _compared(tx, service.parse_month(month), limit)):
        _show_comparison(made, shares)


async def _listed(tx: Tx, limit: int) -> tuple[list[PoolView], list[RunView]]:
    return await service.pools(tx, limit=limit), await service.list_runs(tx, limit=limit)


async def _compared(tx: Tx, month: date, limit: int) -> list[tuple[RunView, list[PayeeShare]]]:
    runs = await service.list_runs(tx, month=month)
    return [(one, await service.compare(tx, run_id=one.run_id, limit=limit)) for one in runs]


def _say(pool: PoolView, made: RunView) -> None:
    currency = pool.currency
    click.secho(f"{service.label(pool.month)} {currency.code}, run {made.number}", bold=True)
    for words, minor in (
        ("gross", pool.gross),
        ("fees", pool.fees),
        ("pool", pool.pool),
        ("unallocated", made.unallocated),
    ):
        click.echo(f"  {words:12} {decimal_text(minor, currency):>18}")
    click.echo(f"  {'paid':12} {made.engine.value:>18}")
    click.echo(f"  transaction {made.transaction_id}, usage {made.usage_hash.hex()[:16]}")


def _show_runs(pools: Sequence[PoolView], runs: Sequence[RunView]) -> None:
    if not pools:
        click.echo("No month has been closed yet.")
        return
    table = Table(box=None, pad_edge=False)
    for heading in ("month", "currency", "gross", "fees", "pool", "run", "engine", "unallocated", "state"):
        table.add_column(heading)
    for pool in pools:
        facts = [decimal_text(minor, pool.currency) for minor in (pool.gross, pool.fees, pool.pool)]
        mine = [one for one in runs if (one.month, one.currency) == (pool.month, pool.currency)]
        for made in mine:
            left = decimal_text(made.unallocated, pool.currency)
            state = "reversed" if made.reversed_at else "stands"
            table.add_row(
                service.label(pool.month), pool.currency.code, *facts, str(made.number), made.engine.value, left, state
            )
        if not mine:
            table.add_row(service.label(pool.month), pool.currency.code, *facts, "-", "", "", "not run")
    Console().print(table)


def _show_comparison(made: RunView, shares: Sequence[PayeeShare]) -> None:
    state = ", reversed" if made.reversed_at else ""
    title = f"{service.label(made.month)} {made.currency.code}, run {made.number}, paid {made.engine.value}{state}"
    table = Table(title=title, title_justify="left", box=None, pad_edge=False)
    for heading in ("payee", "pro-rata", "user-centric", "difference", "payable"):
        table.add_column(heading, justify="left" if heading == "payee" else "right")
    for one in shares:
        amounts = (one.pro_rata, one.user_centric, one.user_centric - one.pro_rata, one.settlement.payable)
        table.add_row(str(one.payee_id), *(decimal_text(minor, made.currency) for minor in amounts))
    Console().print(table)


def _exclusions(file: Path) -> list[Exclusion]:
    try:
        return [
            Exclusion(
                UUID(one["listener"]) if one.get("listener") else None,
                UUID(one["track"]) if one.get("track") else None,
                str(one["reason"]),
            )
            for one in json.loads(file.read_bytes())
        ]
    except (AttributeError, KeyError, TypeError, ValueError):
        raise BadExclusions(f"{file} is not a list of objects with listener, track and reason.") from None


def _run(work: Callable[[Tx], Awaitable[T]]) -> T:
    async def run(dsn: str) -> T:
        async with Database(dsn, max_size=1, application="vibestream royalties") as database:
            return await database.run(work)

    with reachable_owner_dsn(load_settings()) as dsn:
        migrate.require_head(dsn)
        return asyncio.run(run(as_app_role(dsn)))
