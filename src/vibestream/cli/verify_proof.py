"""`vibestream verify-proof`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import assert_never

import click

from vibestream.cli.claim_files import KEYS_OPTION, read_json
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Invalid, PublicSignals


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@KEYS_OPTION
def command(*, file: Path, keys: Path | None) -> None:
    """Check a proof that somebody holds a receipt, offline. Exits with 1 when it proves nothing.

    \b
    FILE is what `vibestream prove` printed. A valid proof says that its maker holds a receipt under this root, of this
    epoch, for at least so many seconds. It does not say
      - that the root is the one that was published for a closed epoch: compare it,
      - that the receipt was not claimed before: the nullifier tells, to whoever keeps them,
      - that a person listened: whoever wrote the receipt says so.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    document = read_json(file)
    sent = document if isinstance(document, dict) else {}
    chosen = claims.claim_keys(folder=keys, is_production=False)
    found = claims.verify_claim(
        verifier=claims.open_verifier(keys=chosen), proof=sent.get("proof"), signals=sent.get("publicSignals")
    )
    match found:
        case PublicSignals():
            _tell(found, chosen)
        case Invalid.MALFORMED:
            click.secho("Not valid: this is not written as a proof and its six signals.", fg="red", err=True)
            sys.exit(1)
        case Invalid.NOT_PROVED:
            click.secho("Not valid: the proof does not prove these signals under these keys.", fg="red", err=True)
            sys.exit(1)
        case _:
            assert_never(found)


def _tell(found: PublicSignals, keys: claims.Keys) -> None:
    click.secho("The proof is valid.", fg="green", bold=True)
    click.echo(f"nullifier   {found.nullifier}")
    click.echo(f"root        {found.root}")
    click.echo(f"epoch       {found.epoch}, days since 1970-01-01")
    click.echo(f"at least    {found.min_seconds} s")
    click.echo(f"song        {found.song_disclosure or 'not told'}")
    click.echo(f"payout      {found.payout}")
    click.echo(f"keys        {keys.digest} ({keys.origin.value})")
    if keys.origin is claims.Origin.DEV:
        click.secho("Under DEV keys, whose maker can forge such proofs.", fg="yellow", err=True)
