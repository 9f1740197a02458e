"""`vibestream worker`."""

from __future__ import annotations

import click

from vibestream.platform.config import load_settings


@click.command()
def command() -> None:
    """Run the worker alone: event relay, jobs, sagas, schedule.

    Any number may run beside each other; each event partition is relayed by one of them at a time, and each job is
    taken by one. Needs DATABASE_URL, migrated.
    """
    from vibestream.worker import run

    run(load_settings())
