"""`vibestream verify-statement`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import ClassVar, Final

import click

from vibestream.contexts.payment.royalties import service as royalties
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.money import decimal_text
from vibestream.kernel.signing import PublicKey

_FILE: Final = click.Path(exists=True, dir_okay=False, path_type=Path)
_LARGEST: Final = 64 * 1024 * 1024


class NotJson(InvalidInput):
    """The file is not JSON, or larger than any statement."""

    code: ClassVar[str] = "verify_statement.not_json"


@click.command()
@click.argument("file", type=_FILE)
@click.option(
    "--keys", "keys_file", type=_FILE, help="Trust these keys alone: /.well-known/vibestream-ledger-keys.json."
)
def command(*, file: Path, keys_file: Path | None) -> None:
    """Check a statement's proof file, offline: no database, no network, no settings.

    \b
    The file is downloaded beside the statement (proof.json). It is accepted when
      - every digit of it is what the platform committed to when it posted the royalties,
      - its lines sum to what was earned, and its parts to that too,
      - what was paid, recouped and repaid are entries in the ledger,
      - the ledger's transaction stands in a tree that was sealed and signed.

    Give the platform's public keys, from a place you trust, with --keys. Without it the keys in the file are used, and
    the file could have been made by whoever made the keys: compare the key's id with the published one. A run that was
    reversed later verifies all the same: the file says what was posted, not what came after.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    document = _read(file)
    keys: Mapping[str, PublicKey] = royalties.keys_in(document if keys_file is None else _read(keys_file))
    found = royalties.verify_statement(document, keys=keys)
    code = found.currency.code
    click.secho("The statement is what was posted and sealed.", fg="green", bold=True)
    click.echo(f"payee        {found.payee}")
    click.echo(f"month        {found.month}, run {found.run}, {found.lines} lines")
    click.echo(f"earned       {decimal_text(found.earned, found.currency)} {code}")
    click.echo(f"payable      {decimal_text(found.payable, found.currency)} {code}")
    click.echo(f"transaction  {found.transaction.transaction_id}, recorded {found.transaction.recorded_at.isoformat()}")
    click.echo(f"seal         {found.head.number}, {found.head.size} transactions, {found.head.sealed_at.isoformat()}")
    click.echo(f"key          {found.head.key_id}")
    if keys_file is None:
        click.secho("The key came with the file: compare its id with the published one, or use --keys.", fg="yellow")


def _read(file: Path) -> object:
    if file.stat().st_size > _LARGEST:
        raise NotJson(f"{file} is larger than any statement.")
    try:
        document: object = json.loads(file.read_bytes())
    except (ValueError, RecursionError):
        raise NotJson(f"{file} is not JSON.") from None
    return document
