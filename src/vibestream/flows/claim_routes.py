"""HTTP of claims, for nobody in particular: whoever sends one must not be signed in.

The address stands here and not in a context because a claim is of two: listening spends the receipt, payment pays it.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar, Final
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StrictBool, StrictInt, StrictStr

from vibestream.contexts.listen_reward.claims.service.spending import Asked
from vibestream.contexts.payment.claim_wallets import service as claim_wallets
from vibestream.contexts.payment.claim_wallets.service import Order, Target, TargetKind
from vibestream.contexts.payment.ledger.service import claims as ledger
from vibestream.flows.pay_claims import pay_claim
from vibestream.flows.spend_claims import spend_order
from vibestream.kernel.errors import Conflict
from vibestream.kernel.money import VIBE, Money
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
        pattern=WALLET,
        description="`ed25519:` and a fresh public key, or `evm:0x` and a fresh address; lower case.",
    )
    expires_at: AwareDatetime = Field(
        description="Until when this may be paid: whole seconds, as the payout is bound to."
    )
    accepts_recognition: StrictBool = Field(
        default=False,
        description="That it may be guessed whose the claim is. Needed where fewer summaries than the floor are like its own, and "
        "better left out otherwise.",
    )


class ClaimBody(BaseModel):
    """What was paid."""

    amount_vibe_minor: int
    wallet: str


class ClaimWalletBody(BaseModel):
    """What a pseudonymous wallet holds."""

    wallet: str
    vibe_minor: int
    received_minor: int = Field(description="What it was ever paid, spent or not.")


class OrderRequest(BaseModel):
    """What the key of a pseudonymous wallet ordered."""

    model_config = ConfigDict(extra="forbid")

    deployment: StrictStr = Field(pattern="^[A-Za-z0-9_-]{43}$", description="Of any closed epoch of this deployment.")
    to: TargetKind = Field(description="An artist, or an account: the latter says whose this wallet was.")
    identifier: UUID = Field(description="Of the artist or the account.")
    amount_vibe_minor: StrictInt = Field(gt=0, le=2**53 - 1)
    nonce: StrictStr = Field(pattern="^[0-9a-f]{32}$", description="Random, new for each order.")
    expires_at: AwareDatetime = Field(description="Until when it counts, at most seven days ahead: whole seconds.")
    signature: StrictStr = Field(
        pattern="^([0-9a-f]{128}|[0-9a-f]{130})$",
        description="By the wallet's key, over seven lines: `vibestream-wallet-order-v1`, the deployment, the wallet, "
        "`artist:` or `account:` and the identifier, the amount, the nonce, the expiry as `2026-11-24T12:00:00Z`. "
        "Ed25519; or of an `evm:` wallet by `personal_sign` (EIP-191): r, s in the lower half, and 1b or 1c.",
    )


class OrderBody(BaseModel):
    """What was moved."""

    wallet: str
    amount_vibe_minor: int


@router.post("/api/v1/claims", policy=ANYONE, max_body_bytes=MOST_BYTES)
async def claim(body: ClaimRequest, principal: MaybePrincipalDep, runtime: RuntimeDep, now: NowDep) -> ClaimBody:
    """Be paid for a receipt, without saying whose it is. Safe to repeat; refused when it is sent with a session."""
    if principal is not None:
        raise SignedIn("Send a claim without a session: with one, it would say who you are.")
    asked = Asked(body.epoch, body.wallet, _instant(body.expires_at), body.accepts_recognition)
    paid = await pay_claim(runtime, proof=body.proof, signals=body.public_signals, asked=asked, now=now)
    return ClaimBody(amount_vibe_minor=paid.amount.minor, wallet=paid.wallet)


@router.get("/api/v1/claim-wallets/{wallet}", policy=ANYONE)
async def show_wallet(wallet: str, tx: TxDep) -> ClaimWalletBody:
    """Show what a pseudonymous wallet holds and was paid; one that nobody paid holds nothing."""
    held, received = await ledger.claim_balance(tx, address=wallet), await claim_wallets.received(tx, wallet=wallet)
    return ClaimWalletBody(wallet=wallet, vibe_minor=held.minor, received_minor=received.minor)


@router.post("/api/v1/claim-wallets/{wallet}/orders", policy=ANYONE, max_body_bytes=MOST_BYTES)
async def order(wallet: str, body: OrderRequest, principal: MaybePrincipalDep, tx: TxDep, now: NowDep) -> OrderBody:
    """Spend from a pseudonymous wallet by an order that its key signed. Safe to repeat; refused with a session."""
    if principal is not None:
        raise SignedIn("Send an order without a session: with one, it would say who you are.")
    signed = Order(
        deployment=body.deployment,
        wallet=wallet,
        target=Target(body.to, body.identifier),
        amount=Money(body.amount_vibe_minor, VIBE),
        nonce=bytes.fromhex(body.nonce),
        expires_at=_instant(body.expires_at),
    )
    await spend_order(tx, order=signed, signature=bytes.fromhex(body.signature), now=now)
    return OrderBody(wallet=wallet, amount_vibe_minor=signed.amount.minor)


def _instant(given: datetime) -> datetime:
    return given.replace(microsecond=0)
