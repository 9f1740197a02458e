"""HTTP for notifications: read them, mark them as read, choose what one is told and when."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from uuid import UUID

from fastapi import Request
from pydantic import BaseModel, ConfigDict, Field

from vibestream.contexts.user.notifications import service
from vibestream.contexts.user.notifications.service import Channel, Kind, Notification
from vibestream.platform.access import ANYONE, SIGNED_IN
from vibestream.platform.http.dependencies import NowDep, PrincipalDep, RuntimeDep, TxDep
from vibestream.platform.http.pagination import Page, PagingDep
from vibestream.platform.http.routing import Router

router = Router(tags=["notifications"])


class NotificationView(BaseModel):
    notification_id: UUID
    number: int
    """Its place in the list; the id of its event on the stream."""
    kind: str
    title: str
    body: str
    path: str
    """Where on this site it leads."""
    count: int
    told_at: datetime
    read_at: datetime | None


class Unread(BaseModel):
    unread: int


class ReadUpTo(BaseModel):
    model_config = ConfigDict(extra="forbid")
    up_to: int = Field(ge=0, le=2**62, description="The number of the newest that was seen; later ones stay unread.")


class ChoiceView(BaseModel):
    kind: str
    channel: str
    wanted: bool
    mandatory: bool


class Chosen(BaseModel):
    model_config = ConfigDict(extra="forbid")
    wanted: Annotated[bool, Field(strict=True)]


class HoursView(BaseModel):
    model_config = ConfigDict(extra="forbid")
    time_zone: str = Field(max_length=64, description="An IANA name, such as Europe/Madrid.")
    quiet_from: str = Field("", max_length=5, description="Such as 22:30; empty for no quiet hours.")
    quiet_until: str = Field("", max_length=5)


@router.get("/api/v1/me/notifications", policy=SIGNED_IN)
async def list_notifications(
    tx: TxDep, runtime: RuntimeDep, principal: PrincipalDep, paging: PagingDep
) -> Page[NotificationView]:
    """List what one was told, the newest first."""
    after = paging.after_values(int)
    before = after[0] if after else None
    rows = await service.notifications_of(tx, user_id=principal.user_id, before=before, limit=paging.fetch)
    url, locale = runtime.settings.base_url, principal.locale or "en"
    return paging.page(rows, item=lambda row: _view(row, locale=locale, url=url), position=lambda row: (row.seq or 0,))


@router.get("/api/v1/me/notifications/unread", policy=SIGNED_IN)
async def count_unread(tx: TxDep, principal: PrincipalDep) -> Unread:
    """Say how many one has not read."""
    return Unread(unread=await service.unread(tx, user_id=principal.user_id))


@router.post("/api/v1/me/notifications/read", policy=SIGNED_IN)
async def mark_all_read(body: ReadUpTo, tx: TxDep, principal: PrincipalDep, now: NowDep) -> Unread:
    """Mark all as read up to one that was seen."""
    await service.mark_all_read(tx, user_id=principal.user_id, up_to=body.up_to, now=now)
    return Unread(unread=await service.unread(tx, user_id=principal.user_id))


@router.post("/api/v1/me/notifications/{notification_id}/read", policy=SIGNED_IN, status_code=204)
async def mark_read(notification_id: UUID, tx: TxDep, principal: PrincipalDep, now: NowDep) -> None:
    """Mark one as read."""
    await service.mark_read(tx, user_id=principal.user_id, notification_id=notification_id, now=now)


@router.get("/api/v1/me/notification-choices", policy=SIGNED_IN)
async def list_choices(tx: TxDep, principal: PrincipalDep) -> list[ChoiceView]:
    """List of what, by which ways, one is told."""
    wanted = await service.wanted_by(tx, user_id=principal.user_id)
    return [
        ChoiceView(
            kind=kind, channel=channel, wanted=(kind, channel) in wanted, mandatory=service.RULES[kind].mandatory
        )
        for kind in Kind
        for channel in Channel
    ]


@router.put("/api/v1/me/notification-choices/{kind}/{channel}", policy=SIGNED_IN, status_code=204)
async def choose(kind: Kind, channel: Channel, body: Chosen, tx: TxDep, principal: PrincipalDep) -> None:
    """Choose whether one is told of a kind by a way; what is mandatory is refused."""
    await service.choose(tx, user_id=principal.user_id, kind=kind, channel=channel, wanted=body.wanted)


@router.put("/api/v1/me/notification-hours", policy=SIGNED_IN, status_code=204)
async def choose_hours(body: HoursView, tx: TxDep, principal: PrincipalDep) -> None:
    """Choose one's time zone and quiet hours."""
    await service.choose_hours(
        tx,
        user_id=principal.user_id,
        time_zone=body.time_zone,
        quiet_from=body.quiet_from,
        quiet_until=body.quiet_until,
    )


class Keys(BaseModel):
    model_config = ConfigDict(extra="forbid")
    p256dh: str = Field(max_length=100)
    auth: str = Field(max_length=50)


class Subscribed(BaseModel):
    """What a browser's `PushSubscription.toJSON()` says, and the key that it was made with."""

    model_config = ConfigDict(extra="forbid")
    endpoint: str = Field(max_length=1000)
    keys: Keys
    sender: str = Field(max_length=100, description="Our public key that the browser subscribed with, in base64url.")
    former: str | None = Field(
        None, max_length=1000, description="The endpoint that this one takes the place of, when the browser changed it."
    )


class BrowserView(BaseModel):
    subscription_id: UUID


class SenderView(BaseModel):
    sender: str = Field(description="Our public key that browsers subscribe with, in base64url.")


@router.get("/api/v1/push-sender", policy=ANYONE)
async def show_sender(runtime: RuntimeDep) -> SenderView:
    """Show the key that browsers subscribe with, for a browser that has to subscribe anew while no page is open."""
    return SenderView(sender=service.public_key(runtime.settings))


@router.post("/api/v1/me/push-subscriptions", policy=SIGNED_IN, status_code=201)
async def subscribe(
    *,
    body: Subscribed,
    request: Request,
    tx: TxDep,
    runtime: RuntimeDep,
    principal: PrincipalDep,
    now: NowDep,
) -> BrowserView:
    """Have this browser told by web push for as long as it stays signed in; its endpoint is sealed and never shown again."""
    reported = service.Reported(
        endpoint=body.endpoint, p256dh=body.keys.p256dh, auth=body.keys.auth, sender=body.sender, former=body.former
    )
    browser = await service.subscribe(
        tx,
        settings=runtime.settings,
        principal=principal,
        reported=reported,
        user_agent=request.headers.get("user-agent", ""),
        now=now,
    )
    return BrowserView(subscription_id=browser)


@router.delete("/api/v1/me/push-subscriptions/{subscription_id}", policy=SIGNED_IN, status_code=204)
async def unsubscribe(subscription_id: UUID, tx: TxDep, principal: PrincipalDep) -> None:
    """Have one of one's browsers told no more."""
    await service.unsubscribe(tx, user_id=principal.user_id, subscription_id=subscription_id)


def _view(row: Notification, *, locale: str, url: str) -> NotificationView:
    said = service.said_of(row, locale=locale, url=url)
    return NotificationView(
        notification_id=row.notification_id,
        number=row.seq or 0,
        kind=row.kind,
        title=said.title,
        body=said.body,
        path=said.path,
        count=row.count,
        told_at=row.told_at,
        read_at=row.read_at,
    )
