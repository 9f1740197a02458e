"""`vibestream claim`."""

from __future__ import annotations

import os
import stat
from datetime import date, timedelta
from pathlib import Path
from secrets import SystemRandom, randbits
from typing import Any, ClassVar, Final

import click
import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from vibestream.cli.claim_files import KEYS_OPTION, read_json
from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Prover, Verifier
from vibestream.contexts.listen_reward.claims.service.spending import Asked, payout_of
from vibestream.contexts.listen_reward.receipts.domain.field import Field
from vibestream.contexts.listen_reward.receipts.domain.receipt import identity_commitment
from vibestream.kernel.errors import InvalidInput
from vibestream.kernel.time import utc_now

_SECRET_BITS: Final = 248
_TIMEOUT_S: Final = 30


class ClaimNotTaken(InvalidInput):
    """The instance refused a claim, or a file is not what it should be."""

    code: ClassVar[str] = "claims.not_taken"


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
    made = Field(randbits(_SECRET_BITS))
    _write_once(file, str(made))
    click.echo(identity_commitment(made))


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
@KEYS_OPTION
def send(*, file: Path, secret_file: Path, wallets: Path, url: str, keys: Path | None) -> None:
    """Prove and claim each summary in FILE, each to a fresh wallet of its own; the wallets' keys are kept in a folder.

    Whoever watches the network sees who asks: wait as long as you like after the close, and use another network.
    """
    try:
        document: Any = read_json(file, most_bytes=64 * 1024 * 1024)
        secret = int(secret_file.read_text())
        own = [one for one in document["receipts"] if one["is_summary"]]
    except (KeyError, TypeError, ValueError):
        raise ClaimNotTaken("The files are not receipts and a secret.") from None
    chosen = claims.claim_keys(folder=keys, is_production=False)
    prover, verifier = claims.open_prover(keys=chosen), claims.open_verifier(keys=chosen)
    wallets.mkdir(parents=True, exist_ok=True)
    # No cookie jar is carried from one claim to the next, and nothing of a session is sent.
    for one in SystemRandom().sample(own, len(own)):
        wallet = _fresh_wallet(wallets)
        body = _claim((prover, verifier), secret, document, one, wallet)
        answer = httpx.post(f"{url}/api/v1/claims", json=body, headers={"Origin": url}, timeout=_TIMEOUT_S)
        if not answer.is_success:
            raise ClaimNotTaken(f"The claim was refused: {answer.json().get('detail', answer.status_code)}")
        click.echo(f"{answer.json()['amount_vibe_minor']} {wallet}")


def _claim(
    tools: tuple[Prover, Verifier], secret: int, document: dict[str, Any], one: dict[str, Any], wallet: str
) -> dict[str, Any]:
    epoch, number = document["epoch"], document["epoch_number"]
    expires_at = (utc_now() + timedelta(hours=1)).replace(microsecond=0)
    asked = Asked(date.fromisoformat(epoch["epoch"]), wallet, expires_at)
    payout = claims.payout_element(payout_of(asked=asked, deployment=epoch["deployment"]))
    holding = claims.holding(
        document={
            "secret": str(secret),
            "songId": one["song_id"],
            "seconds": str(one["seconds"]),
            "nonce": one["nonce"],
            "leafIndex": str(one["leaf_index"]),
            "siblings": one["siblings"],
            "root": epoch["root"],
            "epoch": number,
            "minSeconds": str(one["seconds"]),
            "songDisclosure": one["song_id"],
            "payout": str(payout),
        }
    )
    prover, verifier = tools
    proven = claims.prove_claim(prover=prover, verifier=verifier, holding=holding)
    return {
        "proof": proven.proof.document(),
        "public_signals": proven.signals.document(),
        "epoch": epoch["epoch"],
        "wallet": wallet,
        "expires_at": expires_at.isoformat(),
    }


def _fresh_wallet(folder: Path) -> str:
    key = Ed25519PrivateKey.generate()
    public = key.public_key().public_bytes_raw().hex()
    _write_once(folder / public, key.private_bytes_raw().hex())
    return f"ed25519:{public}"


def _write_once(file: Path, text: str) -> None:
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR | stat.S_IWUSR)
    with os.fdopen(descriptor, "w") as opened:
        opened.write(f"{text}\n")
