"""Spending a receipt: what must hold of a proved claim before it is paid, and that it is paid once."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import ClassVar

from vibestream.contexts.listen_reward.claims import store
from vibestream.contexts.listen_reward.claims.domain.signals import Payout, PublicSignals, payout_element
from vibestream.contexts.listen_reward.claims.store import Spent
from vibestream.contexts.listen_reward.receipts import service as receipts
from vibestream.contexts.listen_reward.receipts.domain.field import to_bytes
from vibestream.contexts.listen_reward.receipts.domain.receipt import epoch_element
from vibestream.contexts.listen_reward.receipts.service import Closed
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx


class ClaimInvalid(InvalidInput):
    """What was sent proves nothing: it is malformed, or no proof of these signals under this deployment's keys."""

    code: ClassVar[str] = "claims.invalid"


class ClaimNotDue(Conflict):
    """Claims upon this epoch are not taken: it is not closed, they are over, or this request's own time is."""

    code: ClassVar[str] = "claims.not_due"


class ClaimRefused(InvalidInput):
    """The proof is one, but not of what is paid: another root or epoch, no summary, no tier, or another payout."""

    code: ClassVar[str] = "claims.refused"

    def __init__(self, *, signal: str) -> None:
        super().__init__(f"The claim proves another thing than what is asked for: see {signal}.")
        self.signal = signal


class ClaimSpent(Conflict):
    """This receipt was claimed before, for another payout."""

    code: ClassVar[str] = "claims.spent"


@dataclass(frozen=True, slots=True)
class Asked:
    """What a claim asks for beside its proof: its epoch, the wallet, and until when it may be paid."""

    epoch: date
    wallet: str
    expires_at: datetime


async def spend(tx: Tx, *, said: PublicSignals, asked: Asked, now: datetime) -> tuple[Spent, bool]:
    """Spend a proved claim's nullifier; return what it is to be paid, and whether it was this call that spent it.

    The caller posts the amount in the same transaction, under the nullifier. The same claim for the same payout again is
    answered alike and changes nothing. Of the time only the hour is kept.

    Raises:
        ClaimNotDue: the epoch takes no claims now, or the claim has expired.
        ClaimRefused: a signal is not what is paid for.
        ClaimSpent: the receipt was claimed for another payout.
    """
    closed = await receipts.closed_for_claims(tx, epoch=asked.epoch, now=now)
    if closed is None or asked.expires_at <= now:
        raise ClaimNotDue("Claims upon this epoch are not taken now, or this one has expired.")
    _require_payable(said, asked, closed)
    units = int(said.min_seconds)
    amount = Money(units * closed.per_listen, VIBE)
    spent = Spent(said.nullifier, asked.epoch, units, amount, asked.wallet, said.payout)
    if await store.insert_claim(tx, spent, hour=now.replace(minute=0, second=0, microsecond=0)):
        return spent, True
    if await store.payout_of(tx, said.nullifier) != to_bytes(said.payout):
        raise ClaimSpent("This receipt was claimed before.")
    return spent, False


async def claimed(tx: Tx, *, epoch: date) -> Money:
    """Return what was claimed of an epoch."""
    return (await store.claimed_by_epoch(tx)).get(epoch, Money.zero(VIBE))


async def claimed_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what was claimed of each epoch; those without claims are left out."""
    return await store.claimed_by_epoch(tx)


async def granted_by_epoch(tx: Tx) -> dict[date, Money]:
    """Return what listens of each epoch earned that are paid by claims; epochs without any are left out."""
    return await store.granted_by_epoch(tx)


async def returned_epochs(tx: Tx) -> list[date]:
    """Return the epochs of which nothing can be claimed any more."""
    return await store.list_returned(tx)


def payout_of(*, asked: Asked, deployment: str) -> Payout:
    """Return the payout that a claim upon a deployment must be bound to; the deployment is the id of its epochs' key."""
    return Payout(deployment, epoch_element(asked.epoch), asked.wallet, VIBE.code, asked.expires_at)


def _require_payable(said: PublicSignals, asked: Asked, closed: Closed) -> None:
    holds = {
        "epoch": said.epoch == epoch_element(asked.epoch),
        "root": said.root == closed.root,
        "songDisclosure": said.song_disclosure == receipts.SUMMARY_SONG,
        "minSeconds": said.min_seconds in receipts.UNITS and closed.per_listen > 0,
        "payout": said.payout == payout_element(payout_of(asked=asked, deployment=closed.key_id)),
    }
    for signal, is_so in holds.items():
        if not is_so:
            raise ClaimRefused(signal=signal)
