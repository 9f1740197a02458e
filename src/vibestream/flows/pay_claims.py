"""A claim in zero knowledge is paid: from its epoch's pool into a wallet that nobody's name is on.

The proof is verified outside any transaction. Then the nullifier is spent and the amount posted in one, so that of any number
of requests with one receipt one pays, and a process that is killed in between has done nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from functools import cache, partial
from pathlib import Path
from typing import Final

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Invalid, Verifier
from vibestream.contexts.listen_reward.claims.service.spending import Asked, ClaimInvalid, spend
from vibestream.contexts.listen_reward.claims.service.spending import claimed as claimed_of
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import claims as postings
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment
from vibestream.platform.database import Tx
from vibestream.platform.jobs import periodic
from vibestream.platform.runtime import Runtime

RETURN_EVERY_S: Final = 3_600


@dataclass(frozen=True, slots=True)
class Paid:
    """What a claim was paid."""

    amount: Money
    wallet: str


async def pay_claim(runtime: Runtime, *, proof: object, signals: object, asked: Asked, now: datetime) -> Paid:
    """Verify a claim, then spend and pay it at once. The same claim again is answered alike and pays nothing more.

    Raises:
        ClaimInvalid: it proves nothing, however it is written.
        ClaimNotDue, ClaimRefused, ClaimSpent: see `spend`.
        CpuBusy: too many are being verified.
        DevelopmentKeys, KeysDamaged: this deployment has no keys that claims may be believed with.
    """
    verifier = _verifier(runtime.settings.claim_keys, runtime.settings.environment is Environment.PRODUCTION)
    said = await runtime.cpu.run(partial(claims.verify_claim, verifier=verifier, proof=proof, signals=signals))
    if isinstance(said, Invalid):
        raise ClaimInvalid("This is no proof of a receipt.")
    return await runtime.database.run(partial(post_claim, said=said, asked=asked, now=now))


async def post_claim(tx: Tx, *, said: claims.PublicSignals, asked: Asked, now: datetime) -> Paid:
    """Spend a verified claim's nullifier and post its amount, both or neither.

    Raises:
        ClaimNotDue, ClaimRefused, ClaimSpent: see `spend`.
    """
    spent, is_new = await spend(tx, said=said, asked=asked, now=now)
    if is_new:
        for epoch in await pools.list_epochs(tx, epochs=[spent.epoch]):
            await ledger.fund_pool(tx, epoch=epoch.epoch, amount=epoch.policy.budget)
        nullifier = spent.nullifier.to_bytes(32, "big")
        await postings.pay_claim(tx, epoch=spent.epoch, nullifier=nullifier, address=spent.wallet, amount=spent.amount)
    return Paid(spent.amount, spent.wallet)


@periodic("listen_reward.return_unclaimed", every_s=RETURN_EVERY_S)
async def return_unclaimed(runtime: Runtime) -> None:
    """Give back what nobody claimed in time."""
    await runtime.database.run(partial(give_back, now=utc_now()))


async def give_back(tx: Tx, *, now: datetime) -> Money:
    """Post back to issuance what nobody claimed of epochs whose claims are over; return how much that was. Once for each."""
    total = Money.zero(VIBE)
    for epoch, granted in await receipts.ended(tx, now=now):
        left = Money(granted, VIBE) - await claimed_of(tx, epoch=epoch)
        if left.minor > 0:
            for pool in await pools.list_epochs(tx, epochs=[epoch]):
                await ledger.fund_pool(tx, epoch=epoch, amount=pool.policy.budget)
            await postings.return_unclaimed(tx, epoch=epoch, amount=left)
        await receipts.mark_returned(tx, epoch=epoch, now=now)
        total += left
    return total


@cache
def _verifier(folder: Path | None, is_production: bool) -> Verifier:  # noqa: FBT001 - a key of the cache
    return claims.open_verifier(keys=claims.claim_keys(folder=folder, is_production=is_production))
