"""Giving an account another address, which somebody has proved."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.domain import Address
from vibestream.contexts.user.accounts.service.lookup import AccountMissing
from vibestream.kernel.errors import Conflict
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


class AddressTaken(Conflict):
    """Another account has proved the address. Told only to whoever has shown that they read its mail."""

    code: ClassVar[str] = "account.address_taken"

    def __init__(self) -> None:
        super().__init__("This address has an account of its own by now. Sign in there, or use another address.")


def canonical(email: str) -> Address:
    """Return the canonical address of what was typed, and what it is searched by.

    Raises:
        AddressInvalid: not an address.
    """
    return domain.parse_address(email)


async def move_address(tx: Tx, *, user_id: UserId, email: str, now: datetime) -> str:
    """Give an account an address that was proved just now, and return the one that it had.

    Of two accounts that prove one address at the same moment, one gets it. Whoever has signed up with it and not proved
    it has no claim: that account is forgotten.

    Raises:
        AccountMissing: there is no such account, or its address is being changed at this moment.
        AddressTaken: another account has proved it.
    """
    address = domain.parse_address(email)
    own = await _locked(tx, user_id=user_id, address=address)
    # Taken away and given: by an update, who signs up with the address at this moment would make it fail.
    await store.drop_address(tx, user_id=user_id)
    while not await store.claim_address(tx, user_id=user_id, address=address, now=now):
        await _clear(tx, user_id=user_id, address=address)
    return own.email


async def _locked(tx: Tx, *, user_id: UserId, address: Address) -> store.Account:
    """Return the account, its address locked and the one of whoever else has the wanted one, in the order of ids."""
    found = await store.lock_both(tx, user_id=user_id, address=address)
    own = next((one for one in found if one.user_id == user_id), None)
    if own is None:
        raise AccountMissing("There is no such account.")
    if any(one.user_id != user_id and one.verified_at is not None for one in found):
        raise AddressTaken
    return own


async def _clear(tx: Tx, *, user_id: UserId, address: Address) -> None:
    other = await store.lock_by_lookup(tx, address=address)
    if other is None or other.user_id == user_id:
        return
    if other.verified_at is not None:
        raise AddressTaken
    await store.forget_one_unverified(tx, user_id=other.user_id)
