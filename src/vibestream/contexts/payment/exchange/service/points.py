"""What is owed for points, setting money aside for it, and points that will never come back."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Final

from vibestream.contexts.payment.exchange.domain.points import Liability, cover_for, owed_for
from vibestream.contexts.payment.exchange.domain.quotes import REDEEMED_IN, Policy, RateUnavailable
from vibestream.contexts.payment.exchange.domain.rates import Rate
from vibestream.contexts.payment.exchange.service.rates import current_rate
from vibestream.contexts.payment.exchange.store import points as store
from vibestream.contexts.payment.exchange.store.points import EXPIRED
from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, KeyReused, Leg, Posted, Posting
from vibestream.kernel.errors import Conflict, InvalidInput
from vibestream.kernel.ids import TransactionId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.platform.database import Tx

REDEEMED: Final = AccountName(AccountKind.REDEEMED, "", VIBE)
SET_ASIDE: Final = AccountName(AccountKind.POINTS_LIABILITY, "", REDEEMED_IN)
_COST: Final = AccountName(AccountKind.PLATFORM_REVENUE, "points", REDEEMED_IN)
_EXPIRED: Final = AccountName(AccountKind.REDEEMED, EXPIRED, VIBE)
_BREAKAGE: Final = AccountName(AccountKind.PLATFORM_REVENUE, "breakage", REDEEMED_IN)


class PointsUncovered(Conflict):
    """Less is set aside for points than the redemption needs, and by policy no more is."""

    code: ClassVar[str] = "exchange.points_uncovered"


class InvalidExpiry(InvalidInput):
    """What expires is a positive amount of points, on a wallet or in a reward pool."""

    code: ClassVar[str] = "exchange.invalid_expiry"


async def liability(tx: Tx, *, now: datetime) -> Liability:
    """Return where points are, what the platform owes for those that people hold, and what it has set aside."""
    points, rate = await store.load_points(tx), await _rate(tx, now)
    account = await ledger.open_account(tx, name=SET_ASIDE)
    return Liability(
        points=points,
        rate=rate,
        owed=owed_for(points.outstanding, rate=rate),
        set_aside=(await ledger.balance_of(tx, account_id=account)).posted,
    )


async def cover_points(tx: Tx, *, policy: Policy, now: datetime) -> Posted | None:
    """Set aside for points exactly what the policy says, out of the platform's revenue, or give back what is too much.

    None when that much is set aside already, so doing it again does nothing. One at a time.
    """
    await store.lock_liability(tx)
    found = await liability(tx, now=now)
    target = cover_for(found.points.outstanding, rate=found.rate, cover_bp=policy.cover_bp)
    if target == found.set_aside:
        return None
    cost, set_aside = await ledger.open_accounts(tx, names=[_COST, SET_ASIDE])
    change = target - found.set_aside
    details = {
        "outstanding": str(found.points.outstanding),
        "rate": found.rate.decimal if found.rate else "none",
        "cover_bp": str(policy.cover_bp),
        "target": str(target.minor),
    }
    return await ledger.post(
        tx,
        posting=_posting(
            f"points_cover:{new_id()}", "points_cover", (Leg(cost, -change), Leg(set_aside, change)), details
        ),
    )


async def ensure_covered(tx: Tx, *, amount: Money, policy: Policy, now: datetime) -> None:
    """Make sure that so much is set aside, setting more aside by policy when it is not; one at a time.

    Raises:
        PointsUncovered: by policy it is not enough.
    """
    await store.lock_liability(tx)
    if (await liability(tx, now=now)).set_aside < amount:
        await cover_points(tx, policy=policy, now=now)
        if (await liability(tx, now=now)).set_aside < amount:
            raise PointsUncovered("Less is set aside for points than this needs. Try a smaller amount, or later.")


async def expire_points(
    tx: Tx, *, key: str, source: AccountName, amount: Money, reason: str, policy: Policy, now: datetime
) -> Posted:
    """Take points out of the world for good, and turn what was set aside for them into revenue (breakage).

    From a reward pool, whose points nobody was owed anything for, no money moves.

    Raises:
        InvalidExpiry: not a positive amount of points, or another kind of account.
        InsufficientFunds: the account has less to spare.
        KeyReused: the key stands for something else.
    """
    if amount.currency != VIBE or amount.minor <= 0 or source.currency != VIBE:
        raise InvalidExpiry("What expires is a positive amount of points.")
    if source.kind not in {AccountKind.WALLET, AccountKind.REWARD_POOL}:
        raise InvalidExpiry("Points expire on wallets and in reward pools.")
    await store.lock_liability(tx)
    if (done := await _expired_before(tx, f"points_expiry:{key}", source, amount, reason)) is not None:
        return done
    given, expired = await ledger.open_accounts(tx, names=[source, _EXPIRED])
    legs: tuple[Leg, ...] = (Leg(given, -amount), Leg(expired, amount))
    if source.kind is AccountKind.WALLET:
        legs += await _breakage(tx, cover_for(amount, rate=await _rate(tx, now), cover_bp=policy.cover_bp))
    return await ledger.post(tx, posting=_posting(f"points_expiry:{key}", "points_expiry", legs, {"reason": reason}))


async def _breakage(tx: Tx, covered: Money) -> tuple[Leg, ...]:
    set_aside, breakage = await ledger.open_accounts(tx, names=[SET_ASIDE, _BREAKAGE])
    freed = min(covered, (await ledger.balance_of(tx, account_id=set_aside)).posted)
    return (Leg(set_aside, -freed), Leg(breakage, freed)) if freed.minor > 0 else ()


async def _expired_before(tx: Tx, key: str, source: AccountName, amount: Money, reason: str) -> Posted | None:
    """Return what stands under the key when it is the same: its money half depends on the rate and is not asked for again."""
    for known in await ledger.transactions_by_key(tx, prefix=key, limit=1):
        if known.key == key:
            first = known.legs[0]
            if (first.account, first.amount, known.details) != (source, -amount, {"reason": reason}):
                raise KeyReused(key=key)
            return Posted(known.transaction_id, replayed=True)
    return None


async def _rate(tx: Tx, now: datetime) -> Rate | None:
    try:
        return await current_rate(tx, one=VIBE, other=REDEEMED_IN, now=now)
    except RateUnavailable:
        return None


def _posting(key: str, kind: str, legs: tuple[Leg, ...], details: dict[str, str]) -> Posting:
    return Posting(transaction_id=TransactionId(new_id()), key=key, kind=kind, legs=legs, details=details)
