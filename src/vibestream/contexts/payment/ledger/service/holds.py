"""Setting money aside, and what becomes of it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import datetime

from vibestream.contexts.payment.ledger.domain.accounts import WALLET_KINDS, AccountKind
from vibestream.contexts.payment.ledger.domain.holds import Hold, HoldState, InvalidHold, NotGuarded
from vibestream.contexts.payment.ledger.domain.postings import (
    KEY_LENGTH,
    HoldExpired,
    HoldResolved,
    InvalidPosting,
    Outcome,
    Posted,
    Posting,
    Status,
    UnknownHold,
    refusal,
)
from vibestream.contexts.payment.ledger.service.posting import post
from vibestream.contexts.payment.ledger.store import holds as store
from vibestream.kernel.ids import AccountId, HoldId, UserId, new_id
from vibestream.kernel.money import Money
from vibestream.platform.database import Tx

_REASON_LENGTH = 100


async def place_hold(
    tx: Tx, *, key: str, account_id: AccountId, amount: Money, expires_at: datetime, reason: str
) -> HoldId:
    """Set an amount aside on a guarded account, once per key, and return the hold.

    From then until it is resolved or its time is over, nobody else can spend it. The key is kept for ever; the same
    account, amount and reason under it return the first hold, whatever has become of that.

    Args:
        tx: the caller's transaction.
        key: the fact that it is for, 1 to 200 characters.
        account_id: where.
        amount: positive, in the account's currency.
        expires_at: when it ends by itself, by the database's clock.
        reason: 1 to 100 characters, for people.

    Raises:
        InvalidHold: the amount is not positive, the time is over already, or the key or reason is impossible.
        InsufficientFunds: the account has less to spare.
        NotGuarded: the account is append-only.
        KeyReused: the key stands for another hold.
        UnknownAccount, AccountCurrencyMismatch: it does not fit the account.
    """
    if amount.minor <= 0 or not 1 <= len(key) <= KEY_LENGTH or not 1 <= len(reason) <= _REASON_LENGTH:
        raise InvalidHold("A hold has a positive amount, a key and a reason.")
    outcome, placed = await store.place_hold(
        tx,
        hold_id=HoldId(new_id()),
        key=key,
        account_id=account_id,
        amount=amount,
        expires_at=expires_at,
        reason=reason,
    )
    match outcome:
        case "placed" | "replayed" if placed is not None:
            return placed
        case "not_guarded":
            raise NotGuarded("Nothing can be held on this account.")
        case "hold_expired":
            raise InvalidHold("A hold ends after it begins.")
        case _:
            raise refusal(Outcome(Status(outcome), None, account_id), key=key)


async def capture_hold(tx: Tx, *, hold_id: HoldId, posting: Posting) -> Posted:
    """Post what takes some or all of what is held; the hold is resolved by it, and the rest is free again.

    The posting's legs on the held account sum to at least one minor unit and at most the hold, taken from it.

    Raises:
        UnknownHold, HoldExpired, HoldResolved, CaptureExceedsHold: it cannot be captured so.
        InvalidPosting: the posting captures another hold.
        whatever `post` raises.
    """
    if posting.captures not in {None, hold_id}:
        raise InvalidPosting("A posting captures one hold.")
    return await post(tx, posting=replace(posting, captures=hold_id))


async def void_hold(tx: Tx, *, hold_id: HoldId) -> None:
    """Give back what is held. Giving back twice is giving back once.

    Raises:
        UnknownHold: there is no such hold.
        HoldResolved: it was captured.
        HoldExpired: its time was over before; the money is free all the same.
    """
    match await store.void_hold(tx, hold_id):
        case None:
            raise UnknownHold("There is no such hold.")
        case HoldState.CAPTURED:
            raise HoldResolved("The hold was captured.")
        case HoldState.EXPIRED:
            raise HoldExpired("The time of the hold is over.")
        case _:
            return  # given back now, or before


async def expire_holds(tx: Tx, *, most: int) -> int:
    """Resolve holds whose time is over, of up to so many, and return how many holds that were.

    Only tidies up: an expired hold counts for nobody even before. Accounts that somebody is busy with are left for the
    next time.
    """
    return await store.expire_holds(tx, most=most)


async def hold(tx: Tx, *, hold_id: HoldId) -> Hold:
    """Return a hold as it stands now.

    Raises:
        UnknownHold: there is no such hold.
    """
    found = await store.load_hold(tx, hold_id)
    if found is None:
        raise UnknownHold("There is no such hold.")
    return found


async def holds_of_person(tx: Tx, *, user_id: UserId, kinds: Collection[AccountKind] = WALLET_KINDS) -> list[Hold]:
    """Return the holds that stand now on a person's accounts, the newest first; those of the wallet unless told."""
    return await store.list_holds_of_person(tx, user_id, kinds=kinds)
