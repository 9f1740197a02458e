"""Payees' accounts at the gateway that pays them out into accounts of their own, behind that gateway's guard."""

from __future__ import annotations

from vibestream.contexts.payment.gateways.domain.port import ProviderPayout
from vibestream.contexts.payment.gateways.domain.recipients import Recipient, RecipientRequest
from vibestream.contexts.payment.gateways.gateway.guard import Guarded
from vibestream.contexts.payment.gateways.gateway.stripe.payouts import Payouts
from vibestream.kernel.money import Money


class Recipients:
    """Connected accounts at Stripe."""

    def __init__(self, guarded: Guarded, payouts: Payouts) -> None:
        self._guarded = guarded
        self._payouts = payouts

    async def open(self, request: RecipientRequest) -> Recipient:
        """Open an account for a payee; asking again with the same key returns the same account."""
        return await self._guarded.call("open_recipient", lambda: self._payouts.open_recipient(request))

    async def retrieve(self, account_ref: str) -> Recipient | None:
        """Return an account as it stands now, None when there is none: `ready` says whether it can be paid."""
        return await self._guarded.call("recipient", lambda: self._payouts.recipient(account_ref), changes=False)

    async def onboarding_url(self, account_ref: str, *, return_url: str, refresh_url: str) -> str:
        """Return the address of the gateway's own page, for one visit within minutes, where a payee completes its account.

        `refresh_url` is ours: the gateway sends a payee there whose address was used or is too old, for a new one.
        """
        return await self._guarded.call(
            "onboarding_url",
            lambda: self._payouts.onboarding_url(account_ref, return_url=return_url, refresh_url=refresh_url),
            changes=False,
        )

    async def take_back(self, payout_ref: str, *, key: str, amount: Money) -> ProviderPayout:
        """Reverse some or all of a payout, and return it as it then stands.

        Raises:
            GatewayDeclined: the payee's balance at the gateway does not reach that far.
        """
        return await self._guarded.call(
            "take_back", lambda: self._payouts.take_back(payout_ref, key=key, amount=amount)
        )
