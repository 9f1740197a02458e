"""`vibestream seal-key`."""

from __future__ import annotations

import secrets

import click

from vibestream.kernel.signing import SigningKey


@click.command()
def command() -> None:
    """Make a pair of keys that seals over the ledger are signed with, and print both. Nothing is stored.

    \b
    Give the private key to the worker as the secret VIBESTREAM_LEDGER_SEAL_KEY, and to nobody else. Add the public key to
    VIBESTREAM_LEDGER_SEAL_PUBLIC_KEYS, which every process may know; an earlier one stays there, or what it has
    sealed is not believed any more.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    private = secrets.token_urlsafe(32)
    public = SigningKey.parse(private).public
    click.echo(f"private key  {private}")
    click.echo(f"public key   {public.text}")
    click.echo(f"key id       {public.key_id}")
