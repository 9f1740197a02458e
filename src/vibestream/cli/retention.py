"""`vibestream retention`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import datetime

import click
from rich.console import Console
from rich.table import Table

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.flows.retention import rules_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.postgres import migrate
from vibestream.platform.retention import Ran, Rule, RuleFailed, after, is_late, keep_to, runs_of


@click.command()
@click.option("--run", "run_now", is_flag=True, help="Keep to every rule now, as the worker does every hour.")
def command(*, run_now: bool) -> None:
    """Show for how long what is kept, and when each rule last ran; exit with 1 when one is late.

    A rule deletes rows, or empties them of what is personal, once they were kept for its time. The worker keeps to all
    of them every hour. One that has not run for three hours, or whose last try failed, is late.
    """
    settings = load_settings()
    rules = rules_of(settings)
    now = utc_now()
    with reachable_owner_dsn(settings) as dsn:
        migrate.require_head(dsn)
        runs, failed = asyncio.run(_look(as_app_role(dsn), rules, run_now=run_now, now=now))
    Console().print(_table(rules, runs, now=now))
    if failed:
        click.secho(f"Failed: {', '.join(failed)}. The log says why.", fg="red", err=True)
    if any(is_late(runs.get(rule.name), now=now) for rule in rules):
        raise SystemExit(1)


async def _look(
    dsn: str, rules: Sequence[Rule], *, run_now: bool, now: datetime
) -> tuple[dict[str, Ran], tuple[str, ...]]:
    failed: tuple[str, ...] = ()
    async with Database(dsn, max_size=2, application="vibestream retention") as database:
        if run_now:
            try:
                await keep_to(database, rules=rules, now=now)
            except RuleFailed as error:
                failed = error.rules
        async with database.begin(read_only=True) as tx:
            return await runs_of(tx), failed


def _table(rules: Sequence[Rule], runs: dict[str, Ran], *, now: datetime) -> Table:
    table = Table(box=None, pad_edge=False)
    for heading in ("rule", "what", "does", "after", "last ran", "dropped", "in all"):
        table.add_column(heading, overflow="fold")
    for rule in rules:
        ran = runs.get(rule.name)
        late = is_late(ran, now=now)
        at = "never" if ran is None or ran.ran_at is None else f"{ran.ran_at:%Y-%m-%d %H:%M}Z"
        at += f", failed: {ran.error}" if ran is not None and late and ran.error else ""
        table.add_row(
            *(rule.name, rule.what, rule.does.value, after(rule.kept, rule.since)),
            f"[red]{at}, late[/red]" if late else at,
            *(("0", "0") if ran is None else (str(ran.dropped), str(ran.total))),
        )
    return table
