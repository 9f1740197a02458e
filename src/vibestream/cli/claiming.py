"""What a listener's own program does to claim: a secret, fresh wallets, and a claim proved from one's receipts.

`vibestream claim` and the story of `vibestream demo` are both made of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from secrets import randbits
from typing import Any, ClassVar, Final, Self

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

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


@dataclass(frozen=True, slots=True)
class Tools:
    """A prover and a verifier with the same keys; they take two seconds to open and are kept."""

    prover: Prover
    verifier: Verifier

    @classmethod
    def open(cls, *, keys: Path | None) -> Self:
        """Open them with a folder's keys, or with the DEV keys that come with the code."""
        chosen = claims.claim_keys(folder=keys, is_production=False)
        return cls(claims.open_prover(keys=chosen), claims.open_verifier(keys=chosen))


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet without a name, and the key that spends from it."""

    address: str
    private_key: bytes


def new_secret() -> Field:
    """Make a secret: whoever has it can claim what its commitment earns."""
    return Field(randbits(_SECRET_BITS))


def commitment_of(secret: Field) -> str:
    """Return what is registered of a secret, in decimal."""
    return str(identity_commitment(secret))


def fresh_wallet() -> Wallet:
    """Make a wallet that nobody was ever paid to."""
    key = Ed25519PrivateKey.generate()
    return Wallet(f"ed25519:{key.public_key().public_bytes_raw().hex()}", key.private_bytes_raw())


def claim_body(
    tools: Tools, *, secret: int, own: dict[str, Any], receipt: dict[str, Any], wallet: str, accepts_recognition: bool
) -> dict[str, Any]:
    """Prove one receipt of what `/api/v1/receipts/<epoch>` answered, and return what is sent to be paid for it.

    That it may be guessed whose the claim is, is accepted only where it hides among fewer than the instance's floor: said of
    a claim that many are like, it would tell that another one of this listener's is not.

    Raises:
        NotAHolding, CannotBeProved: it is not what a receipt is, or not so.
    """
    epoch = own["epoch"]
    expires_at = (utc_now() + timedelta(hours=1)).replace(microsecond=0)
    asked = Asked(date.fromisoformat(epoch["epoch"]), wallet, expires_at)
    payout = claims.payout_element(payout_of(asked=asked, deployment=epoch["deployment"]))
    document = {
        "secret": str(secret),
        "songId": receipt["song_id"],
        "seconds": str(receipt["seconds"]),
        "nonce": receipt["nonce"],
        "leafIndex": str(receipt["leaf_index"]),
        "siblings": receipt["siblings"],
        "root": epoch["root"],
        "epoch": own["epoch_number"],
        "minSeconds": str(receipt["seconds"]),
        "songDisclosure": receipt["song_id"],
        "payout": str(payout),
    }
    proven = claims.prove_claim(prover=tools.prover, verifier=tools.verifier, holding=claims.holding(document=document))
    return {
        "proof": proven.proof.document(),
        "public_signals": proven.signals.document(),
        "epoch": epoch["epoch"],
        "wallet": wallet,
        "expires_at": expires_at.isoformat(),
        "accepts_recognition": accepts_recognition and hides_among(own, receipt) < own["anonymity_floor"],
    }


def hides_among(own: dict[str, Any], receipt: dict[str, Any]) -> int:
    """Return among how many summaries, its own with them, a claim upon one hides."""
    return int(own["tiers"].get(str(receipt["seconds"]), 0))


def send_claim(url: str, body: dict[str, Any]) -> int:
    """Send a claim as nobody, and return what it was paid. No cookie jar is kept from one to the next, nor a session sent.

    Raises:
        ClaimNotTaken: it was refused; the sentence is the instance's own.
    """
    answer = httpx.post(f"{url}/api/v1/claims", json=body, headers={"Origin": url}, timeout=_TIMEOUT_S)
    if not answer.is_success:
        raise ClaimNotTaken(f"The claim was refused: {answer.json().get('detail', answer.status_code)}")
    return int(answer.json()["amount_vibe_minor"])
