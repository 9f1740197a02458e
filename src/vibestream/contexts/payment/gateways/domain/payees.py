"""The port for payees' own accounts at a gateway, where payouts need one: Stripe's connected accounts.

Apart from `port.PaymentGateway`, because a gateway that pays to an e-mail address has none of this.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from vibestream.kernel.ids import UserId


@dataclass(frozen=True, slots=True, kw_only=True)
class PayeeAccount:
    """A payee's account at a gateway, as it stands there now."""

    account_ref: str
    """What `PayoutRequest.destination` is to be."""
    user_id: UserId | None
    """Whose it is, as the gateway gives it back; None for one that is not ours."""
    active: bool
    """Money can be sent to it now."""
    missing: tuple[str, ...] = ()
    """What the gateway still asks its owner for, in its own words."""


class PayeeAccounts(Protocol):
    """Accounts of payees. Raises only the errors of `port`."""

    async def create_payee(self, *, user_id: UserId, key: str, email: str, country: str) -> PayeeAccount:
        """Make an account for a payee; asking again with the same key returns the same account.

        Args:
            user_id: whose it will be; the gateway gives it back.
            key: ours, stored before the call.
            email: where the gateway writes to its owner.
            country: where its owner is paid, ISO 3166-1 alpha-2 in capitals.
        """

    async def payee_link(self, account_ref: str, *, return_url: str, refresh_url: str) -> str:
        """Return an address, good for minutes and once, at which the owner tells the gateway what it asks.

        Args:
            account_ref: which account.
            return_url: where the owner comes back to, finished or not.
            refresh_url: where they come when the address is used up, to be given a new one.
        """

    async def retrieve_payee(self, account_ref: str) -> PayeeAccount | None:
        """Return an account as it stands now; None when the gateway has none."""
