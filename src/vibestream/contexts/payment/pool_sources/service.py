"""Sources of reward pools: topping one up with a second pair of eyes, and what pools take from them and give back.

A source is an account of the ledger that cannot fall below zero. Points come into it by issuance, which a second person
approved, with the reason; they leave it into pools, and what of a pool is left comes back. Nobody can spend them otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Final
from uuid import UUID

from vibestream.contexts.payment.ledger import service as ledger
from vibestream.contexts.payment.ledger.service import AccountKind, AccountName, Leg, Posted, Posting
from vibestream.contexts.payment.ledger.service.claims import RETURN
from vibestream.contexts.payment.pool_sources import store
from vibestream.contexts.payment.pool_sources.domain import (
    ISSUANCE,
    Given,
    OwnTopUp,
    SourceNameInvalid,
    State,
    TopUp,
    TopUpDecided,
    TopUpInvalid,
    TopUpUnknown,
    returned,
    source_named,
    taken,
)
from vibestream.kernel.ids import TransactionId, UserId, new_id
from vibestream.kernel.money import VIBE, Money
from vibestream.kernel.text import one_line
from vibestream.platform.database import Tx

__all__ = [
    "ISSUANCE",
    "Given",
    "OwnTopUp",
    "SourceNameInvalid",
    "State",
    "TopUp",
    "TopUpDecided",
    "TopUpInvalid",
    "TopUpUnknown",
    "returned",
    "source_named",
]

TOP_UP: Final = "source_top_up"
_REASON: Final = 500


async def propose(
    tx: Tx, *, top_up_id: UUID, source: str, amount: Money, reason: str, proposed_by: UserId, now: datetime
) -> TopUp:
    """Propose points for a source; nothing moves until another person approves it. `top_up_id` is the form's: sent again, it is the same.

    Raises:
        SourceNameInvalid, TopUpInvalid: the name or the amount is none.
        TextInvalid: no reason, a long one, or what cannot be seen in one.
        TopUpUnknown: the id is of somebody else's.
    """
    if amount.currency != VIBE or amount.minor <= 0:
        raise TopUpInvalid("A top-up is a positive amount of points.")
    one = TopUp(
        top_up_id=top_up_id,
        source=source_named(source),
        amount=amount,
        reason=one_line(reason, field="reason", most=_REASON),
        proposed_by=proposed_by,
        proposed_at=now,
    )
    if await store.insert_top_up(tx, one):
        return one
    known = await store.load_top_up(tx, top_up_id)
    if known is None or known.proposed_by != proposed_by:
        raise TopUpUnknown("There is no such top-up of yours.")
    return known


async def approve(tx: Tx, *, top_up_id: UUID, by: UserId, now: datetime) -> Posted:
    """Approve what somebody else proposed, and issue the points into the source: once.

    Raises:
        TopUpUnknown, TopUpDecided: there is none, or it was decided about.
        OwnTopUp: whoever proposed it would approve it.
    """
    one = await _undecided(tx, top_up_id)
    if one.proposed_by == by:
        raise OwnTopUp("Somebody else must approve what you propose.")
    issuance, account = await ledger.open_accounts(tx, names=[ledger.issuance(currency=VIBE), account_of(one.source)])
    posted = await ledger.post(
        tx,
        posting=Posting(
            transaction_id=TransactionId(new_id()),
            key=f"{TOP_UP}:{top_up_id}",
            kind=TOP_UP,
            legs=(Leg(issuance, -one.amount), Leg(account, one.amount)),
            details={"source": one.source, "reason": one.reason},
        ),
    )
    await store.decide(tx, top_up_id, State.APPROVED, by=by, transaction_id=posted.transaction_id, now=now)
    return posted


async def withdraw(tx: Tx, *, top_up_id: UUID, by: UserId, now: datetime) -> None:
    """Take a proposal back, one's own or another's.

    Raises:
        TopUpUnknown, TopUpDecided: there is none, or it was decided about.
    """
    await _undecided(tx, top_up_id)
    await store.decide(tx, top_up_id, State.WITHDRAWN, by=by, transaction_id=None, now=now)


async def top_ups(tx: Tx, *, limit: int) -> list[TopUp]:
    """Return top-ups, those that were proposed last first."""
    return await store.list_top_ups(tx, limit=limit)


async def balances(tx: Tx) -> dict[str, Money]:
    """Return what each source holds, by its name."""
    return await store.list_balances(tx)


async def fund_pool(tx: Tx, *, epoch: date, wanted: Sequence[tuple[str, Money]]) -> list[Given]:
    """Take what is wanted of each source into an epoch's pool, or as much as there is, each in a posting that names it.

    The caller sees to it that it is done once for an epoch; a second time is refused by the ledger. One at a time.

    Raises:
        KeyReused: the pool was funded from these sources before.
    """
    await store.lock_sources(tx)
    gives = taken(wanted, await store.list_balances(tx))
    for one in gives:
        if one.given.minor > 0:
            source, pool = await ledger.open_accounts(
                tx, names=[account_of(one.source), ledger.reward_pool(epoch=epoch)]
            )
            await ledger.post(
                tx,
                posting=Posting(
                    transaction_id=TransactionId(new_id()),
                    key=f"reward_pool:{epoch.isoformat()}:{one.source}",
                    kind="pool_funding",
                    legs=(Leg(source, -one.given), Leg(pool, one.given)),
                    details={"epoch": epoch.isoformat(), "source": one.source, "wanted": str(one.wanted.minor)},
                ),
            )
    return gives


async def give_back(tx: Tx, *, epoch: date, amount: Money, given: Mapping[str, Money]) -> Posted:
    """Give what is left of an epoch's pool back to the sources it came from, in the proportion they gave, once.

    Raises:
        InsufficientFunds: the pool has less.
        KeyReused: another amount was given back.
    """
    parts = returned(amount, given)
    names = [ledger.reward_pool(epoch=epoch), *(account_of(source) for source in parts)]
    pool, *accounts = await ledger.open_accounts(tx, names=names)
    legs = (Leg(pool, -amount), *(Leg(one, part) for one, part in zip(accounts, parts.values(), strict=True)))
    key = f"{RETURN}:{epoch.isoformat()}"
    return await ledger.post(
        tx, posting=Posting(transaction_id=TransactionId(new_id()), key=key, kind=RETURN, legs=legs)
    )


async def moved(tx: Tx) -> dict[tuple[date, str], tuple[Money, Money]]:
    """Return by epoch and source what sources gave to its pool and what they got back, counted from the entries."""
    return await store.list_moved(tx)


def account_of(source: str) -> AccountName:
    """Return the account of a source."""
    if source == ISSUANCE:
        return ledger.issuance(currency=VIBE)
    return AccountName(AccountKind.POOL_SOURCE, source, VIBE)


async def _undecided(tx: Tx, top_up_id: UUID) -> TopUp:
    found = await store.lock_top_up(tx, top_up_id)
    if found is None:
        raise TopUpUnknown("There is no such top-up.")
    if found.state is not State.PROPOSED:
        raise TopUpDecided("This top-up was decided about before.")
    return found
