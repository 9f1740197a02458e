"""Taking deliveries in: proof first, outside any transaction; then the row and its job in one; then the answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

import structlog
from prometheus_client import Counter

from vibestream.contexts.payment.gateways.service import Gateways, ObjectKind, Webhook, WebhookRefused
from vibestream.contexts.payment.webhooks import store
from vibestream.contexts.payment.webhooks.domain import (
    Endpoint,
    InboxState,
    NoSuchEndpoint,
    NotProven,
    Received,
    is_too_old,
    transmission_of,
)
from vibestream.contexts.payment.webhooks.service.processing import process_webhook
from vibestream.kernel.ids import new_id
from vibestream.platform.database import Tx
from vibestream.platform.jobs import defer
from vibestream.platform.runtime import Runtime

DELIVERIES: Final = Counter(
    "vibestream_webhooks",
    "Deliveries of webhooks, by gateway and what became of them: received, duplicate, or why they were refused.",
    ["gateway", "outcome"],
)
_UNCONFIGURED: Final = "unconfigured"
_log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Receipt:
    """A delivery that is safe here."""

    webhook_id: UUID
    duplicate: bool
    """The event was here before."""


async def receive(
    runtime: Runtime, *, endpoint: str, headers: Mapping[str, str], body: bytes, now: datetime
) -> Receipt:
    """Keep a delivery and have it processed, when it is proven to be its gateway's own and fresh.

    On return the event and its job are in the database, or both were before. An event that had failed is tried again.

    Args:
        runtime: the process's, with its gateways.
        endpoint: the last part of the address that it came to.
        headers: by names in lower case.
        body: the raw bytes as they came over the wire.
        now: when it came.

    Raises:
        NoSuchEndpoint: nothing is expected there.
        NotProven: it is forged, stale, replayed with another body, or nothing a gateway would send.
        GatewayUnavailable: it cannot be checked now; the gateway will send it again.
    """
    where = _endpoint(runtime, endpoint)
    webhook = await _proven(runtime, where, headers=headers, body=body, now=now)
    if is_too_old(webhook.sent_at, now=now):
        raise _refused(where, "stale")
    transmission = transmission_of(where.gateway, headers)

    async def keep(tx: Tx) -> Receipt | None:
        if transmission is not None and not await store.bind(
            tx, gateway=where.gateway, transmission=transmission, body=body, now=now
        ):
            return None
        return await _keep(tx, webhook, body=body, now=now)

    receipt = await runtime.database.run(keep)
    if receipt is None:
        raise _refused(where, "rebound")
    DELIVERIES.labels(where.gateway.value, "duplicate" if receipt.duplicate else "received").inc()
    return receipt


def note_oversized(*, endpoint: str) -> None:
    """Count a delivery that was larger than any event, at an address that there is."""
    if endpoint in set(Endpoint):
        DELIVERIES.labels(Endpoint(endpoint).gateway.value, "oversized").inc()


def _endpoint(runtime: Runtime, name: str) -> Endpoint:
    """The gateways are asked for only when the address exists: a scanner costs nothing."""
    if name not in set(Endpoint):
        raise NoSuchEndpoint("There is no such address.")
    where = Endpoint(name)
    if where.gateway not in runtime.part(Gateways).configured:
        raise _missing(where)
    return where


async def _proven(
    runtime: Runtime, where: Endpoint, *, headers: Mapping[str, str], body: bytes, now: datetime
) -> Webhook:
    if not body:
        raise _refused(where, "malformed")
    try:
        return await runtime.part(Gateways).get(where.gateway).verify_webhook(headers=headers, body=body, now=now)
    except WebhookRefused as refusal:
        if refusal.reason == _UNCONFIGURED:
            raise _missing(where) from refusal
        raise _refused(where, refusal.reason) from refusal


async def _keep(tx: Tx, webhook: Webhook, *, body: bytes, now: datetime) -> Receipt:
    leave = webhook.kind is ObjectKind.OTHER
    received = Received(
        webhook_id=new_id(),
        gateway=webhook.gateway,
        event_ref=webhook.event_ref,
        type=webhook.type[:200],
        kind=webhook.kind,
        object_ref=webhook.object_ref,
        sent_at=webhook.sent_at,
        received_at=now,
        state=InboxState.DONE if leave else InboxState.RECEIVED,
        deliveries=1,
        attempts=0,
        error=None,
        changed_at=now,
    )
    kept = await store.keep(tx, received, body=body)
    if kept.to_process:
        await defer(tx, process_webhook, webhook_id=str(kept.webhook_id))
    return Receipt(kept.webhook_id, duplicate=not kept.is_new)


def _refused(where: Endpoint, reason: str) -> NotProven:
    DELIVERIES.labels(where.gateway.value, reason).inc()
    _log.warning("webhooks.refused", endpoint=where.value, reason=reason)
    return NotProven("This delivery is refused.")


def _missing(where: Endpoint) -> NoSuchEndpoint:
    DELIVERIES.labels(where.gateway.value, _UNCONFIGURED).inc()
    return NoSuchEndpoint("There is no such address.")
