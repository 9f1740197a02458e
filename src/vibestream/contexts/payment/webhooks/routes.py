"""HTTP for gateways, and for finance who looks into what they sent."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Query, Request, Response
from pydantic import BaseModel, Field

from vibestream.contexts.payment.gateways.service import GatewayName, ObjectKind
from vibestream.contexts.payment.webhooks import service
from vibestream.contexts.payment.webhooks.service import MAX_BODY_BYTES, InboxState, Received
from vibestream.platform.access import ANYONE, holds
from vibestream.platform.http.dependencies import NowDep, RuntimeDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.requests import BodyTooLarge
from vibestream.platform.http.routing import Router

router = Router(tags=["webhooks"])
_FINANCE = holds("finance")


class WebhookBody(BaseModel):
    """An event that a gateway sent."""

    webhook_id: UUID
    gateway: GatewayName
    event_ref: str = Field(description="The gateway's id of the event.")
    type: str
    kind: ObjectKind
    object_ref: str = Field(description="Which object of the gateway's changed.")
    sent_at: datetime
    received_at: datetime
    state: InboxState
    deliveries: int = Field(description="How often the gateway has sent it.")
    attempts: int
    error: str | None


class WebhookWithBody(WebhookBody):
    """An event with what was sent, for people to read: nothing is computed from it."""

    body: str | None = Field(description="As it came, decoded as UTF-8; null when it is older than 30 days.")


@router.post("/webhooks/{endpoint}", policy=ANYONE, max_body_bytes=MAX_BODY_BYTES, status_code=200)
async def receive_webhook(endpoint: str, request: Request, runtime: RuntimeDep, now: NowDep) -> Response:
    """Take a delivery of a gateway in. Answered with 200 once it is in the database, with 400 when it is not proven."""
    try:
        body = await request.body()
    except BodyTooLarge:
        service.note_oversized(endpoint=endpoint)
        raise
    await service.receive(runtime, endpoint=endpoint, headers=dict(request.headers), body=body, now=now)
    return Response(status_code=200)


@router.get("/api/v1/operations/webhooks", policy=_FINANCE)
async def list_webhooks(
    tx: TxDep,
    paging: PagingDep,
    gateway: Annotated[GatewayName | None, Query(description="Only of this gateway.")] = None,
    state: Annotated[InboxState | None, Query(description="Only in this state.")] = None,
    object_ref: Annotated[str | None, Query(max_length=300, description="Only about this object.")] = None,
) -> Page[WebhookBody]:
    """Return what gateways have sent, the newest first."""
    after = paging.after_values(UUID)
    found = await service.webhooks(
        tx,
        gateway=gateway,
        states=None if state is None else {state},
        object_ref=object_ref,
        before=None if after is None else after[0],
        limit=paging.fetch,
    )
    return paging.page(found, item=_webhook, position=lambda one: (one.webhook_id,))


@router.get("/api/v1/operations/webhooks/{webhook_id}", policy=_FINANCE)
async def show_webhook(webhook_id: UUID, tx: TxDep) -> WebhookWithBody:
    """Return one event with what was sent."""
    found, body = await service.webhook(tx, webhook_id=webhook_id)
    text = None if body is None else body.decode(errors="replace")
    return WebhookWithBody(**_webhook(found).model_dump(), body=text)


@router.post("/api/v1/operations/webhooks/{webhook_id}/try-again", policy=_FINANCE, status_code=202)
async def try_webhook_again(webhook_id: UUID, tx: TxDep, now: NowDep) -> Response:
    """Have an event that failed processed again."""
    await service.try_again(tx, webhook_id=webhook_id, now=now)
    return Response(status_code=202)


def _webhook(found: Received) -> WebhookBody:
    return WebhookBody(
        webhook_id=found.webhook_id,
        gateway=found.gateway,
        event_ref=found.event_ref,
        type=found.type,
        kind=found.kind,
        object_ref=found.object_ref,
        sent_at=found.sent_at,
        received_at=found.received_at,
        state=found.state,
        deliveries=found.deliveries,
        attempts=found.attempts,
        error=found.error,
    )
