"""`vibestream claim`."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from secrets import SystemRandom
from typing import Any

import click

from vibestream.cli.claim_files import KEYS_OPTION, read_json
from vibestream.cli.claiming import (
    ClaimNotTaken,
    Tools,
    claim_body,
    commitment_of,
    fresh_wallet,
    new_secret,
    send_claim,
)


@click.group()
def command() -> None:
    """Claim what one's listening earned, without saying whose it is.

    \b
      vibestream claim secret my.secret      make a secret; register the commitment that is printed
      vibestream claim send receipts.json --secret my.secret --wallets wallets/ --url https://...

    receipts.json is what /api/v1/receipts/<epoch> answers to whoever is signed in.
    """  # noqa: D301 - click's mark: these lines are not wrapped


@command.command()
@click.argument("file", type=click.Path(dir_okay=False, path_type=Path))
def secret(*, file: Path) -> None:
    """Make a secret in FILE, readable by you alone, and print the commitment to register. Whoever has it can claim."""
    made = new_secret()
    _write_once(file, str(made))
    click.echo(commitment_of(made))


@command.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option(
    "--secret",
    "secret_file",
    required=True,
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="File with the secret that the commitment was made of.",
)
@click.option(
    "--wallets", required=True, type=click.Path(file_okay=False, path_type=Path), help="Folder for fresh wallets' keys."
)
@click.option("--url", required=True, help="The instance to claim from.")
@click.option(
    "--accept-recognition",
    is_flag=True,
    help="Claim also where so few could have sent such a claim that it may be guessed whose it is; refused otherwise.",
)
@KEYS_OPTION
def send(
    *, file: Path, secret_file: Path, wallets: Path, url: str, accept_recognition: bool, keys: Path | None
) -> None:
    """Prove and claim each summary in FILE, each to a fresh wallet of its own; the wallets' keys are kept in a folder.

    Whoever watches the network sees who asks: wait as long as you like after the close, and use another network.
    """
    try:
        document: Any = read_json(file, most_bytes=64 * 1024 * 1024)
        secret = int(secret_file.read_text())
        summaries = [one for one in document["receipts"] if one["is_summary"]]
    except (KeyError, TypeError, ValueError):
        raise ClaimNotTaken("The files are not receipts and a secret.") from None
    tools = Tools.open(keys=keys)
    wallets.mkdir(parents=True, exist_ok=True)
    for one in SystemRandom().sample(summaries, len(summaries)):
        wallet = fresh_wallet()
        _write_once(wallets / wallet.address.removeprefix("ed25519:"), wallet.private_key.hex())
        body = claim_body(
            tools,
            secret=secret,
            own=document,
            receipt=one,
            wallet=wallet.address,
            accepts_recognition=accept_recognition,
        )
        click.echo(f"{send_claim(url, body)} {wallet.address}")


def _write_once(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{text}\n")
