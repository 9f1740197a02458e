"""What people's own money pages call things: ways to pay, states, events. Sentences to be said in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from vibestream.contexts.payment.checkout.service import PaymentState, PaymentView, Purpose
from vibestream.contexts.payment.gateways.service import GatewayName
from vibestream.contexts.payment.payouts.service import Told, ToldState
from vibestream.web.localization import Language
from vibestream.web.sentences import N_

Tones = Mapping[str, tuple[str, str]]

METHODS: Final[Mapping[GatewayName, str]] = {
    GatewayName.STRIPE: N_("Card"),
    GatewayName.PAYPAL: N_("PayPal"),
    GatewayName.COINBASE: N_("Crypto (USDC)"),
}
SITES: Final[Mapping[GatewayName, str]] = {
    GatewayName.STRIPE: "Stripe",
    GatewayName.PAYPAL: "PayPal",
    GatewayName.COINBASE: "Coinbase",
}
PURPOSES: Final[Mapping[str, str]] = {
    Purpose.WALLET_TOP_UP: N_("Wallet top-up"),
    Purpose.SUBSCRIPTION: N_("Subscription"),
    Purpose.SHARE_PURCHASE: N_("Shares of a song"),
    Purpose.CAMPAIGN_PURCHASE: N_("Campaign"),
    Purpose.TIP: N_("Tip"),
}
STATES: Final[Tones] = {
    PaymentState.CREATED: (N_("being prepared"), ""),
    PaymentState.PENDING: (N_("waits for you"), "warm"),
    PaymentState.AUTHORISED: (N_("agreed"), "warm"),
    PaymentState.CAPTURED: (N_("paid"), "good"),
    PaymentState.PARTIALLY_REFUNDED: (N_("partly refunded"), "warm"),
    PaymentState.REFUNDED: (N_("refunded"), ""),
    PaymentState.DISPUTED: (N_("disputed"), "bad"),
    PaymentState.FAILED: (N_("failed"), "bad"),
    PaymentState.CANCELLED: (N_("called off"), ""),
    PaymentState.UNKNOWN: (N_("being found out"), "warm"),
}
PAYOUT_STATES: Final[Tones] = {
    ToldState.REQUESTED: (N_("waits for agreement"), "warm"),
    ToldState.APPROVED: (N_("about to be sent"), "warm"),
    ToldState.SENDING: (N_("being sent"), "warm"),
    ToldState.IN_TRANSIT: (N_("on its way"), "warm"),
    ToldState.UNKNOWN: (N_("being found out"), "warm"),
    ToldState.PAID: (N_("paid"), "good"),
    ToldState.RETURNED: (N_("came back"), "bad"),
    ToldState.FAILED: (N_("not sent"), "bad"),
    ToldState.REJECTED: (N_("refused"), "bad"),
}
ENDS: Final[Mapping[str, str]] = {
    "declined": N_("The payment was declined. Nothing was taken; try another card or another way to pay."),
    "cancelled": N_("You called it off. Nothing was taken."),
    "expired": N_("It was not confirmed in time. Nothing was taken."),
    "refused": N_("We cannot take this payment. Nothing was taken; write to support if you think that is wrong."),
    "unavailable": N_("Nobody who takes payments could be reached. Nothing was taken; try again in a while."),
    "authentication_required": N_("Your bank wants you to confirm this yourself. Nothing was taken; pay again here."),
    "amount_differs": N_("The amount that came is not the one that was asked for. It is being looked at."),
}
"""Why a payment ended without its money, by checkout's stable words."""
_EVENTS: Final[Mapping[str, str]] = {
    "started": N_("You began the payment"),
    "attempted": N_("The payment service was asked"),
    "attempt_failed": N_("It could not take the payment; nothing happened there"),
    "outcome_lost": N_("Its answer was lost: we ask what happened, and never assume"),
    "opened": N_("Its page was ready for you"),
    "resolved": N_("We found out how it stands"),
    "authorised": N_("You agreed; the money was set aside"),
    "capture_asked": N_("The money was asked for"),
    "captured": N_("The money arrived"),
    "method_kept": N_("Your way to pay was kept for renewals"),
    "cancel_asked": N_("It was to be called off"),
    "cancelled": N_("It was called off; nothing was taken"),
    "failed": N_("It came to nothing; nothing was taken"),
    "refund_asked": N_("A refund was asked for"),
    "refund_lost": N_("The answer to the refund was lost: we ask what happened"),
    "refund_sent": N_("The refund was accepted and is on its way"),
    "refund_noticed": N_("The payment service refunded by itself"),
    "refund_succeeded": N_("The refund is with you"),
    "refund_failed": N_("The refund came to nothing; the money is back where it was"),
    "dispute_opened": N_("The payment was disputed at your bank"),
    "dispute_decided": N_("The dispute was decided"),
}
PAYOUT_EVENTS: Final[Mapping[Told, str]] = {
    Told.REQUESTED: N_("You asked for it"),
    Told.AGREED: N_("Somebody agreed to it"),
    Told.APPROVED: N_("It was agreed to"),
    Told.ASKED: N_("The payment service was asked"),
    Told.ACCEPTED: N_("The payment service has taken it"),
    Told.NO_ANSWER: N_("There was no answer: we ask what happened"),
    Told.ARRIVED: N_("The money arrived"),
    Told.FEE_KNOWN: N_("The payment service named its fee"),
    Told.REJECTED: N_("It was refused; the money is yours again"),
    Told.CANCELLED: N_("You took it back"),
    Told.DECLINED: N_("The payment service said no"),
    Told.FAILED: N_("It came to nothing; the money is yours again"),
    Told.RETURNED: N_("It came back; the money is yours again"),
    Told.REOPENED: N_("It is on its way after all"),
    Told.CHECKED: N_("Something does not fit; we are looking at it"),
}


@dataclass(frozen=True, slots=True)
class Chip:
    """A state in a word, and how it looks."""

    word: str
    tone: str


def chip(state: str, tones: Tones, spoken: Language) -> Chip:
    """Return a state as a word in the reader's language."""
    word, tone = tones[state]
    return Chip(spoken.gettext(word), tone)


def event_words(kind: str, spoken: Language) -> str:
    """Return what happened in plain words; a kind that is not known here says itself."""
    known = _EVENTS.get(kind)
    return spoken.gettext(known) if known else kind.replace("_", " ").capitalize()


def ending_of(payment: PaymentView, spoken: Language) -> str:
    """Return why a payment ended without its money, in plain words."""
    return spoken.gettext(ENDS.get(payment.reason or "", N_("It came to nothing. Nothing was taken.")))


def site_of(gateway: GatewayName | None) -> str:
    """Return whose page a payment is confirmed on, by its name; empty while nobody was asked."""
    return SITES[gateway] if gateway else ""
