"""The public interface of webhooks."""

from vibestream.contexts.payment.webhooks.domain import (
    MAX_BODY_BYTES,
    Endpoint,
    InboxState,
    NoSuchEndpoint,
    NotFailed,
    NotProven,
    Received,
    UnknownWebhook,
)
from vibestream.contexts.payment.webhooks.service.intake import DELIVERIES, Receipt, note_oversized, receive
from vibestream.contexts.payment.webhooks.service.processing import process_webhook, take_up
from vibestream.contexts.payment.webhooks.service.queries import count_failed, try_again, webhook, webhooks

__all__ = [
    "DELIVERIES",
    "MAX_BODY_BYTES",
    "Endpoint",
    "InboxState",
    "NoSuchEndpoint",
    "NotFailed",
    "NotProven",
    "Receipt",
    "Received",
    "UnknownWebhook",
    "count_failed",
    "note_oversized",
    "process_webhook",
    "receive",
    "take_up",
    "try_again",
    "webhook",
    "webhooks",
]
