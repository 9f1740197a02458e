"""`vibestream verify-export`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

import click

from vibestream.contexts.user.exports.service import verify
from vibestream.kernel.signing import KeyMalformed, PublicKey

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_LARGEST: Final = 1024 * 1024


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--keys", "keys_file", type=_FILE, help="Trust these keys alone: /.well-known/vibestream-export-keys.json."
)
def command(*, file: Path, keys_file: Path | None) -> None:
    """Check a copy of somebody's data, offline: no database, no network, no settings.

    \b
    It is accepted when
      - its list of contents was signed, and by a key that is trusted,
      - it has every file of that list, and no other,
      - each is what the list says, to the byte.

    Give the platform's public keys, from a place you trust, with --keys. Without it the key in the file is used, and the
    file could have been made by whoever made the key: compare the key's id with the published one.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    trusted = None if keys_file is None else _keys(keys_file)
    with file.open("rb") as opened:
        found = verify(opened, trusted=trusted)
    click.secho("The copy is whole, and is what was signed.", fg="green", bold=True)
    click.echo(f"export    {found.export_id}")
    click.echo(f"person    {found.user_id}")
    click.echo(f"made at   {found.made_at}")
    click.echo(f"files     {found.files}, {found.size} bytes")
    click.echo(f"key       {found.key_id}")
    if trusted is None:
        click.secho("The key came with the file: compare its id with the published one, or use --keys.", fg="yellow")


def _keys(file: Path) -> tuple[PublicKey, ...]:
    """Read a set of keys as it is published.

    Raises:
        KeyMalformed: it is something else.
    """
    try:
        listed = json.loads(file.read_bytes()[: _LARGEST + 1])["keys"]
        return tuple(PublicKey.parse(str(key["x"])) for key in listed)
    except (ValueError, KeyError, TypeError, RecursionError):
        raise KeyMalformed from None
