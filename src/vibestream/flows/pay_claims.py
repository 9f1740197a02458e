"""A claim in zero knowledge is paid: from its epoch's pool into a wallet that nobody's name is on.

The proof is verified outside any transaction. Then the nullifier is spent and the amount posted in one, so that of any number
of requests with one receipt one pays, and a process that is killed in between has done nothing. What was verified while
another transaction commits shares the next one, and each is answered after its own commit: a claim that is refused does not
touch the others, and one whose posting fails is tried alone, and so are they.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, partial
from pathlib import Path
from typing import Final

from vibestream.contexts.listen_reward.claims import service as claims
from vibestream.contexts.listen_reward.claims.service import Invalid, Verifier
from vibestream.contexts.listen_reward.claims.service.spending import (
    Asked,
    ClaimInvalid,
    Proved,
    Refusal,
    Spending,
    spend,
)
from vibestream.contexts.listen_reward.claims.service.spending import claimed as claimed_of
from vibestream.contexts.listen_reward.pools import service as pools
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import claims as postings
from vibestream.contexts.payment.ledger.service.claims import ClaimPayment
from vibestream.contexts.payment.pool_sources import service as pool_sources
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.time import utc_now
from vibestream.platform.config import Environment, Settings
from vibestream.platform.database import Tx
from vibestream.platform.group_commit import SharedGroupCommit
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
        ClaimNotDue, ClaimRecognisable, ClaimRefused, ClaimSpent: see `spend`.
        CpuBusy: too many are being verified.
        DevelopmentKeys, KeysDamaged: this deployment has no keys that claims may be believed with.
    """
    verifier = claim_verifier(runtime.settings)
    said = await runtime.cpu.run(partial(claims.verify_claim, verifier=verifier, proof=proof, signals=signals))
    if isinstance(said, Invalid):
        raise ClaimInvalid("This is no proof of a receipt.")
    proved = Proved(said, asked, now, floor=runtime.settings.claim_anonymity_floor)
    answer = await _posted.of(runtime.database).submit(proved)
    if isinstance(answer, Paid):
        return answer
    raise answer


async def post_claims(tx: Tx, proved: Sequence[Proved]) -> list[Paid | Refusal]:
    """Spend verified claims' nullifiers and post their amounts, both or neither of each; return what became of each.

    Raises:
        InsufficientFunds, KeyReused: the ledger refuses one; nothing of any is kept.
    """
    answers = await spend(tx, proved=proved)
    fresh = [one.spent for one in answers if isinstance(one, Spending) and one.is_new]
    if fresh:
        epochs = await pools.list_epochs(tx, epochs={one.epoch for one in fresh})
        budgets = {one.epoch: one.policy.budget for one in epochs if one.funded is None}
        payments = [ClaimPayment(one.epoch, one.nullifier.to_bytes(32, "big"), one.wallet, one.amount) for one in fresh]
        await postings.pay_claims(tx, payments=payments, budgets=budgets)
    return [Paid(one.spent.amount, one.spent.wallet) if isinstance(one, Spending) else one for one in answers]


async def _post(tx: Tx, proved: Sequence[Proved]) -> Sequence[Paid | Refusal]:
    return await post_claims(tx, proved)  # looked up at each call, so that a test can cut it off


_posted: Final = SharedGroupCommit(_post)


@periodic("listen_reward.return_unclaimed", every_s=RETURN_EVERY_S)
async def return_unclaimed(runtime: Runtime) -> None:
    """Give back what nobody claimed in time."""
    await runtime.database.run(partial(give_back, now=utc_now()))


async def give_back(tx: Tx, *, now: datetime) -> Money:
    """Post back to where it came from what nobody claimed of epochs whose claims are over; return how much that was. Once for each.

    That is issuance, or the epoch's sources in the proportion in which they gave.

    Of an epoch that a policy spread, also what it left: caps cut it, or roundings.
    """
    total = Money.zero(VIBE)
    for epoch, granted in await receipts.ended(tx, now=now):
        left = Money(granted, VIBE) - await claimed_of(tx, epoch=epoch)
        pool = next(iter(await pools.list_epochs(tx, epochs=[epoch])), None)
        if pool is not None and pool.is_settled:
            left += pool.left
        if left.minor > 0:
            await _give_back(tx, epoch, pool, left)
        await receipts.mark_returned(tx, epoch=epoch, now=now)
        total += left
    return total


async def _give_back(tx: Tx, epoch: date, pool: pools.Epoch | None, left: Money) -> None:
    if pool is not None and pool.funded is not None:
        given = {one.source: one.given for one in await pools.sourced(tx, epochs=[epoch])}
        await pool_sources.give_back(tx, epoch=epoch, amount=left, given=given)
        return
    if pool is not None:
        await ledger.fund_pool(tx, epoch=epoch, amount=pool.policy.budget)
    await postings.return_unclaimed(tx, epoch=epoch, amount=left)


def claim_verifier(settings: Settings) -> Verifier:
    """Return the verifier of this deployment's keys, opened once for a process.

    Raises:
        DevelopmentKeys, KeysDamaged: it has no keys that claims may be believed with.
    """
    return _verifier(settings.claim_keys, settings.environment is Environment.PRODUCTION)


@cache
def _verifier(folder: Path | None, is_production: bool) -> Verifier:  # noqa: FBT001 - a key of the cache
    return claims.open_verifier(keys=claims.claim_keys(folder=folder, is_production=is_production))
