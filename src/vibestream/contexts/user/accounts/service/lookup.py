"""Reading accounts."""

from __future__ import annotations

from typing import ClassVar

from vibestream.contexts.user.accounts import domain, store
from vibestream.contexts.user.accounts.store import Account
from vibestream.kernel.errors import Missing
from vibestream.kernel.ids import UserId
from vibestream.platform.database import Tx


class AccountMissing(Missing):
    """There is no such account. Told to its owner and to operators only, never to whoever asks by address."""

    code: ClassVar[str] = "account.missing"


async def account(tx: Tx, *, user_id: UserId) -> Account:
    """Return an account.

    Raises:
        AccountMissing: there is none, or it was erased.
    """
    found = await store.load_account(tx, user_id=user_id)
    if found is None:
        raise AccountMissing("There is no such account.")
    return found


async def user_by_email(tx: Tx, *, email: str) -> Account:
    """Return the account of an address, for the command line and for operators.

    Raises:
        AddressInvalid: not an address.
        AccountMissing: it has no account.
    """
    found = await store.find_account(tx, address=domain.parse_address(email))
    if found is None:
        raise AccountMissing("No account has this address.")
    return found
