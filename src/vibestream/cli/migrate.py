"""`vibestream migrate`."""

from __future__ import annotations

import click

from vibestream.cli.connection import reachable_owner_dsn
from vibestream.platform.config import load_settings
from vibestream.platform.postgres import migrate


@click.command()
@click.option("--check", is_flag=True, help="Only say whether the database is behind; exit 1 when it is.")
def command(*, check: bool) -> None:
    """Bring the database to this code's schema.

    Works as DATABASE_OWNER_URL (or DATABASE_URL), under an advisory lock: running it twice at once is safe. The
    embedded database migrates itself whenever `vibestream up` starts.
    """
    with reachable_owner_dsn(load_settings()) as dsn:
        if check:
            migrate.require_head(dsn)
            click.echo(f"The database is at schema {migrate.current(dsn)}, as this code needs.")
            return
        click.echo(f"The database is at schema {migrate.upgrade(dsn)}.")
