"""`vibestream prove`."""

from __future__ import annotations

import json
from pathlib import Path

import click

from vibestream.cli.claim_files import KEYS_OPTION, read_json
from vibestream.contexts.listen_reward.claims import service as claims


@click.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@KEYS_OPTION
def command(*, file: Path, keys: Path | None) -> None:
    """Prove a claim in zero knowledge: "I hold an unspent receipt", without saying which or whose.

    \b
    FILE is an input.json with the numbers of the circuit, each as text: secret, songId, seconds, nonce, leafIndex,
    siblings (20), root, epoch, minSeconds, songDisclosure (0 hides the song), payout.

    It holds the listener's secret: keep it where only you can read it. What is printed holds none of it, and is what
    snarkjs would print: {"proof": ..., "publicSignals": [...]}. No database, no network, no browser, no Node.
    """  # noqa: D301 - click's mark: these lines are not wrapped
    holding = claims.holding(document=read_json(file))
    claims.refuse_untrue(holding=holding)
    chosen = claims.claim_keys(folder=keys, is_production=False)
    verifier = claims.open_verifier(keys=chosen)
    proven = claims.prove_claim(prover=claims.open_prover(keys=chosen), verifier=verifier, holding=holding)
    if chosen.origin is claims.Origin.DEV:
        click.secho(
            "Proved with DEV keys: a deployment with keys of its own refuses this proof.", fg="yellow", err=True
        )
    click.echo(json.dumps({"proof": proven.proof.document(), "publicSignals": proven.signals.document()}, indent=1))
