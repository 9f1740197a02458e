"""Which addresses there are, what a delivery has to be, and how a received event stands."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Final
from uuid import UUID

from vibestream.contexts.payment.gateways.domain.port import GatewayName, ObjectKind
from vibestream.kernel.errors import Conflict, InvalidInput, Missing

MAX_BODY_BYTES: Final = 256 * 1024
"""The most that one delivery may have. The largest events of the three gateways are a tenth of it."""

OLDEST: Final = timedelta(days=31)
"""An event that was made longer ago is a replay: no gateway sends one again after that, by itself or asked to.

Source: docs.stripe.com/webhooks (three days by itself, thirty by its CLI); developer.paypal.com/api/rest/webhooks (three)."""

MOST_ATTEMPTS: Final = 20
"""Attempts at processing one event before it waits for a person, or for its next delivery."""


class Endpoint(enum.StrEnum):
    """The last part of the addresses that gateways send to."""

    STRIPE = "stripe"
    STRIPE_CONNECT = "stripe-connect"
    """Events of connected accounts, which Stripe signs with a secret of their own."""
    PAYPAL = "paypal"
    COINBASE = "coinbase"

    @property
    def gateway(self) -> GatewayName:
        """Whose address it is."""
        return GatewayName.STRIPE if self is Endpoint.STRIPE_CONNECT else GatewayName(self.value)


class InboxState(enum.StrEnum):
    """How a received event stands."""

    RECEIVED = "received"
    PROCESSING = "processing"
    DONE = "done"
    """What it speaks of has been handed, in one transaction with this, to whoever fetches and applies it."""
    FAILED = "failed"
    """It needs a person, or another delivery, to be tried again."""


class NoSuchEndpoint(Missing):
    """There is no such address, or its gateway is not configured."""

    code: ClassVar[str] = "webhooks.no_such_endpoint"


class NotProven(InvalidInput):
    """The delivery is not proven to be its gateway's own and fresh. Nothing more is said to whoever sent it."""

    code: ClassVar[str] = "webhooks.refused"
    http_status = 400


class UnknownWebhook(Missing):
    """There is no such event in the inbox."""

    code: ClassVar[str] = "webhooks.unknown"


class NotFailed(Conflict):
    """Only what failed is tried again."""

    code: ClassVar[str] = "webhooks.not_failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """An event in the inbox."""

    webhook_id: UUID
    gateway: GatewayName
    event_ref: str
    type: str
    kind: ObjectKind
    object_ref: str
    sent_at: datetime
    received_at: datetime
    state: InboxState
    deliveries: int
    """How often its gateway has sent it."""
    attempts: int
    error: str | None
    """A stable word of why the last attempt failed."""
    changed_at: datetime


def is_too_old(sent_at: datetime, *, now: datetime) -> bool:
    """Say whether an event is too old to be more than a replay.

    A guard behind the adapters' own, which know how old and how new a signature may be: even under a signature that is
    fresh, an event of last year is none.
    """
    return sent_at < now - OLDEST


def transmission_of(gateway: GatewayName, headers: Mapping[str, str]) -> str | None:
    """Return what names the transmission that a signature was made for, where the signature does not cover the body.

    PayPal signs a CRC-32 of the body, for which anybody can find another body: so the transmission is bound to the first
    body that came with it. The other gateways sign the body itself.

    Source: developer.paypal.com/api/rest/webhooks/rest, `transmissionId|timeStamp|webhookId|crc32`.
    """
    if gateway is not GatewayName.PAYPAL:
        return None
    return headers.get("paypal-transmission-id")
