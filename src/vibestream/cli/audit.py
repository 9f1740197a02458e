"""`vibestream audit`."""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click
from rich.console import Console
from rich.table import Table

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.cli.places import data_folder
from vibestream.contexts.music.uploads.invariants import SAMPLE
from vibestream.contexts.payment.seal.invariants import SAMPLE as SEALED_BLOCKS
from vibestream.flows.audit import invariants_of
from vibestream.kernel.time import utc_now
from vibestream.platform.config import load_settings
from vibestream.platform.database import Database, as_app_role
from vibestream.platform.invariants import Checked, Invariant, check_all
from vibestream.platform.postgres import migrate
from vibestream.platform.storage import open_store


@click.command()
@click.option(
    "--json", "json_file", type=click.Path(dir_okay=False, path_type=Path), help="Also write one record per invariant."
)
@click.option("--list", "list_only", is_flag=True, help="Only list what is checked.")
@click.option(
    "--originals",
    type=click.IntRange(min=0),
    default=SAMPLE,
    show_default=True,
    help="How many stored originals, chosen at random, are read again; 0 for every one.",
)
@click.option(
    "--ledger",
    type=click.Choice(["newest", "full"]),
    default="newest",
    show_default=True,
    help="Whether the seals over the ledger are checked on the newest transactions and a random sample, or on all.",
)
def command(*, json_file: Path | None, list_only: bool, originals: int, ledger: str) -> None:
    """Check every invariant on the live database, and exit with 1 when one does not hold.

    Reads only, each check on one consistent snapshot, so it can run beside everything else. The worker runs the same
    checks on a schedule.
    """
    settings = load_settings()
    if settings.object_store == "local":
        data_folder(settings)
    invariants = invariants_of(
        settings,
        open_store(settings),
        originals=originals or None,
        sealed_blocks=None if ledger == "full" else SEALED_BLOCKS,
    )
    if list_only:
        for invariant in invariants:
            click.echo(f"{invariant.name:32} {invariant.statement}")
        return
    with reachable_owner_dsn(settings) as dsn:
        migrate.require_head(dsn)
        checked = asyncio.run(_check(as_app_role(dsn), invariants))
    _print(checked)
    if json_file is not None:
        json_file.write_text(json.dumps([_record(one) for one in checked], indent=2) + "\n")
    failed = [one for one in checked if not one.finding.ok]
    if failed:
        click.secho(f"{len(failed)} of {len(checked)} invariants do not hold.", fg="red", bold=True)
        sys.exit(1)
    click.secho(f"All {len(checked)} invariants hold.", bold=True)


async def _check(dsn: str, invariants: Sequence[Invariant]) -> list[Checked]:
    async with Database(dsn, max_size=1, application="vibestream audit") as database:
        return await check_all(database, invariants)


def _print(checked: list[Checked]) -> None:
    table = Table(box=None, pad_edge=False)
    table.add_column("")
    table.add_column("invariant", no_wrap=True)
    table.add_column("figure", overflow="fold")
    table.add_column("statement", overflow="fold")
    for one in checked:
        mark = "[green]holds[/]" if one.finding.ok else "[red bold]BROKEN[/]"
        table.add_row(mark, one.invariant.name, one.finding.figure, one.invariant.statement)
        if not one.finding.ok and one.finding.detail:
            table.add_row("", "", f"[red]{one.finding.detail}[/]", "")
    Console().print(table)


def _record(one: Checked) -> dict[str, object]:
    return {
        "name": one.invariant.name,
        "statement": one.invariant.statement,
        "ok": one.finding.ok,
        "figure": one.finding.figure,
        "detail": one.finding.detail,
        "seconds": round(one.seconds, 4),
        "checked_at": utc_now().isoformat(),
    }
