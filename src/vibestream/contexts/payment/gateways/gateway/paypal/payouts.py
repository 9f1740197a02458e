"""Payouts at PayPal: batches of one item each, so that a batch's state is a payout's.

Money that nobody claims comes back after 30 days; until an item says SUCCESS, nothing has arrived.
Source: developer.paypal.com/docs/payouts, developer.paypal.com/payouts/use-payouts/handle-unclaimed-payouts.
"""

from __future__ import annotations

from typing import Any, Final

from vibestream.contexts.payment.gateways.domain.amounts import to_paypal
from vibestream.contexts.payment.gateways.domain.port import GatewayDeclined, PayoutRequest, ProviderPayout
from vibestream.contexts.payment.gateways.gateway.certainty import after_effect, believed, declined, unknown
from vibestream.contexts.payment.gateways.gateway.fields import folded, is_reference, reference
from vibestream.contexts.payment.gateways.gateway.paypal.api import NAME, NOT_FOUND, PayPalApi, Refused
from vibestream.contexts.payment.gateways.gateway.paypal.reading import payout_of

_PAYOUTS: Final = "/v1/payments/payouts"
_SUBJECT: Final = "Your payout from VibeStream"
_LONGEST_RECEIVER: Final = 127
_LONGEST_NOTE: Final = 1000


class Payouts:
    """Payouts by one application."""

    def __init__(self, api: PayPalApi) -> None:
        self._api = api

    async def pay_out(self, request: PayoutRequest) -> ProviderPayout:
        """Send a payout, once: PayPal refuses the batch's id a second time and links to the first one."""
        body = payout_body(request)
        try:
            made = await self._api.post(_PAYOUTS, body, key=request.key)
        except Refused as refused:
            first = _last_step(refused.linked("self"))
            if first is None and "DUPLICATE" in refused.reason.upper():
                raise unknown(NAME, "the batch's id was used, and PayPal does not say for what") from refused
            if first is None:
                raise
            return await self._present(first)
        with believed(NAME, changes=True):
            ref = reference(made.body, "batch_header", "payout_batch_id")
        return await self._present(ref)

    async def retrieve_payout(self, payout_ref: str) -> ProviderPayout | None:
        """Return a payout as it stands now."""
        if not is_reference(payout_ref):
            return None
        try:
            batch = await self._api.get(f"{_PAYOUTS}/{payout_ref}")
        except GatewayDeclined as refused:
            if refused.reason == NOT_FOUND:
                return None
            raise
        with believed(NAME, changes=False):
            return payout_of(batch)

    async def _present(self, payout_ref: str) -> ProviderPayout:
        found = await after_effect(NAME, self.retrieve_payout(payout_ref))
        if found is None:
            raise declined(NAME, NOT_FOUND)
        return found


def payout_body(request: PayoutRequest) -> dict[str, Any]:
    """Return a batch of one item.

    Raises:
        UnsupportedAmount: PayPal cannot express the amount.
        GatewayDeclined: the destination cannot be one of PayPal's.
    """
    if not 0 < len(request.destination) <= _LONGEST_RECEIVER:
        raise declined(NAME, "unknown_destination")
    return {
        "sender_batch_header": {"sender_batch_id": request.key, "email_subject": _SUBJECT},
        "items": [
            {
                "recipient_type": "EMAIL" if "@" in request.destination else "PAYPAL_ID",
                "receiver": request.destination,
                "amount": {"value": to_paypal(request.amount), "currency": request.amount.currency.code},
                "note": request.note[:_LONGEST_NOTE],
                "sender_item_id": folded(
                    request.payout_id
                ),  # 30 characters by its older definition, 63 by its newer one
            }
        ],
    }


def _last_step(url: str | None) -> str | None:
    """Return the id that the link of a refused batch ends with, when it is one of a payout."""
    before, slash, step = (url or "").partition("?")[0].rpartition("/")
    return step if slash and before.endswith(_PAYOUTS) and is_reference(step) else None
