"""HTTP of claims, for nobody in particular: whoever sends one must not be signed in.

The address stands here and not in a context because a claim is of two: listening spends the receipt, payment pays it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Final

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictStr

from vibestream.contexts.listen_reward.claims.service.spending import Asked
from vibestream.contexts.payment.ledger.service import claims as ledger
from vibestream.flows.pay_claims import pay_claim
from vibestream.kernel.errors import Conflict
from vibestream.platform.access import ANYONE
from vibestream.platform.http.dependencies import MaybePrincipalDep, NowDep, RuntimeDep, TxDep
from vibestream.platform.http.routing import Router

router = Router(tags=["claims"])

MOST_BYTES: Final = 8 * 1024
"""A proof has one kilobyte and its signals half of one."""
WALLET: Final = "^(ed25519:[0-9a-f]{64}|evm:0x[0-9a-f]{40})$"


class SignedIn(Conflict):
    """Whoever claims must not say who they are: a session would link the claim with the account."""

    code: ClassVar[str] = "claims.signed_in"


class ClaimRequest(BaseModel):
    """A proof, what it says, and where to pay."""

    model_config = ConfigDict(extra="forbid")

    proof: Any = Field(description="snarkjs's `proof.json`.")
    public_signals: Any = Field(description="snarkjs's `public.json`: six numbers as text.")
    epoch: date
    wallet: StrictStr = Field(
        pattern=WALLET, description="`ed25519:` and a fresh public key, or `evm:0x` and a fresh address; lower case."
    )
    expires_at: AwareDatetime = Field(
        description="Until when this may be paid: whole seconds, as the payout is bound to."
    )


class ClaimBody(BaseModel):
    """What was paid."""

    amount_vibe_minor: int
    wallet: str


class ClaimWalletBody(BaseModel):
    """What a pseudonymous wallet holds."""

    wallet: str
    vibe_minor: int


@router.post("/api/v1/claims", policy=ANYONE, max_body_bytes=MOST_BYTES)
async def claim(body: ClaimRequest, principal: MaybePrincipalDep, runtime: RuntimeDep, now: NowDep) -> ClaimBody:
    """Be paid for a receipt, without saying whose it is. Safe to repeat; refused when it is sent with a session."""
    if principal is not None:
        raise SignedIn("Send a claim without a session: with one, it would say who you are.")
    asked = Asked(body.epoch, body.wallet, _instant(body.expires_at))
    paid = await pay_claim(runtime, proof=body.proof, signals=body.public_signals, asked=asked, now=now)
    return ClaimBody(amount_vibe_minor=paid.amount.minor, wallet=paid.wallet)


@router.get("/api/v1/claim-wallets/{wallet}", policy=ANYONE)
async def show_wallet(wallet: str, tx: TxDep) -> ClaimWalletBody:
    """Show what a pseudonymous wallet was paid; one that nobody paid holds nothing."""
    return ClaimWalletBody(wallet=wallet, vibe_minor=(await ledger.claim_balance(tx, address=wallet)).minor)


def _instant(given: datetime) -> datetime:
    return given.replace(microsecond=0)
