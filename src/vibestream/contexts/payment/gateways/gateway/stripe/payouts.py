"""Payouts at Stripe: transfers to connected accounts, by Accounts v2 with a recipient configuration.

Source: docs.stripe.com/connect/accounts-v2, docs.stripe.com/api/transfers, docs.stripe.com/api/transfer_reversals.
"""

from __future__ import annotations

from typing import Any, Final

import stripe
from stripe.params import TransferCreateParams
from stripe.params.v2.core import AccountCreateParams, AccountLinkCreateParams

from vibestream.contexts.payment.gateways.domain.amounts import to_stripe
from vibestream.contexts.payment.gateways.domain.port import GatewayDeclined, PayoutRequest, ProviderPayout
from vibestream.contexts.payment.gateways.domain.recipients import Recipient, RecipientRequest
from vibestream.contexts.payment.gateways.gateway.certainty import after_effect, believed, declined
from vibestream.contexts.payment.gateways.gateway.fields import at, is_reference, maybe_text, reference, text
from vibestream.contexts.payment.gateways.gateway.stripe.api import NAME, Answered, ask, each, in_turns
from vibestream.contexts.payment.gateways.gateway.stripe.reading import payout_of
from vibestream.kernel.money import Money

_LONGEST_NOTE: Final = 500
_MOST_SHOWN: Final = 100


class Payouts:
    """Transfers and their recipients, by one client."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._v1, self._v2 = client.v1, client.v2

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        """Transfer money to a recipient's account, once: the transfer's group is our payout."""
        params = transfer_params(request)

        async def transfer(key: str) -> ProviderPayout:
            made = await ask(self._v1.transfers.create_async(params, {"idempotency_key": key}), changes=True)
            return await self._current(made)

        async def transferred_already() -> ProviderPayout | None:
            group = str(request.payout_id)
            async for found in each(lambda after: self._v1.transfers.list_async(_of_group(group, after))):
                with believed(NAME, changes=True):
                    return payout_of(found)
            return None

        made = await transferred_already()
        return made if made is not None else await in_turns(request.key, transfer, done=transferred_already)

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:
        """Return a transfer as it stands now."""
        if not is_reference(payout_ref):
            return None
        try:
            found = await ask(self._v1.transfers.retrieve_async(payout_ref), changes=False)
        except GatewayDeclined as refused:
            if refused.reason == "resource_missing":
                return None
            raise
        with believed(NAME, changes=False):
            return payout_of(found.body)

    async def take_back(self, payout_ref: str, *, key: str, amount: Money) -> ProviderPayout:
        """Reverse some or all of a transfer. It succeeds only as far as the recipient's balance reaches."""
        units = to_stripe(amount, payout=True)
        before = await self.retrieve_payout(payout_ref)
        if before is None:
            raise declined(NAME, "resource_missing")
        if before.amount.currency != amount.currency:
            raise declined(NAME, "currency_mismatch")

        async def reverse(turn: str) -> ProviderPayout:
            reversing = self._v1.transfers.reversals.create_async(
                payout_ref, {"amount": units, "metadata": {"key": key}}, {"idempotency_key": turn}
            )
            await ask(reversing, changes=True)
            return await self._present(payout_ref)

        async def reversed_already() -> ProviderPayout | None:
            async for made in each(lambda after: self._v1.transfers.reversals.list_async(payout_ref, _page(after))):
                if at(made, "metadata", "key") == key:
                    return await self._present(payout_ref)
            return None

        made = await reversed_already()
        return made if made is not None else await in_turns(key, reverse, done=reversed_already)

    async def open_recipient(self, request: RecipientRequest) -> Recipient:
        """Open an account for a payee, who then completes it on Stripe's own pages."""
        params = account_params(request)

        async def create(key: str) -> Recipient:
            opened = await ask(self._v2.core.accounts.create_async(params, {"idempotency_key": key}), changes=True)
            with believed(NAME, changes=True):
                return _recipient(opened.body)

        async def nothing() -> None:
            return None

        return await in_turns(request.key, create, done=nothing)

    async def recipient(self, account_ref: str) -> Recipient | None:
        """Return a payee's account as it stands now."""
        if not is_reference(account_ref):
            return None
        try:
            found = await ask(
                self._v2.core.accounts.retrieve_async(
                    account_ref, {"include": ["configuration.recipient", "requirements", "identity"]}
                ),
                changes=False,
            )
        except GatewayDeclined as refused:
            if refused.reason in ("resource_missing", "not_found"):
                return None
            raise
        with believed(NAME, changes=False):
            return _recipient(found.body)

    async def onboarding_url(self, account_ref: str, *, return_url: str, refresh_url: str) -> str:
        """Return the address of Stripe's page, for one visit, where a payee completes its account."""
        params: AccountLinkCreateParams = {
            "account": account_ref,
            "use_case": {
                "type": "account_onboarding",
                "account_onboarding": {
                    "return_url": return_url,
                    "refresh_url": refresh_url,
                },
            },
        }
        made = await ask(self._v2.core.account_links.create_async(params), changes=False)
        with believed(NAME, changes=False):
            return text(made.body, "url")

    async def _current(self, made: Answered) -> ProviderPayout:
        with believed(NAME, changes=True):
            found = payout_of(made.body)
        return await self._present(found.payout_ref) if made.replayed else found

    async def _present(self, payout_ref: str) -> ProviderPayout:
        found = await after_effect(NAME, self.retrieve_payout(payout_ref))
        if found is None:
            raise declined(NAME, "resource_missing")
        return found


def transfer_params(request: PayoutRequest) -> TransferCreateParams:
    """Return the parameters of a transfer.

    Raises:
        UnsupportedAmount: Stripe cannot express the amount.
        GatewayDeclined: the destination is no account.
    """
    if not (is_reference(request.destination) and request.destination.startswith("acct_")):
        raise declined(NAME, "unknown_destination")
    return {
        "amount": to_stripe(request.amount, payout=True),
        "currency": request.amount.currency.code.lower(),
        "destination": request.destination,
        "transfer_group": str(request.payout_id),
        "description": request.note[:_LONGEST_NOTE],
        "metadata": {"payout_id": str(request.payout_id), "key": request.key},
    }


def account_params(request: RecipientRequest) -> AccountCreateParams:
    """Return the parameters of a recipient's account: v2, and never one of the types of v1."""
    return {
        "contact_email": request.email,
        "display_name": request.name,
        "dashboard": "express",
        "identity": {"country": request.country.lower()},
        "configuration": {"recipient": {"capabilities": {"stripe_balance": {"stripe_transfers": {"requested": True}}}}},
        "defaults": {"responsibilities": {"fees_collector": "application", "losses_collector": "application"}},
        "include": ["configuration.recipient", "requirements", "identity"],
        "metadata": {"payee": request.payee},
    }


def _recipient(account: dict[str, Any]) -> Recipient:
    status = maybe_text(
        account, "configuration", "recipient", "capabilities", "stripe_balance", "stripe_transfers", "status"
    )
    return Recipient(
        account_ref=reference(account, "id"),
        ready=status == "active",
        status=status or "none",
        payee=maybe_text(account, "metadata", "payee"),
    )


def _of_group(group: str, after: str | None) -> Any:
    return {"transfer_group": group} | _page(after)


def _page(after: str | None) -> Any:
    return {"limit": _MOST_SHOWN} | ({} if after is None else {"starting_after": after})
