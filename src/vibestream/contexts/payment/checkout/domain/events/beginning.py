"""How a payment begins: who wants to pay what, for what, and by what."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from vibestream.contexts.payment.checkout.domain.events.happened import Happened
from vibestream.contexts.payment.checkout.domain.states import Purpose
from vibestream.contexts.payment.gateways.domain.port import GatewayName
from vibestream.kernel.ids import PaymentId, UserId
from vibestream.kernel.money import Money


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredMethod:
    """A method of payment that an earlier payment left at its gateway."""

    gateway: GatewayName
    method_ref: str
    of_payment: PaymentId
    fingerprint: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Started(Happened):
    """Somebody wants to pay."""

    type: ClassVar[str] = "started"

    payment_id: PaymentId
    user_id: UserId
    purpose: Purpose
    subject: str
    amount: Money
    description: str
    return_to: str
    payer_email: str | None
    country: str | None
    wish: GatewayName | None
    """The gateway that the payer chose."""
    keep_method: bool
    stored: StoredMethod | None
    """Charged without the payer, by this; None: the payer confirms it at the gateway."""
    network: str | None = None
    """The address that the request came from."""
    device: str | None = None
    """What it came from."""
    beneficiary: UserId | None = None
    """The person who gains by it, such as the artist of a tip."""
