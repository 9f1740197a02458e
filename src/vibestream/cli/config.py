"""`vibestream config`."""

from __future__ import annotations

import os

import click
from pydantic import SecretStr
from rich.console import Console
from rich.table import Table

from vibestream.platform.config import Settings, load_settings, variable_name


@click.command()
@click.option("--names-only", is_flag=True, help="Only the variables' names, one a line.")
def command(*, names_only: bool) -> None:
    """Show every setting: its variable, the value in force, and what it means.

    Exits with 1 and names each variable that is wrong. Secrets are never shown, only whether they are set.
    """
    if names_only:
        click.echo("\n".join(variable_name(name) for name in Settings.model_fields))
        return
    settings = load_settings()
    table = Table(box=None, pad_edge=False, row_styles=["", "dim"])
    for heading in ("variable", "value", "from", "meaning"):
        table.add_column(heading, overflow="fold")
    for name, field in Settings.model_fields.items():
        variable = variable_name(name)
        table.add_row(variable, _shown(getattr(settings, name)), _origin(variable), field.description or "")
    Console().print(table)


def _shown(value: object) -> str:
    if value is None:
        return "-"
    return "(set)" if isinstance(value, SecretStr) else str(value)


def _origin(variable: str) -> str:
    return "environment" if os.environ.get(variable) else "default"  # noqa: TID251 - to say where a value came from
